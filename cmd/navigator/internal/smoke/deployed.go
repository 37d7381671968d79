package smoke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// Outage says that the smoke failed while outside services are away. No release
// of ours brings them back, and none is to be blamed for it.
type Outage struct {
	Away  []string // as health names them
	cause error
}

// Error names them, and what failed.
func (o *Outage) Error() string {
	return fmt.Sprintf("%v; away are: %s", o.cause, strings.Join(o.Away, ", "))
}

// Unwrap is what failed.
func (o *Outage) Unwrap() error { return o.cause }

// outsiders are the services in health that others run.
var outsiders = []string{"llamaparse", "openai", "storage", "accounts"}

// Deployed sends the document through a deployment that runs: its health and
// release, a sign-in, the upload, its end, a search, its deletion. An *Outage
// says that an outside service is what failed.
func Deployed(ctx context.Context, url, release string, o Options) error {
	s := &run{Options: o, doc: corpus.Filler(o.Pages, seed()), left: receipt}
	s.Screen.Say("document: %s, generated, %d pages, %d bytes; it names no person", s.doc.Name, s.doc.Pages, len(s.doc.Bytes))
	if err := o.Agree(); err != nil {
		return err
	}
	door, err := client.New(url, client.Options{})
	if err != nil {
		return err
	}
	if err := s.serves(ctx, door, release); err != nil {
		return err
	}
	return accused(ctx, door, s.walk(ctx, url))
}

// serves holds the deployment to be ready, and to be the release that was meant:
// a rollout that did not take place is none.
func (s *run) serves(ctx context.Context, door *client.Client, release string) error {
	if err := door.Ready(ctx); err != nil {
		return fmt.Errorf("readiness: %w", err)
	}
	health, _, err := door.Health(ctx)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if release != "" && health.Version != release {
		return fmt.Errorf("release %s serves, and not %s", health.Version, release)
	}
	s.Screen.Say("serves:   release %s, %s", health.Version, health.Status)
	return nil
}

// accused asks health who is away when something failed.
func accused(ctx context.Context, door *client.Client, failed error) error {
	if failed == nil || ctx.Err() != nil {
		return failed
	}
	health, _, err := door.Health(ctx)
	if err != nil {
		return errors.Join(failed, fmt.Errorf("health: %w", err))
	}
	var away []string
	for _, d := range health.Details {
		if !d.OK && slices.Contains(outsiders, d.Name) {
			away = append(away, d.Name)
		}
	}
	if len(away) == 0 {
		return failed
	}
	return &Outage{away, failed}
}

// receipt waits for the record that the deletion is done.
func receipt(ctx context.Context, way *client.Client, _, id string) error {
	got, err := way.Deleted(ctx, id)
	if err != nil {
		return err
	}
	for what, n := range got.Residual {
		if n != nil && *n != 0 {
			return fmt.Errorf("of its %s %d are left", what, *n)
		}
	}
	return nil
}
