package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

func TestListShowsDocuments(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "list").like(t, ran{0, "", "there are no such documents\n"})
	p.run(t, "list", "--json").like(t, ran{0, "[]\n", ""})
	p.run(t, "upload", p.file(t, "a.pdf", "%PDF-1.7 a"), p.file(t, "b.pdf", "%PDF-1.7 b"), p.file(t, "c.pdf", "%PDF-1.7 c"))
	got := p.run(t, "list")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != 0 || len(lines) != 4 || !strings.HasPrefix(lines[0], "ID ") || !strings.HasSuffix(lines[3], "uploaded  10%       c.pdf") {
		t.Errorf("got %+v", got)
	}
	if got := p.run(t, "list", "--limit", "2"); strings.Count(got.out, "\n") != 3 || got.err != "there are more: see --limit\n" {
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
