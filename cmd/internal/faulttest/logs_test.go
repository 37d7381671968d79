package faulttest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// unread lets nobody read any program's log, until each has far more to say
// than its pipe holds, and documents are on their way.
func (b *bed) unread(ctx context.Context) error {
	for _, p := range b.processes {
		defer p.mute()()
	}
	for range 800 { // a line of 250 bytes each; a pipe and its reader hold 128 KiB
		if r, err := b.person.send(ctx, http.MethodGet, "/nothing", nil, nil); r.status != http.StatusNotFound {
			return err
		}
	}
	return b.during(ctx, func(context.Context) error { return nil })
}

// refusals counts who comes to a database that hangs up at once.
func refusals(t *testing.T) (address string, came chan struct{}) {
	t.Helper()
	door, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	came = make(chan struct{}, 1000)
	go func() {
		for conn, err := door.Accept(); err == nil; conn, err = door.Accept() {
			_ = conn.Close()
			came <- struct{}{}
		}
	}()
	return door.Addr().String(), came
}

// A program whose log's reader has gone goes on: it says what it says to nobody.
func TestAServiceOutlivesTheReaderOfItsLog(t *testing.T) {
	t.Parallel()
	address, came := refusals(t)
	w := &world{t: t, master: strings.Repeat("m", 40), callback: "http://127.0.0.1:9",
		addresses: map[string]string{"llamaparse": "http://127.0.0.1:9", "supabase": "http://127.0.0.1:9", "openai": "http://127.0.0.1:9"}}
	cmd := exec.CommandContext(t.Context(), binary(t, "webhook")) //nolint:gosec // built here
	cmd.Env = w.environ(func(role string) string {
		return (&url.URL{Scheme: "postgres", User: url.User(role), Host: address, Path: "/d", RawQuery: "sslmode=disable"}).String()
	})
	reader, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	cmd.Stdout, cmd.Stderr = stdout, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = stdout.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // that it ended is the fault
	}()
	for range 6 { // it comes, says that it was refused, and comes again
		select {
		case <-came:
		case <-ended:
			t.Fatalf("it ended: %v", cmd.ProcessState)
		}
	}
	_ = cmd.Process.Kill()
	<-ended
}
