package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// place is a person's machine: a working directory, a configuration folder and
// an environment.
type place struct {
	dir, config string
	environ     []string
	in          string
	live        bool // at a terminal
}

func newPlace(t *testing.T) *place {
	t.Helper()
	return &place{dir: t.TempDir(), config: t.TempDir()}
}

// beside is a place in which make dev runs the service.
func beside(t *testing.T, s *service) *place {
	t.Helper()
	p := newPlace(t)
	text, err := json.Marshal(map[string]string{"url": s.url, "email": email, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(p.dir, ".local"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, ".local", "navigator.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// file writes a file and gives its path.
func (p *place) file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ran is what a call of the tool left.
type ran struct {
	code     int
	out, err string
}

func (p *place) run(t *testing.T, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	w := world{in: strings.NewReader(p.in), out: &out, err: &errs, environ: p.environ, dir: p.dir, config: p.config,
		pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	if p.live {
		w.screen = &show.Screen{Out: &out, Err: &errs, Live: true, Color: true, Width: 70}
	}
	code := run(t.Context(), args, w)
	got := ran{code, out.String(), errs.String()}
	for _, secret := range []string{password, "access-", "refresh-"} {
		if strings.Contains(got.out+got.err, secret) {
			t.Errorf("%q prints a secret: %+v", args, got)
		}
	}
	if !p.live && strings.ContainsAny(got.out+got.err, "\x1b\r") {
		t.Errorf("%q writes control characters into a pipe: %+v", args, got)
	}
	return got
}

var ids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// like compares a run, ids aside.
func (got ran) like(t *testing.T, want ran) {
	t.Helper()
	got.out, got.err = ids.ReplaceAllString(got.out, "<id>"), ids.ReplaceAllString(got.err, "<id>")
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ran{})); diff != "" {
		t.Error(diff)
	}
}

const walked = `     0.00s  uploaded               policy.pdf
     0.01s  parse_queued           policy.pdf
     0.02s  parsed                 policy.pdf
     0.03s  parse_validated        policy.pdf
     0.04s  chunking               policy.pdf
     0.05s  chunks_stored          policy.pdf
     0.06s  embedding_queued       policy.pdf
     0.07s  embedding_in_progress  policy.pdf
     0.08s  embeddings_stored      policy.pdf
     0.09s  complete               policy.pdf
policy.pdf: complete after 0.09s, 3 pages
`

func TestUploadWaitsThroughTheTenStatuses(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["policy.pdf"] = []core.Status{core.ParseQueued, core.Chunking, core.Chunking, core.Complete}
	p := beside(t, s)
	p.run(t, "upload", p.file(t, "policy.pdf", "%PDF-1.7 a"), "--wait", "--policy", "POL-1").like(t,
		ran{0, "policy.pdf: <id> uploaded\n" + walked, ""})
	if diff := cmp.Diff([]string{"login " + email}, s.asked()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"POL-1"}, s.policies); diff != "" {
		t.Error(diff)
	}
}

func TestUploadOfAKnownFileFollowsTheOneThatIsThere(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["policy.pdf"] = []core.Status{core.Complete}
	p := beside(t, s)
	path := p.file(t, "policy.pdf", "%PDF-1.7 a")
	p.run(t, "upload", path).like(t, ran{0, "policy.pdf: <id> uploaded\n", ""})
	p.run(t, "upload", path).like(t, ran{3, "policy.pdf: uploaded before as <id>\n", ""})
	p.run(t, "upload", path, "--wait").like(t, ran{3, "policy.pdf: uploaded before as <id>\n" + walked, ""})
	other := p.file(t, "other.pdf", "%PDF-1.7 b")
	got := p.run(t, "upload", path, other)
	if got.code != 0 || !strings.HasSuffix(got.out, "2 files: 1 uploaded, 1 uploaded before\n") {
		t.Errorf("got %+v", got)
	}
}

func TestUploadFails(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["bad.pdf"] = []core.Status{core.ParseQueued, core.FailedParse}
	s.ways["good.pdf"] = []core.Status{core.Complete}
	p := beside(t, s)
	got := p.run(t, "upload", "--wait", p.file(t, "bad.pdf", "%PDF-1.7 b"), p.file(t, "good.pdf", "%PDF-1.7 g"))
	if got.code != 1 {
		t.Errorf("ended with %d", got.code)
	}
	for _, line := range []string{"bad.pdf: failed_parse after 0.04s, 3 pages\n", "good.pdf: complete after 0.09s, 3 pages\n", "\n2 files: 1 complete, 1 failed\n"} {
		if !strings.Contains(got.out, line) {
			t.Errorf("%q is missing in %s", line, got.out)
		}
	}
	ran{got.code, "", got.err}.like(t, ran{1, "", "error: bad.pdf: The page could not be read. (page 2)\n" +
		"  Write to support with the document id.\n  document id: <id>\n"})
}

// The code of a single document that failed is not that of its upload.
func TestUploadOfOneThatFails(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["bad.pdf"] = []core.Status{core.FailedParse}
	p := beside(t, s)
	if got := p.run(t, "upload", "--wait", p.file(t, "bad.pdf", "%PDF-1.7 b")); got.code != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestUploadNamesEachFileThatCannotGo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	good, text := p.file(t, "good.pdf", "%PDF-1.7 g"), p.file(t, "notes.txt", "notes")
	empty, none := p.file(t, "empty.pdf", ""), filepath.Join(p.dir, "none.pdf")
	got := p.run(t, "upload", none, empty, good, text, good)
	want := fmt.Sprintf("skipped: good.pdf: named twice\nerror: %s: there is no such file\nerror: %s: the file is empty\n"+
		"error: %s: This type of file is not accepted.\n  Upload a PDF.\n  request id: <id>\n", none, empty, text)
	got.like(t, ran{1, "good.pdf: <id> uploaded\n5 files: 1 uploaded, 3 failed, 1 skipped\n", want})
}

func TestUploadForPrograms(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["good.pdf"] = []core.Status{core.Complete}
	p := beside(t, s)
	got := p.run(t, "upload", "--json", "--wait", p.file(t, "good.pdf", "%PDF-1.7 g"), p.file(t, "notes.txt", "notes"))
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != 1 || len(lines) != 2 {
		t.Fatalf("got %+v", got)
	}
	slices.Sort(lines) // they come as they are done
	var first, second result
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Status != "complete" || first.Document.Pages != 3 {
		t.Errorf("got %s, %v", lines[0], err)
	}
	if err := json.Unmarshal([]byte(lines[1]), &second); err != nil || second.Error.Code != "file_unsupported" || second.ID != "" {
		t.Errorf("got %s, %v", lines[1], err)
	}
}

func TestUploadAtATerminal(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["policy.pdf"] = []core.Status{core.Complete}
	p := beside(t, s)
	p.live = true
	got := p.run(t, "upload", p.file(t, "policy.pdf", "%PDF-1.7 a"), "--wait")
	for _, piece := range []string{"[####################] 100% sending 10 bytes of 10 bytes  policy.pdf\n", "[####################] 100% complete  policy.pdf",
		"     0.03s  parse_validated\n", "\x1b[32mcomplete\x1b[0m after 0.09s"} {
		if !strings.Contains(got.out, piece) {
			t.Errorf("%q is missing in %q", piece, got.out)
		}
	}
	if cleared := strings.LastIndex(got.out, "\x1b[J"); strings.Contains(got.out[cleared:], "[###") {
		t.Errorf("a bar is left: %q", got.out)
	}
	p.environ = []string{"NO_COLOR=yes"}
	if got := p.run(t, "search", "deductible"); strings.Contains(got.out, "\x1b[1") {
		t.Errorf("NO_COLOR is not heeded: %q", got.out)
	}
}

// trigger is an output that does something when a text is written.
type trigger struct {
	bytes.Buffer
	on string
	do func()
}

func (w *trigger) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.on) {
		w.do()
	}
	return w.Buffer.Write(p)
}

