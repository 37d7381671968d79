// Package pipeline is the line: one stage a file, and the one way a stage's
// work is begun and kept. A stage makes a value and writes nothing.
package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Stage makes one leg's value. Make may call the outside; no transaction is
// open meanwhile. It returns *core.Error, or an error that wraps the context's.
type Stage interface {
	Name() core.Stage
	Make(ctx context.Context, doc core.Document) (core.Made, error)
}

// Store begins and keeps steps.
type Store interface {
	// Begin claims the document for the job, or returns core.ErrStale or
	// core.ErrEarly and changes nothing.
	Begin(ctx context.Context, job core.Job, leg core.Leg) (core.Document, error)

	// Keep writes the step whole or not at all; core.ErrStale says the document
	// moved on meanwhile. Ticket is the queue's own claim on the job.
	Keep(ctx context.Context, step core.Step, ticket any) error

	// Unasked notes that the document's step, begun for the first time, had no
	// effect outside: the next one need not look for it.
	Unasked(ctx context.Context, doc core.Document) error
}

// Run takes one job through its leg: Begin, Make, Keep.
func Run(ctx context.Context, store Store, stage Stage, job core.Job, ticket any) error {
	leg, ok := core.LegOf(stage.Name())
	if !ok {
		return core.Fail(core.CodeInternal, nil)
	}
	doc, err := store.Begin(ctx, job, leg)
	if err != nil {
		return err
	}
	outside := &core.Stopwatch{}
	made, err := stage.Make(core.TimedBy(ctx, outside), doc)
	if err != nil {
		return unmade(ctx, store, doc, leg, err)
	}
	return store.Keep(ctx, core.Step{Document: doc, Leg: leg, Made: made, Outside: outside.Total()}, ticket)
}

// unmade is the error of a stage that made nothing. Begin wrote down that the
// parser is about to be asked: until something is kept, the outcome counts as
// unknown and the next run looks for it. Where it is known for certain that
// nothing came of it, that is taken back; should this fail, a look too many is
// all it costs.
func unmade(ctx context.Context, store Store, doc core.Document, leg core.Leg, err error) error {
	if leg.Stage == core.Parse && !doc.Submitting && core.Settled(err) {
		_ = store.Unasked(ctx, doc)
	}
	return err
}
