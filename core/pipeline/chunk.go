package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Chunking cuts the parsed pages into pieces.
type Chunking struct {
	Text       pager
	Chunker    cutter
	Generation int // that the pieces are made for
}

type cutter interface {
	Name() string
	Cut(ctx context.Context, pages []core.Page) ([]core.Piece, error)
}

// Name is chunk.
func (Chunking) Name() core.Stage { return core.Chunk }

// Make cuts, and proves that every parsed page is in a piece.
func (c Chunking) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	pages, err := c.Text.Pages(ctx, doc)
	if err != nil {
		return nil, err
	}
	pieces, err := c.Chunker.Cut(ctx, pages)
	if err != nil {
		return nil, err
	}
	if page := uncovered(pages, pieces); page > 0 || len(pieces) == 0 {
		return nil, &core.Error{Code: core.CodeChunksIncomplete, Kind: core.Permanent, Page: page}
	}
	return core.Pieces{Chunker: c.Chunker.Name(), Pieces: pieces, Generation: c.Generation}, nil
}

// uncovered is the first parsed page that no piece covers; 0 when all are.
func uncovered(pages []core.Page, pieces []core.Piece) int {
	covered := map[int]bool{}
	for _, piece := range pieces {
		for n := piece.PageFrom; n <= piece.PageTo; n++ {
			covered[n] = true
		}
	}
	for _, page := range pages {
		if page.State() == core.PageParsed && !covered[page.Number] {
			return page.Number
		}
	}
	return 0
}