func TestUploadIsInterrupted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	path := p.file(t, "policy.pdf", "%PDF-1.7 a")
	ctx, cancel := context.WithCancel(t.Context())
	out, errs := trigger{on: "uploaded               policy.pdf", do: cancel}, bytes.Buffer{}
	code := run(ctx, []string{"upload", path, "--wait"}, world{out: &out, err: &errs, dir: p.dir})
	ran{code, out.String(), errs.String()}.like(t, ran{130, "policy.pdf: <id> uploaded\n     0.00s  uploaded               policy.pdf\n",
		"policy.pdf: <id> is with the service, which goes on: see navigator status <id>\ninterrupted\n"})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "search", "what is my deductible?", "--limit", "7").like(t, ran{0, " 1. policy.pdf  0.750  page 2\n    Costs\n    The deductible is $500.\n", ""})
	if s.queries[0].Limit != 7 {
		t.Errorf("asked for %d", s.queries[0].Limit)
	}
	var found client.Results
	got := p.run(t, "search", "--json", "my", "deductible")
	if err := json.Unmarshal([]byte(got.out), &found); err != nil || len(found.Results) != 1 || found.Results[0].PageFrom != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	p.live = true
	if got := p.run(t, "search", "deductible"); !strings.Contains(got.out, "The \x1b[1;33mdeductible\x1b[0m is") {
		t.Errorf("got %q", got.out)
	}
}

