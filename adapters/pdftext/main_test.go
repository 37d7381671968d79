package pdftext_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
)

// engine is shared: compiling takes seconds, and sharing is what services do.
var engine *pdftext.Engine

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	ctx := context.Background()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	engine, err = pdftext.Load(ctx, pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		fmt.Fprintln(os.Stderr, "pdftext tests need the PDFium module:", err)
		return 1
	}
	defer func() { _ = engine.Close(ctx) }()
	return m.Run()
}

func pagesOf(ctx context.Context, data []byte) ([]core.Page, error) {
	return engine.Pages(ctx, bytes.NewReader(data), int64(len(data)))
}

func inspect(ctx context.Context, data []byte) (core.Inspection, error) {
	return engine.Inspect(ctx, bytes.NewReader(data), int64(len(data)))
}

func mustPages(t *testing.T, data []byte) []core.Page {
	t.Helper()
	pages, err := pagesOf(t.Context(), data)
	if err != nil {
		t.Fatalf("Pages: %v", err)
	}
	return pages
}

func fold(text string) string { return strings.Join(strings.Fields(text), " ") }
