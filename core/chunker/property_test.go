package chunker_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// runes counts a token a character.
type runes struct{}

func (runes) Count(s string) int { return utf8.RuneCountInString(s) }

// fact is what the generator knows of a word it wrote. All words differ.
type fact struct {
	word    string
	page    int
	path    []string // the section's
	heading bool
	table   int // 1-based; 0 is none
	header  bool
}

// scribe writes a document and remembers all it wrote.
type scribe struct {
	*rapid.T
	pages  []core.Page
	facts  []fact
	path   []string
	levels []int
	tables []string // each table's header lines
	rows   []tableRow
	n      int
}

type tableRow struct {
	table int
	text  string
}

var uniqueWord = regexp.MustCompile(`[Ww]\d{5}`)

// words writes n new words, the first in upper case so that it can begin a
// sentence.
func (s *scribe) words(n int, f fact) string {
	out := make([]string, n)
	for i := range out {
		s.n++
		f.word = fmt.Sprintf("w%05d", s.n)
		if i == 0 {
			f.word = fmt.Sprintf("W%05d", s.n)
		}
		f.page, f.path = len(s.pages), slices.Clone(s.path)
		s.facts = append(s.facts, f)
		out[i] = f.word
	}
	return strings.Join(out, " ")
}

func (s *scribe) some(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(s.T, label)
}

func (s *scribe) heading() string {
	level := s.some("level", 1, 6)
	setext := level <= 2 && rapid.Bool().Draw(s.T, "setext")
	for len(s.levels) > 0 && s.levels[len(s.levels)-1] >= level {
		s.levels, s.path = s.levels[:len(s.levels)-1], s.path[:len(s.path)-1]
	}
	title := fmt.Sprintf("W%05d w%05d", s.n+1, s.n+2)
	s.levels, s.path = append(s.levels, level), append(slices.Clone(s.path), title)
	s.words(2, fact{heading: true})
	if setext {
		return title + "\n" + []string{"====", "---"}[level-1] + "\n"
	}
	return strings.Repeat("#", level) + " " + title + "\n"
}

func (s *scribe) table() string {
	width := s.some("columns", 1, 3)
	line := func(f fact, longest int) string {
		cells := make([]string, width)
		for i := range cells {
			cells[i] = s.words(s.some("cell", 1, longest), f)
		}
		return "| " + strings.Join(cells, " | ") + " |"
	}
	table := len(s.tables) + 1
	top := line(fact{table: table, header: true}, 2) + "\n" + strings.Repeat("|---", width) + "|"
	s.tables = append(s.tables, top)
	text := top + "\n"
	for range s.some("rows", 0, 8) {
		r := line(fact{table: table}, s.some("longest", 1, 12))
		s.rows = append(s.rows, tableRow{table, r})
		text += r + "\n"
	}
	return text
}

func (s *scribe) paragraph() string {
	var b strings.Builder
	for range s.some("sentences", 1, 6) {
		b.WriteString(s.words(s.some("sentence", 1, 25), fact{}))
		b.WriteString(rapid.SampledFrom([]string{". ", "! ", ".\n", "\n", ".) "}).Draw(s.T, "stop"))
	}
	return b.String() + "\n"
}

func (s *scribe) prefixed(mark string) string {
	var b strings.Builder
	for range s.some("lines", 1, 6) {
		b.WriteString(mark + s.words(s.some("line", 1, 12), fact{}) + "\n")
	}
	return b.String()
}

func (s *scribe) block() string {
	switch s.some("block", 0, 8) {
	case 0, 1:
		return s.heading()
	case 2:
		return s.table()
	case 3:
		return s.prefixed("- ")
	case 4:
		return s.prefixed("> ")
	case 5:
		return "```\n" + s.prefixed("# ") + "```\n"
	default:
		return s.paragraph()
	}
}

