package show_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
		{Filename: "policy.pdf", Headings: []string{"Coverage", "Deductibles"}, PageFrom: 3, PageTo: 4, Score: 0.8734,
			Text: "The annual **deductible** is $500 for each person. Deductibles do not apply to preventive care, whatever the plan.\n\n| Plan | Deductible |\n|---|---|\n| Silver | $500 for each person, and $1000 for a whole family |"},
		{Filename: "evil\x1b]0;title\a\u202Efdp.pdf", PageFrom: 1, PageTo: 1, Score: 0.5, Text: "## Title\na\x1b[31mred\x9b2J\r\nsame paragraph\n- an item\n2. another\nthat goes on"},
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

// follow shows a file's way; seen is called while its bar stands.
func follow(t *testing.T, s *show.Screen, quiet bool, seen func()) {
	t.Helper()
	board := s.Board(quiet)
	p := board.File("policy.pdf")
	p.Sending(512, 1024)
	doc := client.Document{Status: "embedding_in_progress", Attempt: 1, Progress: 80, Pages: 1, Chunks: client.Chunks{Done: 3, Total: 9},
		Timings: map[string]int64{"uploaded": 10, "parse_queued": 300}}
	for _, r := range client.Path(doc) {
		p.Step(doc, r)
	}
	p.Look(doc)
	seen()
	p.Close()
	p.Sending(1, 1024) // a late word of the sender is not drawn
	if doc.Status, doc.Chunks.Done = "complete", 9; !quiet {
		s.Ended("policy.pdf", doc)
	}
	board.Close()
}

func TestProgressInAPipe(t *testing.T) {
	t.Parallel()
	s, out := screen(false)
	follow(t, s, false, func() {})
	golden(t, "progress.pipe.txt", out.String())
}

// A bar stands below what is said, and is gone at the end.
func TestProgressAtATerminal(t *testing.T) {
	t.Parallel()
	s, _ := screen(true)
	s.Width = 100
	drawn := &watched{found: make(chan struct{}), want: "[################----]  80% embedding_in_progress 3/9 chunks  policy.pdf"}
	s.Out = drawn
	follow(t, s, false, func() {
		select {
		case <-drawn.found:
		case <-time.After(30 * time.Second):
			t.Errorf("the bar was not drawn: %.300q", drawn.String())
		}
	})
	all := drawn.String()
	if last := all[strings.LastIndex(all, "\x1b[J"):]; strings.Contains(last, "[###") {
		t.Errorf("at the end there is %q", last)
	}
	if !strings.Contains(all, "policy.pdf: \x1b[32mcomplete\x1b[0m after 0.31s, 1 page, 9 chunks\n") {
		t.Errorf("the end is not told: %q", all)
	}
	if s.Out != drawn {
		t.Error("the screen is not as before")
	}
}

// watched is a terminal that tells when a text was written to it.
type watched struct {
	mu    sync.Mutex
	text  bytes.Buffer
	want  string
	once  sync.Once
	found chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes.Contains(p, []byte(w.want)) {
		w.once.Do(func() { close(w.found) })
	}
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestQuietProgressShowsNothing(t *testing.T) {
	t.Parallel()
	for _, live := range []bool{true, false} {
		s, out := screen(live)
		follow(t, s, true, func() {})
		if out.Len() != 0 {
			t.Errorf("got %q", out)
		}
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	s, out := screen(false)
	at := time.Date(2026, 1, 31, 9, 0, 0, 250_000_000, time.Local)
	s.Move(client.Move{Attempt: 1, Status: "uploaded", Progress: 10, At: at})
	s.Move(client.Move{Attempt: 1, Was: "parse_queued", Status: "failed_parse", Progress: 20, At: at, LastedMS: 1500, Code: "page_failed\x1b[2J"})
	s.Check("failed", "clock", "5m0s off", "Set it.")
	s.Check("ok", "address", "http://127.0.0.1", "")
	s.Trouble("policy.pdf", document())
	s.Trouble("gone.pdf", client.Document{Status: "cancelled"})
	golden(t, "moves.txt", out.String())
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
	follow(t, s, false, func() {})
	s.Move(client.Move{Status: "complete"})
	s.Check("failed", "a", "b", "c")
	s.Trouble("policy.pdf", document())
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
