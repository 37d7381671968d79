package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/insurance-navigator/navigator/core"
)

// folder makes a folder with all that can lie in one.
func folder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{"b.pdf": "%PDF-1.7 b", "A.PDF": "%PDF-1.7 a", "notes.txt": "notes", "empty.pdf": "",
		".hidden.pdf": "%PDF-1.7 h", ".git/c.pdf": "%PDF-1.7 c", "deep/er/d.pdf": "%PDF-1.7 d"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "b.pdf"), filepath.Join(root, "link.pdf")); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestGather(t *testing.T) {
	t.Parallel()
	root := folder(t)
	got := gather([]string{filepath.Join(root, "b.pdf"), root, filepath.Join(root, "notes.txt")})
	var names []string
	for _, f := range got.files {
		names = append(names, f.name)
	}
	if diff := cmp.Diff([]string{"b.pdf", "A.PDF", filepath.Join("deep", "er", "d.pdf"), "notes.txt"}, names); diff != "" {
		t.Error(diff)
	}
	want := []passed{{".git", "hidden"}, {".hidden.pdf", "hidden"}, {"b.pdf", "named twice"}, {"empty.pdf", "the file is empty"},
		{"link.pdf", "a symbolic link"}, {"notes.txt", "not a PDF"}}
	if diff := cmp.Diff(want, got.skipped, cmpopts.SortSlices(func(a, b passed) bool { return a.File < b.File })); diff != "" {
		t.Error(diff)
	}
}

func TestUploadOfAFolder(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := beside(t, s)
	got := p.run(t, "upload", folder(t))
	if got.code != 0 || !strings.HasSuffix(got.out, "8 files: 3 uploaded, 5 skipped\n") || !strings.Contains(got.err, "skipped: notes.txt: not a PDF\n") {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"A.PDF", "b.pdf", "d.pdf"}, s.names(), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Error(diff)
	}
}

func (s *service) names() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.documents {
		names = append(names, d.Name)
	}
	return names
}

// As many are sent at once as was said: all of them meet in the service, and
// never one more.
func TestUploadSendsSeveralAtOnce(t *testing.T) {
	t.Parallel()
	const parallel = 3
	s := serve(t)
	var now, most atomic.Int32
	meet := sync.WaitGroup{}
	meet.Add(parallel)
	var first atomic.Int32
	s.storing = func() {
		here := now.Add(1)
		for seen := most.Load(); here > seen && !most.CompareAndSwap(seen, here); seen = most.Load() {
		}
		if first.Add(1) <= parallel {
			meet.Done()
			met := make(chan struct{})
			go func() { meet.Wait(); close(met) }()
			select {
			case <-met:
			case <-time.After(time.Minute):
				t.Error("they are not sent at once")
			}
		}
		now.Add(-1)
	}
	p := beside(t, s)
	args := []string{"upload", "--parallel", fmt.Sprint(parallel)}
	for i := range 3 * parallel {
		args = append(args, p.file(t, fmt.Sprintf("%d.pdf", i), fmt.Sprintf("%%PDF-1.7 %d", i)))
	}
	if got := p.run(t, args...); got.code != 0 || !strings.HasSuffix(got.out, "9 files: 9 uploaded\n") || most.Load() != parallel {
		t.Errorf("%d at once: got %+v", most.Load(), got)
	}
}

// Once nobody is signed in the rest is not tried, and the code says why.
func TestUploadStopsWhenNobodyIsSignedIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := newPlace(t)
	p.environ = []string{"NAVIGATOR_URL=" + s.url}
	got := p.run(t, "upload", "--parallel", "1", p.file(t, "a.pdf", "%PDF-1.7 a"), p.file(t, "b.pdf", "%PDF-1.7 b"))
	if got.code != 4 || strings.Count(got.err, "you are not signed in") != 2 || len(s.names()) != 0 {
		t.Errorf("got %+v", got)
	}
	out := p.run(t, "upload", "--json", filepath.Join(p.dir, "a.pdf"))
	if out.code != 4 || !strings.Contains(out.out, `"code":"not_signed_in"`) || out.err != "" {
		t.Errorf("got %+v", out)
	}
}

// A terminal that cannot move its cursor gets the lines of a pipe.
func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ways["policy.pdf"] = []core.Status{core.Complete}
	p := beside(t, s)
	p.live, p.environ = true, []string{"TERM=dumb"}
	got := p.run(t, "upload", "--wait", p.file(t, "policy.pdf", "%PDF-1.7 a"))
	got.like(t, ran{0, "policy.pdf: <id> uploaded\n" + walked, ""})
}
