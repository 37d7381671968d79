package legacy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// somePages are pages as a parser writes them: a heading that may repeat, and
// paragraphs of words that stand on other pages, too, and of some that do not.
func somePages(t *rapid.T) []string {
	word := rapid.SampledFrom(strings.Fields("plan copay deductible member premium visit care service benefit claim network year cost limit cover"))
	pages := make([]string, rapid.IntRange(1, 12).Draw(t, "pages"))
	for i := range pages {
		var blocks []string
		for b := range rapid.IntRange(1, 5).Draw(t, "blocks") {
			words := rapid.SliceOfNDistinct(word, 4, 12, rapid.ID).Draw(t, "words")
			blocks = append(blocks, fmt.Sprintf("Clause n%dm%d, a%dm%d b%dm%d c%dm%d d%dm%d: %s.", i, b, i, b, i, b, i, b, i, b, strings.Join(words, " ")))
		}
		pages[i] = strings.Join(blocks, "\n\n")
	}
	return pages
}

func trimmed(parts []string) []string {
	out := slices.Clone(parts)
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// The pages are found again, letter by letter; and nothing of the text is lost.
func TestSplitFindsThePages(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pages := somePages(t)
		text := strings.Join(pages, "\n\n")
		parts, ok := split(text, pages)
		if !ok || strings.Join(parts, "") != text {
			t.Fatalf("%v: %q", ok, parts)
		}
		if diff := cmp.Diff(pages, trimmed(parts)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A page that is not in the text, or not where it should be, is never made up.
func TestSplitProvesEveryPage(t *testing.T) {
	t.Parallel()
	distinct := func(n int) []string {
		pages := make([]string, n)
		for i := range pages {
			pages[i] = fmt.Sprintf("alpha%d beta%d gamma%d delta%d epsilon%d zeta%d\n\neta%d theta%d iota%d", i, i, i, i, i, i, i, i, i)
		}
		return pages
	}
	rapid.Check(t, func(t *rapid.T) {
		pages := distinct(rapid.IntRange(2, 9).Draw(t, "pages"))
		at := rapid.IntRange(0, len(pages)-1).Draw(t, "at")
		said := slices.Clone(pages)
		switch rapid.IntRange(0, 3).Draw(t, "fault") {
		case 0:
			said = slices.Delete(said, at, at+1)
		case 1:
			other := (at + 1) % len(said)
			said[at], said[other] = said[other], said[at]
		case 2:
			said[at] = "something else that was never on the page at all"
		case 3:
			pages[at] = "a scan" // without words of its own in the file
		}
		if parts, ok := split(strings.Join(said, "\n\n"), pages); ok {
			t.Fatalf("proven: %q", parts)
		}
	})
	for _, text := range []string{"", "one block alone"} {
		if _, ok := split(text, distinct(2)); ok {
			t.Errorf("%q is proven", text)
		}
	}
}

// A footer that the parser left out is no page that is missing.
func TestSplitMissesNoFooter(t *testing.T) {
	t.Parallel()
	var read, said []string
	for i := range 4 {
		body := fmt.Sprintf("alpha%d beta%d gamma%d delta%d epsilon%d", i, i, i, i, i)
		said = append(said, body)
		read = append(read, fmt.Sprintf("%s\n\nNorthwind Mutual Gold Choice policy of the year two thousand, form AB-123, page %d of 4", body, i))
	}
	if parts, ok := split(strings.Join(said, "\n\n"), read); !ok {
		t.Errorf("not proven: %q", parts)
	}
}

// Headings of one wording, as on every page of a form, do not shift a page; and
// markdown's own marks are no words.
func TestSplitReadsMarkdown(t *testing.T) {
	t.Parallel()
	read := []string{"Northwind Plan\nDeductible $1,500 for each person in a year", "Northwind Plan\nTier Drug You pay\n1 Generic $10\n2 Brand $45"}
	said := "# Northwind Plan\n\n**Deductible** $1,500 for each person in a year\n\n# Northwind Plan\n\n| Tier | Drug | You pay |\n| --- | --- | --- |\n| 1 | Generic | $10 |\n| 2 | Brand | $45 |\n"
	parts, ok := split(said, read)
	if !ok || !strings.HasPrefix(parts[1], "# Northwind Plan\n\n| Tier") {
		t.Errorf("%v: %q", ok, parts)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	ends := []int{10, 20, 30}
	for _, c := range [][4]int{{0, 10, 1, 1}, {0, 11, 1, 2}, {9, 10, 1, 1}, {10, 20, 2, 2}, {5, 30, 1, 3}, {29, 30, 3, 3}} {
		if first, last := span(ends, c[0], c[1]); first != c[2] || last != c[3] {
			t.Errorf("%d to %d: pages %d to %d, want %d to %d", c[0], c[1], first, last, c[2], c[3])
		}
	}
}
