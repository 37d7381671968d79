package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// source is one parsed document.
type source struct {
	Name  string      `json:"name"`
	Pages []core.Page `json:"pages"`

	questions []corpus.Question
}

// material is all that is cut and asked.
type material struct {
	sources   []source
	papers    int // the first of them: the corpus
	questions int
	bytes     int
}

func (m *material) profile() string {
	pages := 0
	for _, s := range m.sources {
		pages += len(s.Pages)
	}
	return fmt.Sprintf("%d papers with %d questions, %d other contracts, %d pages, %.1f MB of markdown",
		m.papers, m.questions, len(m.sources)-m.papers, pages, float64(m.bytes)/1e6)
}

// readMaterial generates the documents and reads them as the services do.
func readMaterial(ctx context.Context, distractors int) (*material, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	engine, err := pdftext.Load(ctx, pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Close(ctx) }()
	papers := slices.DeleteFunc(corpus.All(), func(d corpus.Document) bool { return !d.Readable() })
	documents := append(slices.Clone(papers), corpus.Distractors(distractors)...)
	m := &material{sources: make([]source, len(documents)), papers: len(papers)}
	if err := readAll(ctx, engine, documents, m.sources); err != nil {
		return nil, err
	}
	for _, s := range m.sources {
		m.questions += len(s.questions)
		for _, page := range s.Pages {
			m.bytes += len(page.Text)
		}
	}
	return m, nil
}

// readAll reads as many documents at once as there are processors.
func readAll(ctx context.Context, engine *pdftext.Engine, documents []corpus.Document, sources []source) error {
	var wait sync.WaitGroup
	faults := make([]error, runtime.GOMAXPROCS(0))
	for worker := range faults {
		wait.Go(func() {
			for i := worker; i < len(documents); i += len(faults) {
				doc := documents[i]
				pages, err := engine.Pages(ctx, bytes.NewReader(doc.Bytes), int64(len(doc.Bytes)))
				if err != nil {
					faults[worker] = fmt.Errorf("%s: %w", doc.Name, err)
					return
				}
				sources[i] = source{Name: doc.Name, Pages: pages, questions: doc.Questions}
			}
		})
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}
