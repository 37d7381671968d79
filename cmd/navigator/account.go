package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

const passwordHelp = `The password is taken from NAVIGATOR_PASSWORD, or asked for without showing it.
`

type loginCommand struct {
	Email string `required:"" help:"The account's e-mail address."`
}

// Help is shown behind the flags.
func (loginCommand) Help() string {
	return passwordHelp + `
Example:
  navigator login --url https://api.example.com --email ada@example.com`
}

// Run signs in and keeps the session.
func (c *loginCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	password, err := w.password(false)
	if err != nil {
		return err
	}
	s, err := way.Login(ctx, c.Email, password)
	if err != nil {
		return err
	}
	return w.signedIn(ctx, way, s, c.Email)
}

type signupCommand struct {
	Email   string `required:"" help:"The account's e-mail address."`
	Name    string `help:"How you want to be addressed."`
	Consent string `required:"" placeholder:"VERSION" help:"The version of the terms that you agree to, as the deployment publishes them."`
}

// Help is shown behind the flags.
func (signupCommand) Help() string {
	return passwordHelp + `
Example:
  navigator signup --email ada@example.com --consent 2026-01`
}

// Run makes the account and keeps its session.
func (c *signupCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	password, err := w.password(true)
	if err != nil {
		return err
	}
	s, err := way.SignUp(ctx, client.SignUp{Email: c.Email, Password: password, Name: c.Name,
		ConsentVersion: c.Consent, ConsentTimestamp: time.Now().UTC().Format(time.RFC3339)})
	if err != nil {
		return err
	}
	if s.AccessToken == "" {
		w.screen.Say("The account is made. Follow the link in the mail to %s, then: navigator login --email %s",
			show.Clean(c.Email), show.Clean(c.Email))
		return nil
	}
	return w.signedIn(ctx, way, s, c.Email)
}

func (w *world) signedIn(ctx context.Context, way *link, s client.Session, email string) error {
	if err := way.keeper.Keep(ctx, s, email); err != nil {
		return err
	}
	w.screen.Say("signed in to %s as %s", way.URL(), show.Clean(email))
	return nil
}

type logoutCommand struct{}

// Help is shown behind the flags.
func (logoutCommand) Help() string {
	return `Example:
  navigator logout --url https://api.example.com`
}

// Run ends the session at the service, and forgets it here whatever the
// service says.
func (logoutCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	if g.Token == "" {
		kept, err := way.keeper.Current()
		if err != nil {
			return err
		}
		if kept == (session.Kept{}) {
			w.screen.Say("you are not signed in to %s", way.URL())
			return nil
		}
	}
	ended := way.Logout(ctx)
	if client.Unauthenticated(ended) || errors.Is(ended, session.ErrEnded) {
		ended = nil // it had ended before
	}
	if g.Token == "" {
		if err := way.keeper.Forget(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	if ended != nil {
		w.screen.Note("the session is forgotten here, but %s did not confirm its end:", way.URL())
		return ended
	}
	w.screen.Say("signed out of %s", way.URL())
	return nil
}

// password takes the password from where it may come from. At a terminal a new
// one is asked for twice.
func (w *world) password(isNew bool) (client.Secret, error) {
	if given := w.get("NAVIGATOR_PASSWORD"); given != "" {
		return client.Secret(given), nil
	}
	file, ok := w.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return w.pipedPassword()
	}
	password, err := w.ask(file, "Password: ")
	if err != nil || !isNew {
		return password, err
	}
	again, err := w.ask(file, "Once more: ")
	if err == nil && again != password {
		err = usageError{"the two passwords differ"}
	}
	return password, err
}

func (w *world) ask(file *os.File, prompt string) (client.Secret, error) {
	_, _ = fmt.Fprint(w.err, prompt)
	text, err := term.ReadPassword(int(file.Fd()))
	_, _ = fmt.Fprintln(w.err)
	if err != nil || len(text) == 0 {
		return "", usageError{"no password was given"}
	}
	return client.Secret(text), nil
}

// pipedPassword reads the first line.
func (w *world) pipedPassword() (client.Secret, error) {
	line, err := bufio.NewReader(io.LimitReader(w.in, 4096)).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if (err != nil && !errors.Is(err, io.EOF)) || line == "" {
		return "", usageError{"no password was given: set NAVIGATOR_PASSWORD, or write it to the standard input"}
	}
	return client.Secret(line), nil
}
