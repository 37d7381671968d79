package pipeline

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Receiving fetches the parsed text. What a callback said is a hint; only the
// parser's own answer counts. A job that ended without a text for no fault of
// the document is given up, and the document handed over once more.
type Receiving struct {
	Parser   fetcher
	Again    Parsing       // hands the document over once more
	Deadline time.Duration // between a job's submission and its ParseDeadline
	Outage   time.Duration // that a parser which is away is waited for beyond it
	Now      func() time.Time
}

// settling is how long a job that was just started may be unknown where the
// parser reads.
const settling = time.Minute

type fetcher interface {
	Fetch(ctx context.Context, doc core.Document) (core.Text, error)
}

// Name is receive.
func (Receiving) Name() core.Stage { return core.Receive }

// Make fetches the text, or gives up once the deadline has passed. What is final
// stays what it is, and our own key or bill never ends a document.
func (r Receiving) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	if doc.ParseDeadline.IsZero() {
		doc.Submitting = true // an earlier run of this step may have got as far as that
		return r.Again.Make(ctx, doc)
	}
	text, err := r.Parser.Fetch(ctx, doc)
	switch {
	case err == nil:
		return text, nil
	case core.HasCode(err, core.CodeParseGone) && r.age(doc) < settling:
		return nil, core.Fail(core.CodeParseNotReady, err)
	case lost(err):
		return another(doc, err)
	}
	deadline := doc.ParseDeadline
	if away(err) {
		deadline = deadline.Add(r.Outage)
	}
	kind := core.AsError(err).Kind
	if r.Now().After(deadline) && ctx.Err() == nil && kind != core.Permanent && kind != core.Paused {
		return nil, core.Fail(core.CodeParseTimeout, err)
	}
	return nil, err
}

// away reports whether the parser is known to be away, or says when it is back:
// its job may have ended long ago.
func away(err error) bool {
	e := core.AsError(err)
	return e.Kind == core.Busy && e.Code == core.CodeParserUnavailable
}

// age is the time since the job was submitted.
func (r Receiving) age(doc core.Document) time.Duration {
	return r.Now().Sub(doc.ParseDeadline.Add(-r.Deadline))
}

// lost reports whether the job is past asking: it is gone, or it ended in a way
// that another one may not.
func lost(err error) bool {
	e := core.AsError(err)
	return e.Kind == core.Transient &&
		(e.Code == core.CodeParseGone || e.Code == core.CodeParseFailed || e.Code == core.CodeParseTimeout)
}

// another gives the job up for a further one while the attempt may have one.
// Each handover keeps two steps, the loss and the submission, and the first one
// alone: so the turn tells how many there were, and no step can be kept twice.
func another(doc core.Document, err error) (core.Made, error) {
	if handovers := (doc.Turn + 1) / 2; handovers < core.MaxHandovers {
		return core.Lost{}, nil
	}
	return nil, &core.Error{Code: core.AsError(err).Code, Kind: core.Permanent, Err: err}
}
