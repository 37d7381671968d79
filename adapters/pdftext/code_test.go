package pdftext_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// Engines of one file share its code: what one closes, the others still use.
func TestAClosedEngineLeavesTheOthersTheirCode(t *testing.T) {
	t.Parallel()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	options := pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")) // as that of the tests' engine
	paper := corpus.MemberCard().Bytes
	for range 2 { // opened again after it was closed
		other, err := pdftext.Load(t.Context(), pdftext.DefaultPath(), options)
		if err != nil {
			t.Fatal(err)
		}
		if pages, err := other.Pages(t.Context(), bytes.NewReader(paper), int64(len(paper))); err != nil || len(pages) == 0 {
			t.Errorf("the second engine reads %d pages, %v", len(pages), err)
		}
		if err := other.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := other.Close(t.Context()); err != nil {
			t.Errorf("closed twice: %v", err)
		}
		if len(mustPages(t, paper)) == 0 {
			t.Error("the first engine reads nothing after the second was closed")
		}
	}
}
