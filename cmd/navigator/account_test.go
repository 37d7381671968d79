package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoginKeepsASessionForARemoteDeployment(t *testing.T) {
	t.Parallel()
	s, p := serve(t), newPlace(t)
	p.environ = []string{"NAVIGATOR_URL=" + s.url}
	p.run(t, "search", "x").like(t, ran{4, "", "error: you are not signed in: sign in with navigator login --email you@example.com, or run make dev\n"})
	p.in = password + "\n"
	p.run(t, "login", "--email", email).like(t, ran{0, "signed in to " + s.url + " as " + email + "\n", ""})
	p.in = ""
	if got := p.run(t, "search", "x"); got.code != 0 {
		t.Errorf("got %+v", got)
	}
	info, err := os.Stat(filepath.Join(p.config, "navigator", "session.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	p.run(t, "logout").like(t, ran{0, "signed out of " + s.url + "\n", ""})
	p.run(t, "logout").like(t, ran{0, "you are not signed in to " + s.url + "\n", ""})
	if diff := cmp.Diff([]string{"login " + email, "logout"}, s.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestSessionThatExpiredIsRefreshed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	s.life = 0
	p.run(t, "search", "x")
	p.run(t, "search", "x")
	if diff := cmp.Diff([]string{"login " + email, "refresh"}, s.asked()); diff != "" {
		t.Error(diff)
	}
	s.mu.Lock()
	clear(s.sessions) // as after make dev --fresh
	s.mu.Unlock()
	if got := p.run(t, "search", "x"); got.code != 0 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"login " + email}, s.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestLoginIsRefused(t *testing.T) {
	t.Parallel()
	s, p := serve(t), newPlace(t)
	p.environ = []string{"NAVIGATOR_PASSWORD=wrong"}
	p.run(t, "login", "--url", s.url, "--email", email).like(t, ran{4, "",
		"error: Invalid email or password.\n  Check both and try again.\n  request id: <id>\n"})
	p.environ = nil
	p.run(t, "login", "--url", s.url, "--email", email).like(t, ran{2, "",
		"navigator: no password was given: set NAVIGATOR_PASSWORD, or write it to the standard input\nSee: navigator --help\n"})
}

func TestSignup(t *testing.T) {
	t.Parallel()
	s, p := serve(t), newPlace(t)
	p.environ = []string{"NAVIGATOR_PASSWORD=" + password, "NAVIGATOR_URL=" + s.url}
	p.run(t, "signup", "--email", "new@example.com", "--consent", "2026-01").like(t,
		ran{0, "signed in to " + s.url + " as new@example.com\n", ""})
	p.run(t, "signup", "--email", email, "--consent", "2026-01").like(t, ran{1, "",
		"error: There is an account with this e-mail address already.\n  Sign in instead.\n  request id: <id>\n"})
	p.environ[0] = "NAVIGATOR_PASSWORD=short"
	if got := p.run(t, "signup", "--email", "b@example.com", "--consent", "1"); got.code != 1 || !strings.Contains(got.err, "at least 12 characters") {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"signup 2026-01"}, s.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestGivenTokenIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	s.sessions["given-token"] = true
	if got := p.run(t, "search", "x", "--token", "given-token"); got.code != 0 {
		t.Errorf("got %+v", got)
	}
	p.environ = []string{"NAVIGATOR_TOKEN=stale-token"}
	got := p.run(t, "search", "x")
	if got.code != 4 || !strings.Contains(got.err, "Your session has expired.") || strings.Contains(got.err+got.out, "stale-token") {
		t.Errorf("got %+v", got)
	}
	if calls := s.asked(); len(calls) != 0 {
		t.Errorf("accounts were asked: %v", calls)
	}
}
