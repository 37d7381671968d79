package breaker

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Parser is a ports.Parser behind a breaker. Its lists and Healthy go through:
// they are how one finds out whether the service is back.
type Parser struct {
	ports.Parser
	Breaker *Breaker
}

// Submit is ports.Parser.
func (p Parser) Submit(ctx context.Context, s core.Submission) (core.Queued, error) {
	return ask(p.Breaker, func() (core.Queued, error) { return p.Parser.Submit(ctx, s) })
}

// Find is ports.Parser.
func (p Parser) Find(ctx context.Context, doc core.Document) (q core.Queued, ok bool, err error) {
	q, err = ask(p.Breaker, func() (_ core.Queued, err error) {
		q, ok, err = p.Parser.Find(ctx, doc)
		return q, err
	})
	return q, ok, err
}

// Fetch is ports.Parser.
func (p Parser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	return ask(p.Breaker, func() (core.Text, error) { return p.Parser.Fetch(ctx, doc) })
}

// Forget is ports.Parser.
func (p Parser) Forget(ctx context.Context, doc core.Document) error {
	return p.Breaker.Do(func() error { return p.Parser.Forget(ctx, doc) })
}

// Embedder is a ports.Embedder behind a breaker; Healthy goes through.
type Embedder struct {
	ports.Embedder
	Breaker *Breaker
}

// Embed is ports.Embedder.
func (e Embedder) Embed(ctx context.Context, texts []string) (core.Embedding, error) {
	return ask(e.Breaker, func() (core.Embedding, error) { return e.Embedder.Embed(ctx, texts) })
}
