// Package smoke sends one generated document through the configured services,
// whatever they are: it starts a deployment's processes, uploads, waits, looks
// for what was written, and takes everything away again.
package smoke

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// Options say what to send, and as whom.
type Options struct {
	Environ  []string
	Screen   *show.Screen
	Pages    int
	Email    string        // of an account; "" signs a new one up, where accounts are local
	Password client.Secret // of that account
	Within   time.Duration // for the document to be complete

	// Agree is asked once the cost is shown, and before anything is started.
	Agree func() error
}

// Run is the whole way. Gaps in the settings are named before anything is
// started.
func Run(ctx context.Context, o Options) error {
	config, err := settle(o.Environ)
	if err != nil {
		return err
	}
	if config.AuthProvider == "supabase" && (o.Email == "" || o.Password == "") {
		return Gaps{"AUTH_PROVIDER=supabase: name an account of the deployment by --email and NAVIGATOR_PASSWORD"}
	}
	s := &run{Options: o, config: config, doc: corpus.Filler(o.Pages, seed())}
	s.left = s.gone
	if err := s.quote(); err != nil {
		return err
	}
	if err := o.Agree(); err != nil {
		return err
	}
	return s.logged(func(log *slog.Logger) error { return s.within(ctx, log) })
}

// run is one document's way.
type run struct {
	Options
	config boot.Config
	doc    corpus.Document
	// left waits until nothing of a deleted document is.
	left func(ctx context.Context, way *client.Client, user, id string) error
}

// seed makes each run's document another: none is there already.
func seed() uint64 {
	id := core.NewID()
	return binary.BigEndian.Uint64(id[8:])
}

// quote shows what is sent where, and what the vendors' lists say it costs.
func (s *run) quote() error {
	counter, err := tiktoken.New()
	if err != nil {
		return err
	}
	tokens := counter.Count(s.question())
	for _, block := range s.doc.Blocks {
		tokens += counter.Count(strings.Join(block.Path, " ") + "\n" + block.Markdown())
	}
	cost, err := s.config.Cost(s.doc.Pages, tokens)
	if err != nil {
		return err
	}
	s.Screen.Say("document: %s, generated, %d pages, %d bytes; it names no person", s.doc.Name, s.doc.Pages, len(s.doc.Bytes))
	s.Screen.Say("services: %s, bucket %s", s.config.Providers(), s.config.Bucket())
	for _, item := range cost.Items {
		s.Screen.Say("cost:     $%.6f  %s", item.USD, item.Text)
	}
	s.Screen.Say("cost:     $%.6f  in all, once, about", cost.USD)
	s.Screen.Say("%s", s.results())
	return nil
}

// results says how the parser's result comes.
func (s *run) results() string {
	switch {
	case s.config.Parser != "llamaparse":
		return "results:  no outside parser"
	case calledBack(s.config):
		return fmt.Sprintf("results:  by callback to %s, which has to reach port %d of this machine; polled where none comes",
			s.config.WebhookURL, s.config.WebhookPort)
	case s.config.WebhookURL == "":
		return "results:  poll only, for WEBHOOK_URL is empty: the callback is not tested"
	default:
		return "results:  poll only, for WEBHOOK_MODE is poll: the callback is not tested"
	}
}

// question is the beginning of a paragraph of the last page.
func (s *run) question() string {
	words := strings.Fields(s.wanted().Markdown())
	return strings.Join(words[:min(len(words), 30)], " ")
}

// wanted is the block that is searched for.
func (s *run) wanted() corpus.Block {
	found := s.doc.Blocks[0]
	for _, block := range s.doc.Blocks {
		if block.Row == nil && block.Page >= found.Page && len(block.Text) > 60 {
			found = block
		}
	}
	return found
}

// logged gives the services a log file, which stays when something failed.
func (s *run) logged(work func(*slog.Logger) error) error {
	file, err := os.CreateTemp("", "navigator-smoke-*.log")
	if err != nil {
		return fmt.Errorf("a file for the log: %w", err)
	}
	defer file.Close() //nolint:errcheck // a log that is lost is no fault of the run
	if err := work(boot.NewLog(file, s.config)); err != nil {
		s.Screen.Note("the services' log is %s", file.Name())
		return err
	}
	return os.Remove(file.Name())
}
