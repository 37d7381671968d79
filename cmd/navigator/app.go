package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

// The exit codes.
const (
	exitFine        = 0
	exitFailed      = 1 // something failed
	exitUsage       = 2 // the call cannot be meant
	exitDuplicates  = 3 // upload: each file was uploaded before
	exitSignedOut   = 4 // nobody is signed in, or the credentials are not taken
	exitAway        = 5 // the service does not answer, or says that it cannot now
	exitUnknown     = 6 // doctor document: there is no such document
	exitOutside     = 7 // smoke --deployed: it failed while an outside service was away
	exitInterrupted = 130
)

const exitHelp = `Ends with 0 when all went well, 1 when something failed, 2 when it was called wrongly,
3 when every file was uploaded before, 4 when you are not signed in, 5 when the service
does not answer, 6 when doctor document knows no such document, 7 when smoke
--deployed failed while an outside service was away, 130 when it was interrupted.`

// outcome is an exit code whose reason was shown already.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit %d", int(o)) }

// errFailed says that something failed and was shown already.
const errFailed = outcome(exitFailed)

// codeOf is the exit code of an error.
func codeOf(err error) int {
	var usage usageError
	var shown outcome
	var gone *client.Unreachable
	var p *client.Problem
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &shown):
		return int(shown)
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrEnded), client.Unauthenticated(err):
		return exitSignedOut
	case errors.As(err, &gone), errors.Is(err, context.DeadlineExceeded), core.HasCode(err, core.CodeDatabaseUnavailable):
		return exitAway
	case errors.As(err, &p) && p.Status >= http.StatusBadGateway && p.Status <= http.StatusGatewayTimeout:
		return exitAway
	}
	return exitFailed
}

// usageError is a call that cannot be meant.
type usageError struct{ text string }

func (u usageError) Error() string { return u.text }

// world is what the tool sees of its surroundings.
type world struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	dir      string // the working directory
	config   string // the user's configuration folder; "" when there is none
	screen   *show.Screen
	pause    func(context.Context, time.Duration) error // nil: by the clock
}