func (s *scribe) page() {
	s.pages = append(s.pages, core.Page{Number: len(s.pages) + 1})
	p := &s.pages[len(s.pages)-1]
	switch s.some("page", 0, 9) {
	case 0:
		p.Text = " \n\t\r\n"
		return
	case 1:
		p.Text, p.Failed = "# half of a page", "page_failed"
		return
	}
	for range s.some("blocks", 0, 8) {
		p.Text += s.block() + rapid.SampledFrom([]string{"\n", "  \n\n\n", "\r\n"}).Draw(s.T, "gap")
	}
}

// document draws a document and what is true of it.
func document(t *rapid.T) *scribe {
	s := &scribe{T: t}
	for range s.some("pages", 0, 5) {
		s.page()
	}
	return s
}

// drawChunker draws settings and a counter.
func drawChunker(t *rapid.T, real cl100k) (*chunker.Chunker, core.TokenCounter, chunker.Settings) {
	set := chunker.Settings{Tokens: rapid.IntRange(chunker.MinTokens, 300).Draw(t, "tokens")}
	set.Overlap = rapid.IntRange(0, set.Tokens/2).Draw(t, "overlap")
	set.Context = rapid.SampledFrom([]int{0, 5, 40}).Draw(t, "context")
	counter := rapid.SampledFrom([]core.TokenCounter{quarter{}, runes{}, real}).Draw(t, "counter")
	set.Additive = counter != core.TokenCounter(quarter{})
	c, err := chunker.New(counter, set)
	if err != nil {
		t.Fatal(err)
	}
	return c, counter, set
}

func cut(t testing.TB, c *chunker.Chunker, pages []core.Page) []core.Piece {
	t.Helper()
	pieces, err := c.Cut(context.Background(), pages)
	if err != nil {
		t.Fatal(err)
	}
	return pieces
}

func TestCutKeepsItsPromises(t *testing.T) {
	t.Parallel()
	real := newCL100K(t)
	rapid.Check(t, func(t *rapid.T) {
		s := document(t)
		c, counter, set := drawChunker(t, real)
		pieces, err := c.Cut(context.Background(), s.pages)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := c.Cut(context.Background(), s.pages)
		if diff := cmp.Diff(pieces, again); diff != "" {
			t.Fatalf("a second cut differs:\n%s", diff)
		}
		checkCounts(t, pieces, counter, set)
		checkWords(t, s, pieces)
		checkTables(t, s, pieces, counter, set)
	})
}

// checkCounts checks ordinals, limits and counts.
func checkCounts(t *rapid.T, pieces []core.Piece, counter core.TokenCounter, set chunker.Settings) {
	for i, p := range pieces {
		if p.Ordinal != i {
			t.Fatalf("piece %d has ordinal %d", i, p.Ordinal)
		}
		if n := counter.Count(p.Input()); n != p.Tokens || n > set.Tokens {
			t.Fatalf("piece %d says %d tokens and has %d of at most %d:\n%s", i, p.Tokens, n, set.Tokens, p.Text)
		}
		if strings.TrimSpace(p.Text) == "" {
			t.Fatalf("piece %d is blank", i)
		}
	}
}

// checkWords checks that each word is there, once and in order but for what is
// repeated, under the path and within the pages a reference computes.
func checkWords(t *rapid.T, s *scribe, pieces []core.Piece) {
	byWord := make(map[string]fact, len(s.facts))
	for _, f := range s.facts {
		byWord[f.word] = f
	}
	next := 0
	page := 1
	for _, p := range pieces {
		var want reference
		for _, w := range uniqueWord.FindAllString(p.Text, -1) {
			f, known := byWord[w]
			if !known {
				continue // half of a word that was too large
			}
			fresh := next < len(s.facts) && s.facts[next].word == w
			if fresh {
				next++
			} else if f.heading {
				t.Fatalf("piece %d repeats the heading %s", p.Ordinal, w)
			}
			want.add(f, fresh)
		}
		if want.empty() { // a fence or an underline alone
			continue
		}
		if diff := cmp.Diff(want.headings(), p.Headings); diff != "" && telling(p) {
			t.Fatalf("piece %d: path (-want +got)\n%s\n%s", p.Ordinal, diff, p.Text)
		}
		if !want.pages(p) {
			t.Fatalf("piece %d: pages %d-%d, want %d-%d\n%s", p.Ordinal, p.PageFrom, p.PageTo, want.from, want.to, p.Text)
		}
		if p.PageFrom < page {
			t.Fatalf("piece %d goes back to page %d", p.Ordinal, p.PageFrom)
		}
		page = p.PageFrom
	}
	if next != len(s.facts) {
		t.Fatalf("%s is lost, or out of order", s.facts[next].word)
	}
}