func TestSearchIsNarrowed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	id := core.NewID()
	p.run(t, "search", "x", "--document", id.String(), "--type", "application/pdf", "--after", "2026-01-31", "--before", "2026-02-01T09:00:00Z")
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local)
	want := ports.Filter{Documents: []core.ID{id}, Types: []string{"application/pdf"}, From: day, Before: time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC)}
	if len(s.queries) != 1 || !cmp.Equal(want, s.queries[0].Filter) {
		t.Errorf("asked for %+v", s.queries)
	}
	if got := p.run(t, "search", "x", "--after", "yesterday"); got.code != 2 || !strings.Contains(got.err, "2026-01-31") {
		t.Errorf("got %+v", got)
	}
}

func TestSearchByWordsAloneIsSaid(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.mute.Store(true)
	p := beside(t, s)
	if got := p.run(t, "search", "deductible"); got.code != 0 || !strings.HasPrefix(got.out, "Found by words alone: The embedding service cannot be reached.\n 1. policy.pdf") {
		t.Errorf("got %+v", got)
	}
	if got := p.run(t, "search", "deductible", "--require-vectors"); got.code == 0 || !strings.Contains(got.err, "cannot be reached") {
		t.Errorf("got %+v", got)
	}
}

func TestSearchShowsWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "search", "x", "--limit", "1000").like(t, ran{1, "", "error: The request is not valid.\n  body.limit: expected number <= 50\n" +
		"  Mend the fields named in errors and send it again.\n  request id: <id>\n"})
}

func TestStatusAndDelete(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	p.run(t, "upload", p.file(t, "policy.pdf", "%PDF-1.7 a"))
	id := s.documents[0].Document.String()
	if got := p.run(t, "status", id); got.code != 0 || !strings.Contains(got.out, "status    uploaded  10%") {
		t.Errorf("got %+v", got)
	}
	var doc client.Document
	if err := json.Unmarshal([]byte(p.run(t, "status", id, "--json").out), &doc); err != nil || doc.DocumentID != id || doc.Pages != 3 {
		t.Errorf("got %+v, %v", doc, err)
	}
	p.run(t, "delete", id).like(t, ran{2, "", "navigator: deleting cannot be undone: say --yes\nSee: navigator --help\n"})
	p.run(t, "delete", "--yes", id).like(t, ran{0, "<id>: deleting; nothing of it can be found any more\n", ""})
	p.run(t, "delete", "-y", id, "--json").like(t, ran{0, "{\n  \"document_id\": \"<id>\",\n  \"status\": \"deleting\"\n}\n", ""})
	p.run(t, "delete", "-y", id, "--wait").like(t, ran{0, "<id>: deleted\nPLACE         LEFT\nfile          0\nparser_files  not asked\n", ""})
	p.run(t, "status", "../auth/user").like(t, ran{1, "", "error: There is no such document.\n" +
		"  Check the id, and that you are signed in as its owner.\n  request id: <id>\n"})
}
