package pipeline

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Receiving fetches the parsed text. What a callback said is a hint; only the
// parser's own answer counts.
type Receiving struct {
	Parser fetcher
	Now    func() time.Time
}

type fetcher interface {
	Fetch(ctx context.Context, doc core.Document) (core.Text, error)
}

// Name is receive.
func (Receiving) Name() core.Stage { return core.Receive }

// Make fetches the text, or gives up once the deadline has passed. What is final
// stays what it is, and our own key or bill never ends a document.
func (r Receiving) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	text, err := r.Parser.Fetch(ctx, doc)
	if err == nil {
		return text, nil
	}
	if core.HasCode(err, core.CodeParseFailed) || core.HasCode(err, core.CodeParseTimeout) {
		// The job itself has ended: asking again cannot change it. The owner's
		// retry opens an attempt with a job of its own.
		return nil, &core.Error{Code: core.AsError(err).Code, Kind: core.Permanent, Err: err}
	}
	late := !doc.ParseDeadline.IsZero() && r.Now().After(doc.ParseDeadline)
	kind := core.AsError(err).Kind
	if late && ctx.Err() == nil && kind != core.Permanent && kind != core.Paused {
		return nil, core.Fail(core.CodeParseTimeout, err)
	}
	return nil, err
}
