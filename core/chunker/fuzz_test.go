package chunker_test

import (
	"context"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// FuzzCut checks on any bytes what holds without knowing their meaning: the
// limit and the count, valid text, pages in order, nothing lost, and the same
// pieces a second time.
func FuzzCut(f *testing.F) {
	for _, tt := range cutCases {
		var text []string
		for _, p := range tt.pages {
			text = append(text, p.Text)
		}
		f.Add(strings.Join(text, "\f"), uint16(24), uint16(6))
	}
	f.Add("| a | b |\n|-|-|\n| c\\|d |\f| e | f |\n```\n~~~\n#", uint16(0), uint16(9))
	f.Add(strings.Repeat("```x\n", 200)+strings.Repeat("| ", 300), uint16(100), uint16(50))
	f.Fuzz(func(t *testing.T, text string, tokens, overlap uint16) {
		set := chunker.Settings{Tokens: chunker.MinTokens + int(tokens%500)}
		set.Overlap = int(overlap) % (set.Tokens/2 + 1)
		c := newChunker(t, quarter{}, set)
		pages := numbered(strings.Split(text, "\f")...)
		pieces := cut(t, c, pages)
		if diff := cmp.Diff(pieces, cut(t, c, pages)); diff != "" {
			t.Fatalf("a second cut differs:\n%s", diff)
		}
		page := 1
		for i, p := range pieces {
			if n := (quarter{}).Count(p.Text); p.Ordinal != i || n > set.Tokens || n != p.Tokens {
				t.Fatalf("piece %d: ordinal %d, %d tokens, says %d, limit %d", i, p.Ordinal, n, p.Tokens, set.Tokens)
			}
			if !utf8.ValidString(p.Text) || strings.ContainsAny(p.Text, "\x00\r") {
				t.Fatalf("piece %d: %q", i, p.Text)
			}
			if p.PageFrom < page || p.PageTo < p.PageFrom || p.PageTo > len(pages) {
				t.Fatalf("piece %d: pages %d-%d after %d of %d", i, p.PageFrom, p.PageTo, page, len(pages))
			}
			page = p.PageFrom
		}
		if lost := missing(pages, pieces); lost != "" {
			t.Fatalf("lost from %q on", lost)
		}
	})
}

// missing is the rest of the pages' text, blanks aside, that does not stand in
// the pieces in order; empty where all of it does.
func missing(pages []core.Page, pieces []core.Piece) string {
	var want, got strings.Builder
	for _, p := range pages {
		text := strings.TrimPrefix(p.Text, "\ufeff")
		want.WriteString(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd"))
	}
	for _, p := range pieces {
		got.WriteString(p.Text)
	}
	rest := strings.Map(inked, want.String())
	for _, r := range got.String() {
		if next, n := utf8.DecodeRuneInString(rest); n > 0 && r == next {
			rest = rest[n:]
		}
	}
	return rest
}

func inked(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	return r
}

func TestCutOfALargeDocumentLosesNothing(t *testing.T) {
	t.Parallel()
	pages := policy(1 << 20)
	pieces, err := newChunker(t, quarter{}, chunker.Settings{Tokens: 512, Overlap: 64}).Cut(context.Background(), pages)
	if err != nil {
		t.Fatal(err)
	}
	if lost := missing(pages, pieces); lost != "" {
		t.Fatalf("lost from %.80q on", lost)
	}
}