// get is an environment variable's value.
func (w world) get(name string) string {
	for _, pair := range w.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// globals are the flags of every command.
type globals struct {
	URL     string        `placeholder:"URL" help:"The deployment's address (NAVIGATOR_URL). Where neither says, the one that make dev runs."`
	Token   client.Secret `placeholder:"TOKEN" help:"An access token to use in place of a session (NAVIGATOR_TOKEN)."`
	NoColor bool          `help:"No color, on a terminal too (NO_COLOR). There is none in a pipe."`

	urlFlag, tokenFlag bool // given as flags, and not by the environment
}

// grammar is the whole command line.
type grammar struct {
	globals

	Dev        devCommand        `cmd:"" help:"Run everything on this machine."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the database to this version's schema."`
	Reembed    reembedCommand    `cmd:"" help:"Change the embedding model or the chunker of all documents (for operators)."`
	Role       roleCommand       `cmd:"" help:"Let accounts read what operators read, or no longer (for operators)."`
	Intake     intakeCommand     `cmd:"" help:"Pause the taking of uploads, or resume it (for operators)."`
	Queue      queueCommand      `cmd:"" help:"Show the queues, pause or resume one (for operators)."`
	Failed     failedCommand     `cmd:"" help:"List what failed, and retry it by its code (for operators)."`
	Smoke      smokeCommand      `cmd:"" help:"Send one document through the real services (for operators)."`
	Verify     verifyCommand     `cmd:"" help:"Look for what is lost, doubled or stuck (for operators)."`
	Budget     budgetCommand     `cmd:"" help:"Show what the outside services have cost this month (for operators)."`
	Retention  retentionCommand  `cmd:"" help:"Remove what was kept long enough, or count it (for operators)."`
	Archive    archiveCommand    `cmd:"" help:"Move a document's file to the archive (for operators)."`
	Unarchive  unarchiveCommand  `cmd:"" help:"Bring a document's file back from the archive (for operators)."`
	Hold       holdCommand       `cmd:"" help:"Keep documents from being deleted (for operators)."`
	Audit      auditCommand      `cmd:"" help:"Check or export who did what to which document (for operators)."`
	Backup     backupCommand     `cmd:"" help:"Back up the database and the stored files (for operators)."`
	Restore    restoreCommand    `cmd:"" help:"Bring a backup back into an empty place (for operators)."`
	Config     configCommand     `cmd:"" help:"List the settings, or check them."`
	Doctor     doctorCommand     `cmd:"" help:"Find out why something does not work."`
	Signup     signupCommand     `cmd:"" help:"Make an account and sign in."`
	Login      loginCommand      `cmd:"" help:"Sign in; the session is kept."`
	Logout     logoutCommand     `cmd:"" help:"Sign out."`
	Upload     uploadCommand     `cmd:"" help:"Upload documents."`
	Status     statusCommand     `cmd:"" help:"Show where a document stands."`
	List       listCommand       `cmd:"" help:"List your documents."`
	Search     searchCommand     `cmd:"" help:"Search in your documents."`
	Events     eventsCommand     `cmd:"" help:"Show how a document came where it stands."`
	Retry      retryCommand      `cmd:"" help:"Take up a document that failed or was cancelled."`
	Cancel     cancelCommand     `cmd:"" help:"Stop the work on a document."`
	Delete     deleteCommand     `cmd:"" help:"Delete a document."`
	Completion completionCommand `cmd:"" help:"Write what makes a shell complete this tool's words."`
}

const description = `Insurance documents, from upload to answer.

Examples:
  navigator dev
  navigator upload policy.pdf --wait
  navigator search "what is my deductible?"

Another deployment:
  navigator login --url https://api.example.com --email ada@example.com
  navigator upload --url https://api.example.com policy.pdf

` + exitHelp

// run is the whole tool. It returns the exit code.
func run(ctx context.Context, args []string, w world) (code int) {
	var g grammar
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case exit:
			code = int(reason)
		default:
			panic(reason)
		}
	}()
	parser, err := kong.New(&g, kong.Name("navigator"), kong.Description(description), kong.Writers(w.out, w.err),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		_, _ = fmt.Fprintf(w.err, "navigator: %v\n", err)
		return exitFailed
	}
	completes(parser)
	parsed, err := parser.Parse(args)
	if err != nil {
		return misused(w, err.Error())
	}
	g.settle(&w)
	parsed.BindTo(core.From(ctx, w.origin()), (*context.Context)(nil))
	return w.ended(ctx, parsed.Run(&g.globals, &w))
}

// exit carries an exit code out of kong, which expects to end the process
// where it prints help.
type exit int

// settle fills what the flags leave open from the environment.
func (g *globals) settle(w *world) {
	g.urlFlag, g.tokenFlag = g.URL != "", g.Token != ""
	if g.URL == "" {
		g.URL = w.get("NAVIGATOR_URL")
	}
	if g.Token == "" {
		g.Token = client.Secret(w.get("NAVIGATOR_TOKEN"))
	}
	if w.screen == nil {
		w.screen = show.NewScreen(w.out, w.err, false)
	}
	dumb := w.get("TERM") == "dumb"
	if g.NoColor || w.get("NO_COLOR") != "" || dumb {
		w.screen.Color = false
	}
	w.screen.Live = w.screen.Live && !dumb // it could not move its cursor
}

func misused(w world, text string) int {
	_, _ = fmt.Fprintf(w.err, "navigator: %s\nSee: navigator --help\n", show.Clean(text))
	return exitUsage
}

// ended shows what went wrong and says so in the exit code.
func (w world) ended(ctx context.Context, err error) int {
	var usage usageError
	var shown outcome
	switch {
	case err == nil, errors.As(err, &shown):
	case errors.As(err, &usage):
		return misused(w, usage.text)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		w.screen.Note("interrupted")
		return exitInterrupted
	default:
		w.failure("", err)
	}
	return codeOf(err)
}

// failure shows an error, with what a person without a session can do.
func (w world) failure(about string, err error) { w.screen.Failure(about, worded(err)) }

// worded puts an error that is not the service's own into words.
func worded(err error) error {
	switch {
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrEnded):
		return fmt.Errorf("%w: sign in with navigator login --email you@example.com, or run make dev", err)
	case errors.Is(err, context.DeadlineExceeded) && !isUnreachable(err):
		return errors.New("there was no answer in time: try again")
	}
	return err
}

func isUnreachable(err error) bool {
	var gone *client.Unreachable
	return errors.As(err, &gone)
}
