package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Embedding gives one batch of chunks their vectors: those the owner has for
// the same content already, and the rest from the embedder. Keep enqueues the
// next batch in the same transaction, so a crash repeats one batch and no more.
type Embedding struct {
	Chunks   chunks
	Embedder embedder
	Model    string // the embedder's model: vectors of another are never mixed in
	Batch    func(pending []core.Pending) int
	Inputs   int // most chunks of one batch
}

type chunks interface {
	Pending(ctx context.Context, doc core.Document, limit int) (pending []core.Pending, total int, err error)
	Known(ctx context.Context, doc core.Document, model string, pending []core.Pending) (map[[32]byte][]float32, error)
}

type embedder interface {
	Embed(ctx context.Context, texts []string) (core.Embedding, error)
}

// Name is embed.
func (Embedding) Name() core.Stage { return core.Embed }

// Make embeds the next batch whole or not at all.
func (e Embedding) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	pending, total, err := e.Chunks.Pending(ctx, doc, e.Inputs)
	if err != nil {
		return nil, err
	}
	if len(pending) == 0 { // an earlier attempt embedded the last of them
		return core.Vectors{Model: e.Model}, nil
	}
	fit := e.Batch(pending)
	if fit < 1 { // a batch of nothing would follow itself for ever
		return nil, core.Fail(core.CodeInputTooLong, nil)
	}
	pending = pending[:fit]
	known, err := e.Chunks.Known(ctx, doc, e.Model, pending)
	if err != nil {
		return nil, err
	}
	made := core.Vectors{Model: e.Model, More: total > len(pending)}
	answer, err := e.ask(ctx, doc, pending, known)
	if err != nil {
		return nil, err
	}
	made.Tokens = answer.Tokens
	for _, p := range pending {
		made.Items = append(made.Items, core.Vector{Chunk: p.Chunk, Value: known[p.Digest]})
	}
	return made, nil
}

// ask embeds each text that is not known, once, and adds it to the known.
func (e Embedding) ask(ctx context.Context, doc core.Document, pending []core.Pending, known map[[32]byte][]float32) (core.Embedding, error) {
	var texts []string
	var digests [][32]byte
	payer := payerOf(doc)
	asked := map[[32]byte]bool{}
	for _, p := range pending {
		if known[p.Digest] == nil && !asked[p.Digest] {
			asked[p.Digest] = true
			payer.Tokens += p.Tokens
			texts, digests = append(texts, p.Input()), append(digests, p.Digest)
		}
	}
	if len(texts) == 0 {
		return core.Embedding{}, nil
	}
	answer, err := e.Embedder.Embed(core.PaidBy(ctx, payer), texts)
	if err != nil {
		return core.Embedding{}, err
	}
	if len(answer.Vectors) != len(texts) {
		return core.Embedding{}, core.Fail(core.CodeBadVectors, nil)
	}
	for i, digest := range digests {
		known[digest] = answer.Vectors[i]
	}
	return answer, nil
}

// payerOf is for whom a document's vectors are paid: a complete one is carried to
// another generation, which nobody waits for.
func payerOf(doc core.Document) core.Payer {
	payer := core.Payer{Kind: core.PaidEmbed, User: doc.User, Document: doc.ID, Attempt: doc.Attempt, Lane: doc.Lane}
	if doc.Status == core.Complete {
		payer.Kind, payer.Lane = core.PaidReembed, core.Bulk
	}
	return payer
}
