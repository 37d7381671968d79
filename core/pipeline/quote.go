package pipeline

import (
	"context"
	"crypto/sha256"

	"github.com/insurance-navigator/navigator/core"
)

// Quoting counts what a generation would take, before anything is started. It
// cuts every document whose chunker differs, in memory, and writes nothing.
type Quoting struct {
	Store quoter
}

type quoter interface {
	pager

	// Complete lists complete documents by owner and id, after one.
	Complete(ctx context.Context, after core.Document, limit int) ([]core.Document, error)

	// Contents reads the digests and sizes of the document's chunks as the
	// chunker cut them; none where it did not.
	Contents(ctx context.Context, doc core.Document, chunker string) ([]core.Pending, error)

	// Embedded tells which of the digests the owner has a vector of the model for.
	Embedded(ctx context.Context, doc core.Document, model string, digests [][32]byte) (map[[32]byte]bool, error)
}

// quotePage is how many documents are listed at once.
const quotePage = 200

// Run counts for the generation; seen, if set, is called after each document.
func (q Quoting) Run(ctx context.Context, to core.Generation, chunker cutter, seen func(documents int)) (core.Quote, error) {
	quote := core.Quote{}
	var at core.Document
	paid := map[[32]byte]bool{} // of one owner: a text is paid for once
	for {
		docs, err := q.Store.Complete(ctx, at, quotePage)
		if err != nil || len(docs) == 0 {
			return quote, err
		}
		for _, doc := range docs {
			if doc.User != at.User {
				clear(paid)
			}
			at = doc
			if err := q.add(ctx, &quote, doc, to, chunker, paid); err != nil {
				return quote, err
			}
			if seen != nil {
				seen(quote.Documents)
			}
		}
	}
}

// add counts one document.
func (q Quoting) add(ctx context.Context, quote *core.Quote, doc core.Document, to core.Generation, chunker cutter, paid map[[32]byte]bool) error {
	contents, err := q.contents(ctx, doc, chunker)
	if err != nil {
		return err
	}
	digests := make([][32]byte, len(contents))
	for i := range contents {
		digests[i] = contents[i].Digest
	}
	embedded, err := q.Store.Embedded(ctx, doc, to.Model, digests)
	if err != nil {
		return err
	}
	quote.Documents++
	for _, c := range contents {
		quote.Chunks++
		quote.Tokens += int64(c.Tokens)
		if embedded[c.Digest] || paid[c.Digest] {
			quote.Reused += int64(c.Tokens)
			continue
		}
		paid[c.Digest] = true
		quote.Paid += int64(c.Tokens)
	}
	return nil
}

// contents is the document's chunks as the chunker cuts them.
func (q Quoting) contents(ctx context.Context, doc core.Document, chunker cutter) ([]core.Pending, error) {
	contents, err := q.Store.Contents(ctx, doc, chunker.Name())
	if err != nil || len(contents) > 0 {
		return contents, err
	}
	made, err := Chunking{Text: q.Store, Chunker: chunker}.Make(ctx, doc)
	if err != nil {
		return nil, err
	}
	for _, p := range made.(core.Pieces).Pieces {
		contents = append(contents, core.Pending{Tokens: p.Tokens, Digest: sha256.Sum256([]byte(p.Input()))})
	}
	return contents, nil
}
