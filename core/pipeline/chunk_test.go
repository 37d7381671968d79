package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// knife cuts as it is told, whatever the pages.
type knife struct {
	pieces []core.Piece
	err    error
	given  *[]core.Page
}

func (knife) Name() string { return "knife@1" }

func (k knife) Cut(_ context.Context, list []core.Page) ([]core.Piece, error) {
	if k.given != nil {
		*k.given = list
	}
	return k.pieces, k.err
}

func chunk(t *testing.T, list []core.Page, k knife) (core.Made, error) {
	t.Helper()
	return pipeline.Chunking{Text: pages{list: list}, Chunker: k}.Make(t.Context(), document("x", len(list)))
}

// span is a piece over a range of pages.
func span(from, to int) core.Piece {
	return core.Piece{Text: "text", PageFrom: from, PageTo: to, Tokens: 1}
}

func TestChunkKeepsThePiecesAndTheChunkersName(t *testing.T) {
	t.Parallel()
	var given []core.Page
	list, pieces := parsed("a", "", "-", "b"), []core.Piece{span(1, 1), span(4, 4)}
	made, err := chunk(t, list, knife{pieces: pieces, given: &given})
	if diff := cmp.Diff(core.Made(core.Pieces{Chunker: "knife@1", Pieces: pieces}), made); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff(list, given); diff != "" {
		t.Errorf("the chunker was given other pages:\n%s", diff)
	}
}

func TestL011_APageWithoutAPieceStopsTheDocument(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		list   []core.Page
		pieces []core.Piece
		page   int
	}{
		"the last page":         {parsed("a", "b"), []core.Piece{span(1, 1)}, 2},
		"the first page":        {parsed("a", "b"), []core.Piece{span(2, 2)}, 1},
		"a page in the middle":  {parsed("a", "b", "c"), []core.Piece{span(1, 1), span(3, 3)}, 2},
		"a range back to front": {parsed("a", "b"), []core.Piece{span(2, 1)}, 1},
		"no piece":              {parsed("a"), nil, 1},
		"no piece, no text":     {parsed("", "-"), nil, 0},
		"no page at all":        {nil, nil, 0},
	} {
		made, err := chunk(t, row.list, knife{pieces: row.pieces})
		wantCode(t, err, core.CodeChunksIncomplete, core.Permanent)
		wantNothing(t, made)
		if e := core.AsError(err); e.Page != row.page {
			t.Errorf("%s: page %d is named, want %d", name, e.Page, row.page)
		}
	}
}

// Pieces are let through exactly when they cover each parsed page.
func TestL011_PiecesCoverEveryParsedPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		list := parsed(rapid.SliceOfN(rapid.SampledFrom([]string{"text", "", "-"}), 0, 12).Draw(rt, "pages")...)
		covered := map[int]bool{}
		var pieces []core.Piece
		for range rapid.IntRange(0, 6).Draw(rt, "pieces") {
			from := rapid.IntRange(1, 12).Draw(rt, "from")
			to := rapid.IntRange(from, 12).Draw(rt, "to")
			pieces = append(pieces, span(from, to))
			for n := from; n <= to; n++ {
				covered[n] = true
			}
		}
		whole := len(pieces) > 0
		for _, page := range list {
			whole = whole && (page.State() != core.PageParsed || covered[page.Number])
		}
		if _, err := chunk(t, list, knife{pieces: pieces}); (err == nil) != whole {
			rt.Fatalf("%v of pages %v: %v", pieces, list, err)
		}
	})
}

func TestChunkPassesErrorsOn(t *testing.T) {
	t.Parallel()
	fault := core.Fail(core.CodeDatabaseUnavailable, nil)
	if _, err := (pipeline.Chunking{Text: pages{err: fault}, Chunker: knife{}}).Make(t.Context(), document("x", 1)); !errors.Is(err, fault) {
		t.Errorf("the store's error became %v", err)
	}
	if made, err := chunk(t, parsed("a"), knife{pieces: []core.Piece{span(1, 1)}, err: context.Canceled}); !errors.Is(err, context.Canceled) || made != nil {
		t.Errorf("the chunker's error became %v, %v", made, err)
	}
}
