package main

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
)

func TestWrongUse(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, args := range [][]string{{}, {"nonsense"}, {"upload"}, {"search"}, {"search", " "}, {"search", "x", "--limit", "many"},
		{"search", "x", "--limit=-1"}, {"status"}, {"delete"}, {"login"}, {"list", "--after", "yesterday"}, {"upload", "x.pdf", "--parallel", "0"}, {"upload", t.TempDir()}, {"completion", "cmd"}, {"doctor", "--service", "x"}, {"signup", "--email", "a@b.example"}, {"config", "check", "nobody"}, {"status", "--nonsense"}} {
		if got := p.run(t, args...); got.code != 2 || got.out != "" || !strings.HasPrefix(got.err, "navigator: ") {
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

func TestHelpHasExamplesAndNoSecrets(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.environ = []string{"NAVIGATOR_TOKEN=access-secret", "NAVIGATOR_PASSWORD=" + password}
	calls := [][]string{{"--help"}}
	for _, name := range []string{"dev", "migrate", "migrate schema", "migrate adopt", "config show", "config check", "doctor", "doctor document", "intake", "queue", "failed", "signup", "login", "logout", "upload", "status",
		"list", "search", "events", "retry", "cancel", "delete", "completion"} {
		calls = append(calls, append(strings.Fields(name), "--help"))
	}
	for _, args := range calls {
		got := p.run(t, args...)
		if got.code != 0 || !strings.Contains(got.out, "Example") || !strings.Contains(got.out, "navigator ") {
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

func TestNothingAnswers(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()
	newPlace(t).run(t, "search", "x", "--url", address, "--token", "t").like(t,
		ran{5, "", "error: nothing answers at " + address + ": start it with make dev\n"})
}

func TestPlainHTTPOverANetworkIsWarnedOf(t *testing.T) {
	t.Parallel()
	got := newPlace(t).run(t, "search", "x", "--url", "http://api.example.com")
	if got.code != 4 || !strings.HasPrefix(got.err, "warning: http://api.example.com is not https") {
		t.Errorf("got %+v", got)
	}
}

func TestConfigLists(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	got := p.run(t, "config")
	if got.code != 0 || !strings.HasPrefix(got.out, "NAME ") || !strings.Contains(got.out, "\nDATABASE_URL ") {
		t.Errorf("got %+v", got)
	}
	var list []setting
	if err := json.Unmarshal([]byte(p.run(t, "config", "show", "--json").out), &list); err != nil || len(list) < 20 || list[0].Name != "SERVICE_MODE" {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestConfigCheckNamesEveryFault(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.environ = []string{"PORT=many", "LOG_LEVEL=loud", "OPENAI_API_KEY=" + password}
	got := p.run(t, "config", "check", "worker")
	for _, name := range []string{"PORT", "LOG_LEVEL", "DATABASE_URL", "SUPABASE_URL"} {
		if !strings.Contains(got.err, name) {
			t.Errorf("%s is missing in %s", name, got.err)
		}
	}
	if got.code != 1 || strings.Contains(got.err, "OPENAI_API_KEY") {
		t.Errorf("got %+v", got)
	}
	p.environ = []string{"DATABASE_URL=postgres://x"}
	p.run(t, "config", "check", "migrate").like(t, ran{0, "the settings are right for migrate\n", ""})
}

func TestMigrateNeedsADatabase(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if got := p.run(t, "migrate"); got.code != 1 || !strings.Contains(got.err, "DATABASE_URL") {
		t.Errorf("got %+v", got)
	}
}

// The operator's commands ask for the worker's settings, and print no secret.
func TestReembedNeedsTheWorkersSettings(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"plan", "start", "status", "pause", "resume", "cancel", "rollback"} {
		got := newPlace(t).run(t, "reembed", command)
		if got.code != exitFailed || !strings.Contains(got.err, "DATABASE_URL") || !strings.Contains(got.err, "OPENAI_API_KEY") {
			t.Errorf("reembed %s: %+v", command, got)
		}
	}
}
