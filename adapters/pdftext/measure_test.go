package pdftext_test

import (
	"math/bits"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// score is how much of poppler's text a page, a file or a set has.
type score struct {
	pages int
	words int // poppler's
	found int // of them, each as often as it stands on its page
	order int // of them, in the longest common subsequence of the page

	printed int // poppler's stretches between blanks, with every sign
	exact   int // of them, those found as they are
}

func (s *score) add(more score) {
	s.pages += more.pages
	s.words += more.words
	s.found += more.found
	s.order += more.order
	s.printed += more.printed
	s.exact += more.exact
}

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// compare scores one page. Both sides go through the same tokens.
func compare(want, got string) score {
	a, b := tokens(want), tokens(got)
	as, bs := strings.Fields(folded(want)), strings.Fields(markdownSigns.Replace(folded(got)))
	return score{pages: 1, words: len(a), found: common(a, b), order: subsequence(a, b), printed: len(as), exact: common(as, bs)}
}

// markdownSigns are those of tables that stand beside words; an escaped bar is
// the file's own.
var markdownSigns = strings.NewReplacer(`\|`, "|", "| ", " ", " |", " ")

// brokenWord is a hyphen between two letters at a line's end. The reader joins
// such words, poppler leaves them apart; neither is wrong.
var brokenWord = regexp.MustCompile(`(\p{L})[-\x{ad}\x{2010}\x{fffe}]\s*\n\s*(\p{L})`)

// tokens are a text's words: runs of letters, marks and digits after NFKC,
// which also spells ligatures out. What stands between them (blanks, signs,
// markdown) is no word: readers differ in where they put a blank beside a
// bracket, and nobody searches for one.
func tokens(text string) []string {
	return strings.FieldsFunc(folded(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}

func folded(text string) string {
	text = brokenWord.ReplaceAllString(text, "$1$2")
	return strings.NewReplacer("\u00ad", "", "\ufffe", "").Replace(norm.NFKC.String(text))
}

// common is the size of the intersection of two multisets.
func common(a, b []string) int {
	have := map[string]int{}
	for _, w := range b {
		have[w]++
	}
	n := 0
	for _, w := range a {
		if have[w] > 0 {
			have[w]--
			n++
		}
	}
	return n
}

// subsequence is the length of the longest common subsequence, by Hyyrö's
// bit-parallel rows: 0 bits of row mark the steps of the table's last line.
func subsequence(a, b []string) int {
	size := (len(a) + 63) / 64
	at := map[string][]uint64{}
	for i, w := range a {
		if at[w] == nil {
			at[w] = make([]uint64, size)
		}
		at[w][i/64] |= 1 << (i % 64)
	}
	row := make([]uint64, size)
	for i := range row {
		row[i] = ^uint64(0)
	}
	for _, w := range b {
		match, carry := at[w], uint64(0)
		if match == nil {
			continue
		}
		for i := range row {
			hit := row[i] & match[i]
			var sum uint64
			sum, carry = bits.Add64(row[i], hit, carry)
			row[i] = sum | (row[i] &^ match[i])
		}
	}
	length := 0
	for i := range a {
		if row[i/64]&(1<<(i%64)) == 0 {
			length++
		}
	}
	return length
}

// nearer joins the scores of a page against poppler's two orders. Poppler
// reads columns and a table's cells one after another, or with -layout the
// rows as they stand; a page may be read either way, a table by its rows.
func nearer(columns, rows score) score {
	columns.order = max(columns.order, min(rows.order, columns.words))
	return columns
}