// reference computes path and pages of a piece word by word.
type reference struct {
	from, to   int
	body, some bool
	common     []string
	first      []string
}

func (r *reference) empty() bool { return r.from == 0 }

func (r *reference) add(f fact, fresh bool) {
	if f.header && !fresh {
		return
	}
	if r.from == 0 {
		r.from = f.page
	}
	r.to = max(r.to, f.page)
	switch {
	case f.heading:
		if r.first == nil {
			r.first = f.path
		}
	case len(f.path) == 0:
		r.body = true
	case !r.some:
		r.body, r.some, r.common = true, true, f.path
	default:
		n := 0
		for n < len(r.common) && n < len(f.path) && r.common[n] == f.path[n] {
			n++
		}
		r.common = r.common[:n]
	}
}

// telling reports whether both ends of a piece have words, so that the words
// alone tell its path and pages.
func telling(p core.Piece) bool {
	lines := strings.Split(p.Text, "\n")
	return uniqueWord.MatchString(lines[0]) && uniqueWord.MatchString(lines[len(lines)-1])
}

// pages reports whether the piece's range is the words'. Fences and underlines
// have no words: at an end of a piece they may widen its range.
func (r *reference) pages(p core.Piece) bool {
	if telling(p) {
		return p.PageFrom == r.from && p.PageTo == r.to
	}
	return p.PageFrom >= 1 && p.PageFrom <= r.from && p.PageTo >= r.to
}

func (r *reference) headings() []string {
	path := r.common
	if !r.body {
		path = r.first
	}
	return append([]string{}, path...)
}

// checkTables checks that rows which fit are whole and that each piece with
// rows of a table has its header above them.
func checkTables(t *rapid.T, s *scribe, pieces []core.Piece, counter core.TokenCounter, set chunker.Settings) {
	limit := set.Tokens - min(set.Context, set.Tokens/8)
	for _, r := range s.rows {
		top := s.tables[r.table-1]
		if counter.Count(top+"\n") > limit/2 {
			continue // would not leave room for rows
		}
		whole := false
		for _, p := range pieces {
			at := strings.Index(p.Text, r.text)
			whole = whole || at >= 0
			if at >= 0 && !strings.Contains(p.Text[:at], top) {
				t.Fatalf("piece %d has the row %q without its header:\n%s", p.Ordinal, r.text, p.Text)
			}
		}
		if fits := counter.Count(top+"\n")+counter.Count(r.text+"\n\n") <= limit; fits && !whole {
			t.Fatalf("the row %q is cut", r.text)
		}
	}
}

func TestCl100kAddsUpOverWords(t *testing.T) {
	t.Parallel()
	real := newCL100K(t)
	part := rapid.SampledFrom([]string{"deductible", " ", "  ", "\t", "\n", "\n\n", ".", "(", "**", "|", "é", "保険。", "1234567", "$", "'s", "I'LL", "\u00a0", "\u2028", "-", "🙂", "Xyzzy", "#", "\ufffd"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 1, 60).Draw(t, "parts"), "")
		c, err := chunker.New(real, chunker.Settings{Tokens: 4000, Additive: true})
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := c.Cut(context.Background(), []core.Page{{Number: 1, Text: text}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pieces {
			if n := real.Count(p.Text); n != p.Tokens {
				t.Fatalf("%q: summed %d, counted %d", p.Text, p.Tokens, n)
			}
		}
	})
}
