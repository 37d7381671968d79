package chunker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

func newChunker(t testing.TB, counter core.TokenCounter, s chunker.Settings) *chunker.Chunker {
	t.Helper()
	c, err := chunker.New(counter, s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// numbered makes pages 1 to n of the texts.
func numbered(texts ...string) []core.Page {
	pages := make([]core.Page, len(texts))
	for i, text := range texts {
		pages[i] = core.Page{Number: i + 1, Text: text}
	}
	return pages
}

func TestNewNamesTheFaultySetting(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]chunker.Settings{
		"Tokens is 0":      {},
		"Tokens is 15":     {Tokens: 15},
		"Tokens is 8001":   {Tokens: 8001},
		"Overlap is -1":    {Tokens: 100, Overlap: -1},
		"Context is -1":    {Tokens: 100, Context: -1},
		"Overlap is 51":    {Tokens: 100, Overlap: 51},
		"no token counter": {Tokens: 100},
	} {
		counter := core.TokenCounter(quarter{})
		if name == "no token counter" {
			counter = nil
		}
		if _, err := chunker.New(counter, s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: error %v, want one with %q", s, err, name)
		}
	}
}

func TestNameTellsAllThatChangesTheCut(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]chunker.Settings{
		"markdown@1:800/100+48":      chunker.Default(),
		"markdown@1:300/0":           {Tokens: 300},
		"markdown@1:300/40:quarters": {Tokens: 300, Overlap: 40, Unit: "quarters"},
	} {
		if got := newChunker(t, quarter{}, s).Name(); got != want {
			t.Errorf("Name is %q, want %q", got, want)
		}
	}
}

// cutCase is pages and the pieces they give, written as "pages path: text".
type cutCase struct {
	name    string
	tokens  int // quarters; 0 means 40
	overlap int
	pages   []core.Page
	want    []string
}

func show(p core.Piece) string {
	return fmt.Sprintf("%d-%d %s: %s", p.PageFrom, p.PageTo, strings.Join(p.Headings, " > "), p.Text)
}

