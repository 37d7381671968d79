package pdftext_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// cupboard is a storage in memory.
type cupboard struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (c *cupboard) put(_ *testing.T, key string, content []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[key] = content
}

func (c *cupboard) Open(_ context.Context, key string) (io.ReadCloser, core.Blob, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, ok := c.files[key]
	if !ok {
		return nil, core.Blob{}, core.Fail(core.CodeFileMissing, nil)
	}
	return io.NopCloser(bytes.NewReader(content)), core.Blob{Key: key, Size: int64(len(content))}, nil
}

// phrases is the beginning of a heading of each page.
func phrases(t *testing.T, doc corpus.Document) []string {
	t.Helper()
	pages := make([]string, doc.Pages)
	for _, h := range doc.Headings {
		if pages[h.Page-1] == "" {
			words := strings.Fields(h.Text)
			pages[h.Page-1] = strings.Join(words[:min(len(words), 3)], " ")
		}
	}
	for i, phrase := range pages {
		if phrase == "" {
			t.Fatalf("page %d has no heading", i+1)
		}
	}
	return pages
}

func TestParserConforms(t *testing.T) {
	t.Parallel()
	paper := corpus.Filler(3, 1)
	good := portstest.Sample{Type: corpus.TypePDF, Bytes: paper.Bytes, Pages: phrases(t, paper)}
	broken := portstest.Sample{Type: corpus.TypePDF, Bytes: corpus.Broken().Bytes, Pages: []string{""}}
	portstest.Parser(t, func(t *testing.T) portstest.ParserRig {
		shelf := &cupboard{files: map[string][]byte{}}
		return portstest.ParserRig{Parser: pdftext.NewParser(engine, shelf, t.TempDir()), Put: shelf.put, Good: good, Broken: broken}
	})
}
