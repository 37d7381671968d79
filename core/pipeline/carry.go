package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Carrying builds a document's chunks and vectors in another generation,
// beside those it is searched by. It goes on where an earlier run stopped: the
// chunks are kept whole, then the vectors batch by batch.
type Carrying struct {
	Store carriage
	Tools func(core.Generation) (Tools, error)
	Batch func(pending []core.Pending) int
	// Next is asked before each batch; its error ends the run. Nil never waits.
	Next func(ctx context.Context, pending []core.Pending) error
	// Inputs is the most chunks of one batch.
	Inputs int
}

// Tools are the chunker and the embedder of a generation.
type Tools struct {
	Chunker  cutter
	Embedder embedder
}

type carriage interface {
	pager
	chunks

	// Cut reads the document's pieces from any generation that the chunker cut;
	// ok is false where there is none.
	Cut(ctx context.Context, doc core.Document, chunker string) (made core.Pieces, ok bool, err error)

	// Begun reports whether the document has chunks in the generation.
	Begun(ctx context.Context, doc core.Document, generation int) (bool, error)

	// KeepCarried keeps pieces or vectors in the document's generation. It
	// returns core.ErrStale, and keeps nothing, when the document moved on or
	// the generation is no longer in use.
	KeepCarried(ctx context.Context, doc core.Document, made core.Made) error
}

// Run makes the document whole in the generation.
func (c Carrying) Run(ctx context.Context, doc core.Document, to core.Generation) error {
	tools, err := c.Tools(to)
	if err != nil {
		return err
	}
	doc.Generation = to.Number
	if err := c.cut(ctx, doc, tools); err != nil {
		return err
	}
	embedding := Embedding{Chunks: c.Store, Embedder: tools.Embedder, Model: to.Model, Batch: c.Batch, Inputs: c.Inputs}
	for more := true; more; {
		if more, err = c.embed(ctx, doc, embedding); err != nil {
			return err
		}
	}
	return nil
}

// cut keeps the document's pieces unless they are there. What the same chunker
// cut before is copied, the pages are cut otherwise.
func (c Carrying) cut(ctx context.Context, doc core.Document, tools Tools) error {
	begun, err := c.Store.Begun(ctx, doc, doc.Generation)
	if err != nil || begun {
		return err
	}
	made, ok, err := c.Store.Cut(ctx, doc, tools.Chunker.Name())
	if err != nil {
		return err
	}
	if !ok {
		fresh, err := Chunking{Text: c.Store, Chunker: tools.Chunker}.Make(ctx, doc)
		if err != nil {
			return err
		}
		made = fresh.(core.Pieces)
	}
	made.Generation = doc.Generation
	return c.Store.KeepCarried(ctx, doc, made)
}

// embed keeps one batch of vectors, and tells whether more remain.
func (c Carrying) embed(ctx context.Context, doc core.Document, embedding Embedding) (more bool, err error) {
	if c.Next != nil {
		pending, _, err := c.Store.Pending(ctx, doc, c.Inputs)
		if err != nil || len(pending) == 0 {
			return false, err
		}
		if err := c.Next(ctx, pending); err != nil {
			return false, err
		}
	}
	made, err := embedding.Make(ctx, doc)
	if err != nil {
		return false, err
	}
	vectors := made.(core.Vectors)
	if len(vectors.Items) == 0 {
		return false, nil
	}
	return vectors.More, c.Store.KeepCarried(ctx, doc, vectors)
}
