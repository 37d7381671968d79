package pdftext_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// The bars: shares of poppler's words, on every file.
const (
	wantWords = 0.99 // that stand on the same page
	wantOrder = 0.97 // that stand there in poppler's order
)

// paper is a PDF of the reading test.
type paper struct {
	name string
	data []byte
}

// realPapers are the PDFs that `make realpdfs` fetches, sorted; none where it
// never ran.
func realPapers(tb testing.TB) []paper {
	tb.Helper()
	names, err := filepath.Glob("../../.local/realpdfs/*.pdf")
	if err != nil {
		tb.Fatal(err)
	}
	papers := make([]paper, len(names))
	for i, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		papers[i] = paper{filepath.Base(name), data}
	}
	return papers
}

// generated are the corpus's own papers that hold text.
func generated() []paper {
	var papers []paper
	for _, doc := range corpus.All() {
		if doc.Readable() && bytes.HasPrefix(doc.Bytes, []byte("%PDF-")) {
			papers = append(papers, paper{doc.Name, doc.Bytes})
		}
	}
	return papers
}

func TestWordsAndTheirOrderBesidePoppler(t *testing.T) {
	t.Parallel()
	// Poppler is the yardstick and no part of the product: a machine without it
	// runs every other reading test against the generator's own truth. CI
	// installs it, so that this one always runs there.
	poppler, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("skipped: pdftotext is not on the PATH (Debian package poppler-utils), so there is nothing to compare with")
	}
	table := &table{lines: map[string]string{}}
	t.Cleanup(func() { t.Log(table) })
	t.Run("generated", func(t *testing.T) { table.read(t, poppler, generated()) })
	t.Run("real", func(t *testing.T) {
		skipUnderRace(t)
		papers := realPapers(t)
		if len(papers) == 0 {
			// They are of others and not committed; CI fetches them, so it is not skipped there.
			t.Skip("skipped: no real PDFs in .local/realpdfs: type `make realpdfs` on a Debian system")
		}
		table.read(t, poppler, papers)
	})
}

// table is what the test prints: a line a file.
type table struct {
	guard sync.Mutex
	lines map[string]string
}

func (r *table) String() string {
	r.guard.Lock()
	defer r.guard.Unlock()
	out := fmt.Sprintf("\n| %-50s | pages | poppler's words | found  | in order | with signs |\n", "file")
	names := make([]string, 0, len(r.lines))
	for name := range r.lines {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out += r.lines[name]
	}
	return out
}

func (r *table) read(t *testing.T, poppler string, papers []paper) {
	for _, p := range papers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := beside(t, poppler, p.data)
			found, order := share(s.found, s.words), share(s.order, s.words)
			if found < wantWords || order < wantOrder {
				t.Errorf("%.4f of poppler's words found, %.4f in its order; want %v and %v", found, order, wantWords, wantOrder)
			}
			r.guard.Lock()
			defer r.guard.Unlock()
			r.lines[p.name] = fmt.Sprintf("| %-50s | %5d | %15d | %.4f | %.4f   | %.4f     |\n",
				p.name, s.pages, s.words, found, order, share(s.exact, s.printed))
		})
	}
}

// beside compares a file page by page with what poppler reads.
func beside(t *testing.T, poppler string, data []byte) score {
	t.Helper()
	columns, rows := popplerPages(t, poppler, data), popplerPages(t, poppler, data, "-layout")
	var sum score
	for i, page := range mustPages(t, data) {
		sum.add(nearer(compare(columns[i], page.Text), compare(rows[i], page.Text)))
	}
	return sum
}

func popplerPages(t *testing.T, poppler string, data []byte, options ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), poppler, append(options, "-", "-")...)
	command.Stdin = bytes.NewReader(data)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return strings.Split(string(out), "\f")
}

func TestTheMeasureSeesWhatIsLostAndWhatIsMoved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want, got string
		found, order    int
	}{
		{"same", "the deductible is $500", "the deductible is $500", 4, 4},
		{"joined", "the deductible is", "thedeductible is", 1, 1},
		{"lost", "one two three", "one three", 2, 2},
		{"moved", "one two three four", "four one two three", 4, 3},
		{"once for two", "to be or not to be", "to be or not", 4, 4},
		{"ligature, hyphen, markdown", "eﬀective in-\nsurance", "## effective insurance", 2, 2},
	} {
		s := compare(test.want, test.got)
		if s.found != test.found || s.order != test.order {
			t.Errorf("%s: %d found, %d in order; want %d and %d", test.name, s.found, s.order, test.found, test.order)
		}
	}
}
