package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
	"github.com/insurance-navigator/navigator/core"
)

// Service is a deployment as the tool calls it.
type Service interface {
	Health(ctx context.Context) (client.Health, time.Time, error)
	Ready(ctx context.Context) error
	Limits(ctx context.Context) (client.Limits, error)
	Me(ctx context.Context) (client.User, error)
}

// Reach asks a deployment for what it knows of itself and of us. version is the
// tool's own.
func Reach(ctx context.Context, s Service, version string) []Check {
	began := time.Now()
	health, clock, err := s.Health(ctx)
	now := began.Add(time.Since(began) / 2)
	if err != nil {
		detail, advice := told(err)
		return []Check{bad("health", detail, advice), skipped("session", "the deployment does not answer")}
	}
	checks := parts(health)
	checks = append(checks, readiness(ctx, s), skew(now, clock), versions(version, health.Version), limits(ctx, s))
	return append(checks, signedIn(ctx, s))
}

// told puts an error into words.
func told(err error) (detail, advice string) {
	var p *client.Problem
	var gone *client.Unreachable
	switch {
	case errors.As(err, &p):
		return p.Message(), p.Advice
	case errors.As(err, &gone):
		return gone.Error(), gone.Advice()
	case errors.Is(err, context.DeadlineExceeded):
		return "there was no answer in time", "Try again."
	}
	return err.Error(), "Check the address, and that this tool is of the deployment's release."
}

// parts is a line for the whole and one for each service behind it.
func parts(h client.Health) []Check {
	first := good("health", h.Status)
	if h.Status != "healthy" {
		first = warning("health", h.Status, "What is marked below works badly; uploads wait for it and go on by themselves.")
	}
	checks := []Check{first}
	slices.SortFunc(h.Details, func(a, b client.HealthDetail) int { return strings.Compare(a.Name, b.Name) })
	for _, d := range h.Details {
		name := "service " + d.Name
		if d.OK && d.Code != "" {
			checks = append(checks, warning(name, d.Code, advice(core.Code(d.Code))))
			continue
		}
		if d.OK {
			checks = append(checks, good(name, "last worked "+ago(d.At)))
			continue
		}
		checks = append(checks, bad(name, d.Code+" "+ago(d.At), advice(core.Code(d.Code))))
	}
	return checks
}

func ago(at time.Time) string {
	if at.IsZero() {
		return "at a time unknown"
	}
	return max(time.Since(at), 0).Round(time.Second).String() + " ago"
}

func readiness(ctx context.Context, s Service) Check {
	if err := s.Ready(ctx); err != nil {
		detail, _ := told(err)
		return bad("readiness", detail, "It starts or stops: try again in a minute. If it stays so, its log says what it waits for.")
	}
	return good("readiness", "it takes work")
}

// Bounds of a clock's error. Date counts whole seconds.
const (
	someSkew = 10 * time.Second
	muchSkew = time.Minute
)

// skew compares the clocks: a token is refused that seems old, or not yet
// valid.
func skew(here, there time.Time) Check {
	const name = "clock"
	if there.IsZero() {
		return skipped(name, "the answer has no date")
	}
	off := here.Sub(there).Round(time.Second)
	const advice = "Set this machine's clock by the network (NTP)."
	switch {
	case off.Abs() > muchSkew:
		return bad(name, fmt.Sprintf("%s off the deployment's", off), advice)
	case off.Abs() > someSkew:
		return warning(name, fmt.Sprintf("%s off the deployment's", off), advice)
	}
	return good(name, "as the deployment's")
}

func versions(ours, theirs string) Check {
	const name = "version"
	if theirs == "" {
		return warning(name, "the deployment does not say its version", "Check the address: is it this service?")
	}
	if ours == theirs {
		return good(name, theirs+", as this tool's")
	}
	return warning(name, fmt.Sprintf("the deployment is %s, this tool %s", theirs, ours), "Use the tool of the deployment's release where something behaves oddly.")
}

func limits(ctx context.Context, s Service) Check {
	l, err := s.Limits(ctx)
	switch {
	case client.Unauthenticated(err), isSignedOut(err):
		return skipped("limits", "only told to who is signed in")
	case err != nil:
		detail, advice := told(err)
		return bad("limits", detail, advice)
	}
	return good("limits", fmt.Sprintf("%.0f MiB, %d pages, %s", float64(l.MaxFileBytes)/(1<<20), l.MaxPages, strings.Join(l.Types, ", ")))
}

func signedIn(ctx context.Context, s Service) Check {
	who, err := s.Me(ctx)
	switch {
	case isSignedOut(err):
		return bad("session", err.Error(), "Sign in: navigator login --email you@example.com")
	case client.Unauthenticated(err):
		detail, _ := told(err)
		return bad("session", detail, "Sign in: navigator login --email you@example.com, or give a token that is still good.")
	case err != nil:
		detail, advice := told(err)
		return bad("session", detail, advice)
	}
	return good("session", "signed in as "+who.Email)
}

func isSignedOut(err error) bool {
	return errors.Is(err, session.ErrNone) || errors.Is(err, session.ErrEnded)
}
