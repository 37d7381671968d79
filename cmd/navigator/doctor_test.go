package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	got := p.run(t, "doctor", "--json")
	var checks []doctor.Check
	if err := json.Unmarshal([]byte(got.out), &checks); err != nil || len(checks) < 10 || checks[0].Detail != s.url+", which make dev runs" {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, c := range checks {
		if c.State == doctor.Bad && c.Name != "session" {
			t.Errorf("got %+v", c)
		}
	}
	p = newPlace(t)
	got = p.run(t, "doctor", "--url", s.url)
	if got.code != 1 || !strings.Contains(got.out, "ok       address              "+s.url+", from --url\n") ||
		!strings.Contains(got.out, "failed   credentials          you are not signed in\n") || !strings.Contains(got.out, "Sign in: navigator login") {
		t.Errorf("got %+v", got)
	}
	got = p.run(t, "doctor", "--url", s.url, "--token", "given-token")
	if got.code != 1 || !strings.Contains(got.out, "ok       credentials          the token of --token\n") || strings.Contains(got.out, "given-token") ||
		!strings.Contains(got.out, "failed   session ") {
		t.Errorf("got %+v", got)
	}
	if got := p.run(t, "doctor", "--url", "ftp://x"); got.code != 1 || !strings.Contains(got.out, "failed   address ") {
		t.Errorf("got %+v", got)
	}
	if got := p.run(t, "doctor", "--url", s.url, "--local", "--service", "webhook"); got.code != 1 || !strings.Contains(got.out, "failed   settings ") ||
		!strings.Contains(got.out, "WEBHOOK_MASTER_KEY") {
		t.Errorf("got %+v", got)
	}
}

func TestCompletionIsWritten(t *testing.T) {
	t.Parallel()
	if got := newPlace(t).run(t, "completion", "bash"); got.code != 0 || !strings.Contains(got.out, "complete -o default") {
		t.Errorf("got %+v", got)
	}
}
