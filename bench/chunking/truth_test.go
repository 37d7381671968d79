package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// paper is a document of the corpus with its pages, read or written.
type paper struct {
	corpus.Document
	pages []core.Page
	once  map[string]corpus.Block // the blocks whose words stand in one place only
}

func newPaper(doc corpus.Document, pages []core.Page) paper {
	p := paper{Document: doc, pages: pages, once: map[string]corpus.Block{}}
	all := ""
	for _, page := range pages {
		all += fold(page.Text) + " "
	}
	for _, block := range doc.Blocks {
		if words := fold(block.Markdown()); strings.Count(all, words) == 1 {
			p.once[words] = block
		}
	}
	return p
}

// readPapers is the corpus as pdftext reads it.
var readPapers = sync.OnceValues(func() (papers []paper, err error) {
	ctx := context.Background()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	engine, err := pdftext.Load(ctx, pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Close(ctx) }()
	for _, doc := range corpus.All() {
		if !doc.Readable() {
			continue
		}
		pages, err := engine.Pages(ctx, bytes.NewReader(doc.Bytes), int64(len(doc.Bytes)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doc.Name, err)
		}
		papers = append(papers, newPaper(doc, pages))
	}
	return papers, nil
})

// written is the document as markdown pages of a parser that sees all; with
// bare set, a table that goes on over a page has no header there.
func written(doc corpus.Document, bare bool) paper {
	pages := make([]core.Page, doc.Pages)
	for i := range pages {
		pages[i].Number = i + 1
	}
	headings := doc.Headings
	var before corpus.Block
	for _, b := range doc.Blocks {
		for len(headings) > 0 && slices.Contains(b.Path, headings[0].Text) {
			h := headings[0]
			pages[h.Page-1].Text += fmt.Sprintf("\n%s %s\n\n", strings.Repeat("#", h.Level), h.Text)
			headings, before = headings[1:], corpus.Block{}
		}
		text := &pages[b.Page-1].Text
		goesOn := b.Row != nil && slices.Equal(b.Header, before.Header)
		switch {
		case b.Row == nil:
			*text += "\n" + b.Text + "\n"
		case !goesOn || b.Page != before.Page && !bare:
			*text += "\n| " + strings.Join(b.Header, " | ") + " |\n" + strings.Repeat("| --- ", len(b.Header)) + "|\n"
			fallthrough
		default:
			*text += b.Markdown() + "\n"
		}
		before = b
	}
	return newPaper(doc, pages)
}

// TestPiecesAreTrueToTheCorpus holds the chunker to what the generator knows:
// over the pages that pdftext reads from the files, and over markdown.
func TestPiecesAreTrueToTheCorpus(t *testing.T) {
	t.Parallel()
	counter, err := tiktoken.New()
	if err != nil {
		t.Fatal(err)
	}
	read, err := readPapers()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := read[rapid.IntRange(0, len(read)-1).Draw(t, "paper")]
		switch rapid.SampledFrom([]string{"read", "written", "bare"}).Draw(t, "as") {
		case "written":
			p = written(p.Document, false)
		case "bare":
			p = written(p.Document, true)
		}
		set := chunker.Settings{Tokens: rapid.IntRange(64, 900).Draw(t, "tokens"), Additive: true}
		set.Overlap = rapid.IntRange(0, set.Tokens/2).Draw(t, "overlap")
		set.Context = rapid.SampledFrom([]int{0, 48}).Draw(t, "context")
		c, err := chunker.New(counter, set)
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := c.Cut(context.Background(), p.pages)
		if err != nil {
			t.Fatal(err)
		}
		p.check(t, pieces, counter, set)
	})
}

