package show_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what was shown with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

func screen(live bool) (*show.Screen, *bytes.Buffer) {
	var both bytes.Buffer
	return &show.Screen{Out: &both, Err: &both, Live: live, Color: live, Width: 60}, &both
}

func passages() []client.Passage {
	return []client.Passage{
		{Filename: "policy.pdf", Headings: []string{"Coverage", "Deductibles"}, PageFrom: 3, PageTo: 4, Similarity: 0.8734,
			Text: "The annual **deductible** is $500 for each person. Deductibles do not apply to preventive care, whatever the plan.\n\n| Plan | Deductible |\n|---|---|\n| Silver | $500 for each person, and $1000 for a whole family |"},
		{Filename: "evil\x1b]0;title\a\u202Efdp.pdf", PageFrom: 1, PageTo: 1, Similarity: 0.5, Text: "## Title\na\x1b[31mred\x9b2J\r\nsame paragraph\n- an item\n2. another\nthat goes on"},
		{Filename: "notes.txt", Text: "Overdeductible."},
	}
}

func TestPassages(t *testing.T) {
	t.Parallel()
	for name, live := range map[string]bool{"passages.pipe.txt": false, "passages.terminal.txt": true} {
		s, out := screen(live)
		s.Passages("What is my deductible?", passages())
		golden(t, name, out.String())
	}
}

func TestNoPassages(t *testing.T) {
	t.Parallel()
	s, out := screen(false)
	s.Passages("x", nil)
	if !strings.HasPrefix(out.String(), "Nothing found.") {
		t.Errorf("got %q", out)
	}
}

func document() client.Document {
	return client.Document{DocumentID: "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f", Filename: "policy.pdf", Status: "failed_chunking",
		Progress: 40, Attempt: 2, CreatedAt: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC), BytesLen: 1_500_000, Pages: 12,
		FailedPages: []int{3, 7}, Chunks: client.Chunks{Done: 0, Total: 34},
		Timings:   map[string]int64{"parse_validated": 120, "chunking": 1480},
		LastError: &client.LastError{Code: "chunks_incomplete", Message: "Some of the text could not be kept.", Advice: "Write to support.", Page: 7}}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	for name, live := range map[string]bool{"document.pipe.txt": false, "document.terminal.txt": true} {
		s, out := screen(live)
		s.Document(document())
		here := document().CreatedAt.Local().Format("2006-01-02 15:04:05 MST")
		golden(t, name, strings.ReplaceAll(out.String(), here, "<time>"))
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	for name, live := range map[string]bool{"progress.pipe.txt": false, "progress.terminal.txt": true} {
		s, out := screen(live)
		p := s.Progress("policy.pdf", false)
		p.Sending(512, 1024)
		p.Sending(513, 1024) // the same percent: not drawn again
		p.Sending(1024, 1024)
		doc := client.Document{Status: "embedding_in_progress", Attempt: 1, Progress: 80, Pages: 1, Chunks: client.Chunks{Done: 3, Total: 9},
			Timings: map[string]int64{"uploaded": 10, "parse_queued": 300}}
		for _, r := range client.Path(doc) {
			p.Step(doc, r)
		}
		p.Look(doc)
		doc.Status, doc.Chunks.Done = "complete", 9
		p.Close()
		p.Sending(1, 1024) // a late word of the sender is not drawn
		s.Ended("policy.pdf", doc)
		golden(t, name, out.String())
	}
}

func TestQuietProgressShowsNothing(t *testing.T) {
	t.Parallel()
	for _, live := range []bool{true, false} {
		s, out := screen(live)
		p := s.Progress("policy.pdf", true)
		p.Sending(1, 2)
		p.Step(client.Document{}, client.Reached{Status: "parsed"})
		p.Look(client.Document{Status: "parsed"})
		p.Close()
		if out.Len() != 0 {
			t.Errorf("got %q", out)
		}
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	s, out := screen(false)
	s.Failure("evil\x1b[2J.pdf", &client.Problem{Status: 422, Detail: "The request is not valid.", Advice: "Mend the fields.",
		Errors: []client.Field{{Field: "body.password", Message: "at least 12 characters"}}, Instance: "urn:uuid:0198f1b2"})
	s.Failure("", &client.Problem{Status: 502})
	s.Failure("", errors.New("plain\x1b[31m words"))
	golden(t, "failure.txt", out.String())
}

func TestNothingIsColoredInAPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := show.NewScreen(file, file, false)
	s.Passages("deductible", passages())
	s.Document(document())
	p := s.Progress("policy.pdf", false)
	p.Sending(1, 1)
	p.Step(document(), client.Reached{Status: "parsed"})
	p.Close()
	s.Ended("policy.pdf", document())
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 || bytes.ContainsAny(text, "\x1b\r\a") {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	s, out := screen(false)
	s.Table([][]string{{"NAME", "MEANING"}, {"PORT", "the port"}, {"LONGER_NAME", ""}})
	want := "NAME         MEANING\nPORT         the port\nLONGER_NAME\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