var cutCases = []cutCase{
	{name: "nothing", pages: nil, want: nil},
	{name: "blank pages", pages: numbered("", " \n\t\r\n"), want: nil},
	{
		name:  "a failed page gives nothing",
		pages: []core.Page{{Number: 1, Text: "One."}, {Number: 2, Text: "Half", Failed: "page_failed"}, {Number: 3, Text: "Three."}},
		want:  []string{"1-3 : One.\n\nThree."},
	},
	{
		name:  "pages are taken by their number",
		pages: []core.Page{{Number: 2, Text: "Two."}, {Number: 1, Text: "One."}},
		want:  []string{"1-2 : One.\n\nTwo."},
	},
	{
		name:  "line ends, byte order mark, NUL and broken UTF-8",
		pages: numbered("\ufeff# A\r\nb \t\r\nc\rd\x00e\xffe\u00a0\n"),
		want:  []string{"1-1 A: # A\nb\nc\nd\ufffde\ufffde"},
	},
	{
		name:  "a blank line is kept, more are not",
		pages: numbered("a\n\n\n \nb\nc"),
		want:  []string{"1-1 : a\n\nb\nc"},
	},
	{
		name: "headings nest and end",
		pages: numbered("# Plan\n\n## Costs ##\n" + strings.Repeat("cost ", 10) + "\n\n## **Care**\n" + strings.Repeat("care ", 10) +
			"\n\nOther\n=====\n" + strings.Repeat("other ", 10)),
		want: []string{
			"1-1 Plan > Costs: # Plan\n\n## Costs ##\n" + strings.TrimSpace(strings.Repeat("cost ", 10)),
			"1-1 Plan > Care: ## **Care**\n" + strings.TrimSpace(strings.Repeat("care ", 10)),
			"1-1 Other: Other\n=====\n" + strings.TrimSpace(strings.Repeat("other ", 10)),
		},
	},
	{
		name:   "tiny sections of one parent are merged under the parent",
		tokens: 64,
		pages:  numbered("# Plan\n\n## A\nyes\n\n## B\nno"),
		want:   []string{"1-1 Plan: # Plan\n\n## A\nyes\n\n## B\nno"},
	},
	{
		name:  "tiny sections without a common parent are not",
		pages: numbered("# A\nyes\n\n# B\nno"),
		want:  []string{"1-1 A: # A\nyes", "1-1 B: # B\nno"},
	},
	{
		name:  "a tiny cover line joins the first section",
		pages: numbered("Acme\n\n# Plan\nyes"),
		want:  []string{"1-1 Plan: Acme\n\n# Plan\nyes"},
	},
	{
		name:  "what looks like a heading and is none",
		pages: numbered("#no space\n    # indented\n####### seven\n```\n# code\n```\n- item\n---\n~~~\n# open fence"),
		want:  []string{"1-1 : #no space\n    # indented\n####### seven\n```\n# code\n```\n- item\n---\n~~~", "1-1 open fence: # open fence"},
	},
	{
		name:   "a sentence over a page break has both pages",
		tokens: 30,
		pages:  numbered("# A\nThe plan pays eighty percent of all that", "is charged after the deductible is met. Then it pays the whole of what is left, up to its limit."),
		want: []string{
			"1-2 A: # A\nThe plan pays eighty percent of all that\nis charged after the deductible is met.",
			"2-2 A: Then it pays the whole of what is left, up to its limit.",
		},
	},
	{
		name:    "an overlap is whole sentences",
		overlap: 10,
		pages:   numbered("The first sentence stands here alone for now, as it should. The second one. No. 3 is the third. The fourth sentence is a longer one again, and needs room for its words."),
		want: []string{
			"1-1 : The first sentence stands here alone for now, as it should. The second one. No. 3 is the third.",
			"1-1 : The second one. No. 3 is the third. The fourth sentence is a longer one again, and needs room for its words.",
		},
	},
	{
		name:    "no overlap crosses a heading",
		overlap: 20,
		pages:   numbered("# P\n\n### A\n" + strings.Repeat("Some words of a. ", 6) + "\n\n### B\n" + strings.Repeat("Some words of b. ", 6)),
		want: []string{
			"1-1 P > A: # P\n\n### A\n" + strings.TrimSpace(strings.Repeat("Some words of a. ", 6)),
			"1-1 P > B: ### B\n" + strings.TrimSpace(strings.Repeat("Some words of b. ", 6)),
		},
	},
	{
		name:   "a heading is not left behind",
		tokens: 20,
		pages:  numbered("Twelve words are said here, so that the piece is nearly full now.\n\n### Next\nAnd this comes after it, as one sentence."),
		want: []string{
			"1-1 : Twelve words are said here, so that the piece is nearly full now.",
			"1-1 Next: ### Next\nAnd this comes after it, as one sentence.",
		},
	},
	{
		name:   "a table goes on over pages under its header",
		tokens: 18,
		pages:  numbered("| Service | Pay |\n|---|--:|\n| Visit | $25 |\n| Surgery | $400 |", "| Scan | $90 |\n| Lab | $10 |\n\nOk"),
		want: []string{
			"1-1 : | Service | Pay |\n|---|--:|\n| Visit | $25 |\n| Surgery | $400 |",
			"2-2 : | Service | Pay |\n|---|--:|\n| Scan | $90 |\n| Lab | $10 |\n\nOk",
		},
	},
	{
		name:   "a table with its own header on the next page is another",
		tokens: 16,
		pages:  numbered("| Service | Pay |\n|---|--:|\n| Visit | $25 |\n| Surgery | $400 |", "| Drug | Pay |\n|---|---|\n| A | $1 |\n| B | $2 |"),
		want: []string{
			"1-1 : | Service | Pay |\n|---|--:|\n| Visit | $25 |\n| Surgery | $400 |",
			"2-2 : | Drug | Pay |\n|---|---|\n| A | $1 |\n| B | $2 |",
		},
	},
	{
		name:   "a row too large is cut at its cells under the header",
		tokens: 20,
		pages:  numbered("| A | B |\n|---|---|\n| " + strings.Repeat("a", 30) + " | " + strings.Repeat("b", 30) + " |"),
		want: []string{
			"1-1 : | A | B |\n|---|---|\n| " + strings.Repeat("a", 30),
			"1-1 : | A | B |\n|---|---|\n| " + strings.Repeat("b", 30) + " |",
		},
	},
	{
		name:   "a header that leaves no room is not repeated",
		tokens: 16,
		pages:  numbered("| " + strings.Repeat("head ", 8) + "|\n|---|\n| one |\n| two three four |"),
		want:   []string{"1-1 : | " + strings.Repeat("head ", 8) + "|\n|---|\n| one |", "1-1 : | two three four |"},
	},
	{
		name:   "a word too large is cut at characters",
		tokens: 16,
		pages:  numbered("ééééééééééééééééééééééééééééééééééééé"),
		want:   []string{"1-1 : " + strings.Repeat("é", 32), "1-1 : ééééé"},
	},
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tt := range cutCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokens := tt.tokens
			if tokens == 0 {
				tokens = 40
			}
			c := newChunker(t, quarter{}, chunker.Settings{Tokens: tokens, Overlap: tt.overlap})
			var got []string
			for _, p := range cut(t, c, tt.pages) {
				got = append(got, show(p))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLongTableRepeatsItsHeaderInEveryPiece(t *testing.T) {
	t.Parallel()
	const top = "| Code | Service | Pays |\n|---|---|---|\n"
	var pages []core.Page
	for page := range 5 {
		text := ""
		if page == 0 {
			text = "## Schedule\n\n" + top
		}
		for r := range 100 {
			text += fmt.Sprintf("| P%dR%d | service number %d | %d%% |\n", page+1, r, r, r)
		}
		pages = append(pages, core.Page{Number: page + 1, Text: text})
	}
	c := newChunker(t, newCL100K(t), chunker.Default())
	pieces := cut(t, c, pages)
	if len(pieces) < 10 {
		t.Fatalf("%d pieces", len(pieces))
	}
	rows := 0
	for _, p := range pieces {
		if strings.Count(p.Text, top) != 1 {
			t.Errorf("piece %d has not exactly one header", p.Ordinal)
		}
		rows += strings.Count(p.Text, "| service number ")
		if first := fmt.Sprintf("| P%dR", p.PageFrom); !strings.Contains(p.Text, first) {
			t.Errorf("piece %d says page %d and has no row of it", p.Ordinal, p.PageFrom)
		}
		if diff := cmp.Diff([]string{"Schedule"}, p.Headings); diff != "" {
			t.Error(diff)
		}
	}
	if rows != 500 {
		t.Errorf("%d rows, want 500", rows)
	}
}

func TestLineOf100kBIsCutWithinTheLimit(t *testing.T) {
	t.Parallel()
	real := newCL100K(t)
	for name, line := range map[string]string{
		"one letter":     strings.Repeat("a", 100_000),
		"words":          strings.Repeat("deductible applies ", 5300),
		"sentences":      strings.Repeat("The deductible applies. ", 4200),
		"no blanks":      strings.Repeat("保険料は控除されます", 3400),
		"emoji":          strings.Repeat("🏥", 25_000),
		"blanks within":  "a" + strings.Repeat(" ", 100_000) + "b",
		"blanks before":  strings.Repeat(" ", 100_000) + "b",
		"heading":        "# " + strings.Repeat("title ", 16_000),
		"table row":      "| a | b |\n|---|---|\n| " + strings.Repeat("cell | ", 14_000),
		"table header":   strings.Repeat("| head ", 14_000) + "\n|---|\n| a |",
		"broken UTF-8":   strings.Repeat("\xff\xfe", 50_000),
		"pipes":          strings.Repeat("|", 100_000),
		"words of 10 kB": strings.Repeat(strings.Repeat("xy", 5_000)+" ", 10),
		"no sentence":    strings.Repeat("...", 33_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, additive := range []bool{true, false} {
				c := newChunker(t, real, chunker.Settings{Tokens: 512, Overlap: 64, Additive: additive})
				for _, p := range cut(t, c, numbered(line)) {
					if n := real.Count(p.Text); n > 512 || n != p.Tokens {
						t.Fatalf("piece %d: %d tokens, says %d", p.Ordinal, n, p.Tokens)
					}
				}
			}
		})
	}
}

// lavish is a counter by which every character is larger than a piece.
type lavish struct{}

func (lavish) Count(s string) int { return len(s) * 1000 }

func TestCutRefusesWhatCannotBeCut(t *testing.T) {
	t.Parallel()
	c := newChunker(t, lavish{}, chunker.Settings{Tokens: 100})
	if _, err := c.Cut(context.Background(), numbered("a")); !core.HasCode(err, core.CodeInputTooLong) {
		t.Errorf("error is %v, want %s", err, core.CodeInputTooLong)
	}
	if _, err := c.Cut(context.Background(), []core.Page{{Number: 0, Text: "a"}}); !core.HasCode(err, core.CodeInternal) {
		t.Errorf("page 0: error is %v, want %s", err, core.CodeInternal)
	}
}

// canceller ends the context after some counts.
type canceller struct {
	cancel context.CancelFunc
	left   *int
}

func (c canceller) Count(s string) int {
	if *c.left--; *c.left == 0 {
		c.cancel()
	}
	return len(s) / 4
}

func TestCutEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	left := 10
	c := newChunker(t, canceller{cancel, &left}, chunker.Settings{Tokens: 100})
	pieces, err := c.Cut(ctx, policy(100<<10))
	if !errors.Is(err, context.Canceled) || pieces != nil {
		t.Errorf("%d pieces, error %v, want none and the context's", len(pieces), err)
	}
	if left < -1 {
		t.Errorf("%d more counts after the context was done", -left)
	}
}

func TestAdditiveAndWholeCountsGiveTheSamePieces(t *testing.T) {
	t.Parallel()
	real := newCL100K(t)
	pages := policy(200 << 10)
	whole := chunker.Default()
	whole.Additive = false
	a, b := cut(t, newChunker(t, real, chunker.Default()), pages), cut(t, newChunker(t, real, whole), pages)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("(-additive +whole)\n%s", diff)
	}
}