func (p paper) check(t *rapid.T, pieces []core.Piece, counter core.TokenCounter, set chunker.Settings) {
	found, page := map[string]bool{}, 1
	for i, piece := range pieces {
		if n := counter.Count(piece.Input()); n != piece.Tokens || n > set.Tokens || piece.Ordinal != i {
			t.Fatalf("piece %d has ordinal %d and %d tokens, says %d, may have %d", i, piece.Ordinal, n, piece.Tokens, set.Tokens)
		}
		if piece.PageFrom < page || piece.PageTo < piece.PageFrom || piece.PageTo > p.Pages {
			t.Fatalf("piece %d is of pages %d-%d after page %d of %d", i, piece.PageFrom, piece.PageTo, page, p.Pages)
		}
		page = piece.PageFrom
		p.checkBlocks(t, piece, found, counter, set)
	}
	p.checkNothingLost(t, pieces)
	if set.Tokens-set.Context >= 256 && len(found) < len(p.once) { // the text's own room: no block is larger
		t.Fatalf("%d of %d blocks stand whole in a piece", len(found), len(p.once))
	}
}

// checkBlocks checks path, pages and table header of every block that stands
// whole in the piece.
func (p paper) checkBlocks(t *rapid.T, piece core.Piece, found map[string]bool, counter core.TokenCounter, set chunker.Settings) {
	text := fold(piece.Text)
	for words, block := range p.once {
		at := strings.Index(text, words)
		if at < 0 {
			continue
		}
		found[words] = true
		if block.Page < piece.PageFrom || block.Page > piece.PageTo {
			t.Fatalf("piece %d is of pages %d-%d and holds of page %d: %s", piece.Ordinal, piece.PageFrom, piece.PageTo, block.Page, words)
		}
		// Text before the first heading has no section and joins the first one's.
		if n := len(piece.Headings); len(block.Path) > 0 && (n == 0 || n > len(block.Path) || !slices.Equal(piece.Headings, block.Path[:n])) {
			t.Fatalf("piece %d has the path %q and holds of %q: %s", piece.Ordinal, piece.Headings, block.Path, words)
		}
		header := strings.Join(block.Header, " | ")
		top := "| " + header + " |\n|" + strings.Repeat(" --- |", len(block.Header)) + "\n"
		if counter.Count(top) > (set.Tokens-min(set.Context, set.Tokens/8))/2 {
			continue // it would not leave room for rows
		}
		if block.Row != nil && !strings.Contains(text[:at], header) {
			t.Fatalf("piece %d has a row without its header %q: %s", piece.Ordinal, header, words)
		}
	}
}

// checkNothingLost finds the words of all pages in the pieces, in order. What
// the pieces repeat is passed over.
func (p paper) checkNothingLost(t *rapid.T, pieces []core.Piece) {
	var have []string
	for _, piece := range pieces {
		have = append(have, strings.Fields(piece.Text)...)
	}
	for _, page := range p.pages {
		for _, word := range strings.Fields(page.Text) {
			at := slices.Index(have, word)
			if at < 0 {
				t.Fatalf("page %d: %q is lost, or out of order", page.Number, word)
			}
			have = have[at+1:]
		}
	}
}

// TestPathsReachTheSection: a piece of tiny sections has what their paths have
// in common, so not every path is whole; at the default's size nearly all are.
func TestPathsReachTheSection(t *testing.T) {
	t.Parallel()
	counter, err := tiktoken.New()
	if err != nil {
		t.Fatal(err)
	}
	read, err := readPapers()
	if err != nil {
		t.Fatal(err)
	}
	c, err := chunker.New(counter, chunker.Default())
	if err != nil {
		t.Fatal(err)
	}
	exact, all := 0, 0
	for _, p := range read {
		pieces, err := c.Cut(t.Context(), p.pages)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range pieces {
			text := fold(piece.Text)
			for words, block := range p.once {
				if strings.Contains(text, words) {
					all++
					if slices.Equal(piece.Headings, block.Path) {
						exact++
					}
				}
			}
		}
	}
	t.Logf("%d of %d blocks stand under their whole path, the others under its beginning", exact, all)
	if float64(exact) < 0.95*float64(all) {
		t.Errorf("%d of %d blocks stand under their whole path", exact, all)
	}
}
