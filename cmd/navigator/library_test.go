package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

func TestListShowsDocuments(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "list").like(t, ran{0, "", "there are no such documents\n"})
	p.run(t, "list", "--json").like(t, ran{0, "[]\n", ""})
	p.run(t, "upload", "--parallel", "1", p.file(t, "a.pdf", "%PDF-1.7 a"), p.file(t, "b.pdf", "%PDF-1.7 b"), p.file(t, "c.pdf", "%PDF-1.7 c"))
	got := p.run(t, "list")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != 0 || len(lines) != 4 || !strings.HasPrefix(lines[0], "ID ") || !strings.HasSuffix(lines[3], "uploaded  10%       c.pdf") {
		t.Errorf("got %+v", got)
	}
	if got := p.run(t, "list", "--limit", "2"); strings.Count(got.out, "\n") != 3 || !strings.HasPrefix(got.err, "there are more: see --limit, or --cursor ") {
		t.Errorf("got %+v", got)
	}
	s.documents[1].Status = core.Complete
	var listed []client.Document
	if err := json.Unmarshal([]byte(p.run(t, "list", "--json", "--status", "complete").out), &listed); err != nil || len(listed) != 1 || listed[0].Filename != "b.pdf" {
		t.Errorf("got %+v, %v", listed, err)
	}
	p.run(t, "list", "--status", "done").like(t, ran{1, "", "error: The request is not valid.\n  query.status[0]: expected a value as the OpenAPI document describes it\n" +
		"  Mend the fields named in errors and send it again.\n  request id: <id>\n"})
	p.run(t, "list", "--limit=-1").like(t, ran{2, "", "navigator: --limit has to be 0 or more\nSee: navigator --help\n"})
}

// A list longer than a page is read to its end.
func TestListGoesThroughThePages(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	var files []string
	for i := range pageSize + 5 {
		files = append(files, p.file(t, fmt.Sprintf("%d.pdf", i), fmt.Sprintf("%%PDF-1.7 %d", i)))
	}
	p.run(t, append([]string{"upload"}, files...)...)
	for limit, want := range map[string]int{"0": pageSize + 5, "100": 100, "102": 102} {
		var listed []client.Document
		if err := json.Unmarshal([]byte(p.run(t, "list", "--json", "--limit", limit).out), &listed); err != nil || len(listed) != want {
			t.Errorf("limit %s: %d documents, %v", limit, len(listed), err)
		}
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	before := time.Now()
	for _, args := range [][]string{{"--after", "2026-01-31T09:00:00Z", "--before", "2026-02-01"}, {"--after", "24h"}, {"--after", "2026-01-31T09:00"}} {
		if got := p.run(t, append([]string{"list"}, args...)...); got.code != 0 {
			t.Fatalf("%q: got %+v", args, got)
		}
	}
	first, second, third := s.listings[0], s.listings[1], s.listings[2]
	if !first.From.Equal(time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)) || !first.Before.Equal(time.Date(2026, 2, 1, 0, 0, 0, 0, time.Local)) {
		t.Errorf("asked for %s to %s", first.From, first.Before)
	}
	if ago := before.Sub(second.From); ago < 23*time.Hour || ago > 24*time.Hour || !second.Before.IsZero() {
		t.Errorf("24h begins at %s", second.From)
	}
	if !third.From.Equal(time.Date(2026, 1, 31, 9, 0, 0, 0, time.Local)) {
		t.Errorf("a minute of here is %s", third.From)
	}
}

// What was cut by --limit goes on behind the cursor that is named.
func TestListGoesOnBehindACursor(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "upload", "--parallel", "1", p.file(t, "a.pdf", "%PDF-1.7 a"), p.file(t, "b.pdf", "%PDF-1.7 b"))
	got := p.run(t, "list", "--limit", "1")
	_, cursor, ok := strings.Cut(strings.TrimSpace(got.err), "--cursor ")
	if !ok {
		t.Fatalf("got %+v", got)
	}
	if got := p.run(t, "list", "--cursor", cursor); got.code != 0 || !strings.Contains(got.out, "b.pdf") || strings.Contains(got.out, "a.pdf") {
		t.Errorf("got %+v", got)
	}
}

// streamless is the service at an address, as an older release that has no
// streams of events.
func streamless(t *testing.T, address string) string {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.URL.Path = strings.TrimSuffix(r.Out.URL.Path, "/events") // no address of that service's either
		if r.Out.URL.Path != r.In.URL.Path {
			r.Out.URL.Path += "/none"
		}
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

func TestEventsWithoutAStream(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.url = streamless(t, s.url)
	s.ways["policy.pdf"] = []core.Status{core.ParseQueued, core.FailedParse}
	p := beside(t, s)
	p.run(t, "upload", p.file(t, "policy.pdf", "%PDF-1.7 a"))
	id := s.documents[0].Document.String()
	got := p.run(t, "events", "--follow", "--json", id)
	var words []string
	for line := range strings.Lines(got.out) {
		var m client.Move
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.DocumentID != id || m.Attempt != 1 {
			t.Fatalf("%v in %q", err, line)
		}
		words = append(words, m.Was+">"+m.Status+m.Code)
	}
	want := []string{">uploaded", "uploaded>parse_queued", "parse_queued>parsed", "parsed>parse_validated", "parse_validated>failed_parsepage_failed"}
	if diff := cmp.Diff(want, words); diff != "" || got.code != 0 {
		t.Errorf("%+v: %s", got, diff)
	}
	if got := p.run(t, "events", id); got.code != 0 || strings.Count(got.out, " -> ") != 5 {
		t.Errorf("got %+v", got)
	}
	p.run(t, "events", "no-such-id").like(t, ran{1, "", "error: There is no such document.\n" +
		"  Check the id, and that you are signed in as its owner.\n  request id: <id>\n"})
}

func TestCancelAndRetry(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "upload", p.file(t, "policy.pdf", "%PDF-1.7 a"))
	id := s.documents[0].Document.String()
	conflict := ran{1, "", "error: The document's state does not allow that now.\n  Read its status and try again.\n  request id: <id>\n"}
	p.run(t, "retry", id).like(t, conflict)
	p.run(t, "cancel", id).like(t, ran{0, "<id>: cancelled, attempt 1\n", ""})
	p.run(t, "cancel", id).like(t, conflict)
	p.run(t, "retry", id).like(t, ran{0, "<id>: uploaded, attempt 2\n", ""})
	var doc client.Document
	if err := json.Unmarshal([]byte(p.run(t, "cancel", id, "--json").out), &doc); err != nil || doc.Status != "cancelled" || doc.Attempt != 2 {
		t.Errorf("got %+v, %v", doc, err)
	}
	p.run(t, "retry", "../auth/user").like(t, ran{1, "", "error: There is no such document.\n" +
		"  Check the id, and that you are signed in as its owner.\n  request id: <id>\n"})
}
