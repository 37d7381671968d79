package place

import (
	"context"
	"io"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// Material is the parser's text of stamped files: it follows from the stamp and
// costs next to nothing.
type Material struct{}

// Pages implements core.TextExtractor; a file without a stamp is broken.
func (Material) Pages(_ context.Context, r io.ReaderAt, size int64) ([]core.Page, error) {
	stamp, ok := corpus.ReadStamp(r, size)
	if !ok {
		return nil, core.Fail(core.CodeFileBroken, nil)
	}
	pages := make([]core.Page, stamp.Pages)
	for i := range pages {
		pages[i] = core.Page{Number: i + 1, Text: stamp.Page(i + 1)}
	}
	return pages, nil
}

// QuarterCounter counts a token for every four bytes, which costs next to nothing.
type QuarterCounter struct{}

// Count implements core.TokenCounter.
func (QuarterCounter) Count(text string) int { return (len(text) + 3) / 4 }
