package boot

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// standbyParser is a parser with a standby. What it holds is what the parser
// does.
type standbyParser struct {
	ports.Parser
	standby pipeline.Standby
}

// Submit is ports.Parser.
func (p standbyParser) Submit(ctx context.Context, s core.Submission) (core.Queued, error) {
	return p.standby.Submit(ctx, s)
}

// Find is ports.Parser.
func (p standbyParser) Find(ctx context.Context, doc core.Document) (core.Queued, bool, error) {
	return p.standby.Find(ctx, doc)
}

// Fetch is ports.Parser.
func (p standbyParser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	return p.standby.Fetch(ctx, doc)
}

// Forget is ports.Parser.
func (p standbyParser) Forget(ctx context.Context, doc core.Document) error {
	return p.standby.Forget(ctx, doc)
}
