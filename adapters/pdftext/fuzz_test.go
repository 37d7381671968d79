package pdftext_test

import (
	"context"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// seeds are whole files of every format, and one that is hardly begun.
func seeds(f *testing.F) {
	f.Helper()
	for _, doc := range corpus.All() {
		if len(doc.Bytes) < 20_000 {
			f.Add(doc.Bytes)
		}
	}
	f.Add([]byte("%PDF-1.7"))
	f.Add([]byte("<html><body><table><tr><td>a<ul><li>b"))
	f.Add([]byte("Pr\xe4mie\f25"))
	f.Add(zipped(f, "word/document.xml", word(styled("a", "b")+listed("1", "0", "c")), "word/styles.xml", wordStyles, "word/numbering.xml", wordLists))
}

// FuzzInspect bounds what the door does on any bytes by what the door itself
// promises: three seconds, and as much again for a busy machine.
func FuzzInspect(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		if _, err := inspect(ctx, data); !allowed(err) {
			t.Errorf("Inspect: %v", err)
		}
	})
}

func FuzzPages(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		if _, err := pagesOf(ctx, data); !allowed(err) {
			t.Errorf("Pages: %v", err)
		}
	})
}
