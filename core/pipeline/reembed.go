package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Reembedding carries one complete document to the generation that is built.
type Reembedding struct {
	Store reembedder
	Carry func(ctx context.Context, doc core.Document, to core.Generation) error
}

type reembedder interface {
	Corpus(ctx context.Context) (core.Corpus, error)
	Whole(ctx context.Context, id core.ID) (core.Document, error)
	Fault(ctx context.Context, id core.ID, generation int, code core.Code) error
}

// Run carries the document; core.ErrStale says that there is nothing to do: no
// run is under way, it rests, or the document is not complete any more.
func (r Reembedding) Run(ctx context.Context, id core.ID) error {
	corpus, err := r.Store.Corpus(ctx)
	if err != nil {
		return err
	}
	if corpus.Building == nil || corpus.Paused {
		return core.ErrStale
	}
	doc, err := r.Store.Whole(ctx, id)
	if err != nil {
		return err
	}
	err = r.Carry(ctx, doc, *corpus.Building)
	var e *core.Error
	if errors.As(err, &e) && e.Kind != core.Busy {
		return errors.Join(err, r.Store.Fault(context.WithoutCancel(ctx), id, corpus.Building.Number, e.Code))
	}
	return err
}

// Joining carries a document that is under way to the live generation where
// its chunks were made for another: the corpus was swapped meanwhile.
type Joining struct {
	Store joiner
	Carry func(ctx context.Context, doc core.Document, to core.Generation) error
}

type joiner interface {
	Corpus(ctx context.Context) (core.Corpus, error)
	Join(ctx context.Context, doc core.Document, generation int) error
}

// Run leaves the document in the live generation, and returns that.
func (j Joining) Run(ctx context.Context, doc core.Document) (core.Corpus, error) {
	corpus, err := j.Store.Corpus(ctx)
	if err != nil || doc.Generation == corpus.Live.Number {
		return corpus, err
	}
	if err := j.Carry(ctx, doc, corpus.Live); err != nil {
		return corpus, err
	}
	return corpus, j.Store.Join(ctx, doc, corpus.Live.Number)
}

// Tending drives a run from its start to its end: it starts a job for each
// document that is lacking, swaps when none is, and removes what is no longer
// in use. All it knows is in the database, so any worker goes on with it.
type Tending struct {
	Store tender
	Jobs  int           // most documents a round starts
	Keep  time.Duration // how long the former generation is kept
}

// closingBelow is how few lacking documents begin the end of a run.
const closingBelow = 100

type tender interface {
	Corpus(ctx context.Context) (core.Corpus, error)

	// Lacking starts a job for each of up to limit documents that lack the
	// generation and have none, and counts up to limit of those that lack it.
	Lacking(ctx context.Context, generation, limit int) (int, error)

	// Close says that few documents lack.
	Close(ctx context.Context, generation int) error

	// Swap makes the generation live in one statement. Swapped is false when a
	// document has come to lack it, or it is no longer the one being built.
	Swap(ctx context.Context, generation int) (swapped bool, err error)

	// Settle counts the chunks of up to limit documents anew after a swap.
	Settle(ctx context.Context, limit int) (settled int, err error)

	// Retire gives up the former generation once it is older than keep.
	Retire(ctx context.Context, keep time.Duration) error

	// Clear removes the chunks of up to limit documents in generations that are
	// no longer in use.
	Clear(ctx context.Context, limit int) (cleared int, err error)
}

// Run is one round.
func (t Tending) Run(ctx context.Context) error {
	corpus, err := t.Store.Corpus(ctx)
	if err != nil {
		return err
	}
	if corpus.Building != nil && !corpus.Paused {
		if err := t.build(ctx, corpus); err != nil {
			return err
		}
	}
	if err := t.Store.Retire(ctx, t.Keep); err != nil {
		return err
	}
	if err := drain(ctx, t.Jobs, t.Store.Settle); err != nil {
		return err
	}
	return drain(ctx, t.Jobs, t.Store.Clear)
}

// build starts what is lacking, or swaps.
func (t Tending) build(ctx context.Context, corpus core.Corpus) error {
	lacking, err := t.Store.Lacking(ctx, corpus.Building.Number, t.Jobs)
	if err != nil {
		return err
	}
	if lacking == 0 {
		_, err := t.Store.Swap(ctx, corpus.Building.Number)
		return err
	}
	if lacking < min(closingBelow, t.Jobs) && !corpus.Closing {
		return t.Store.Close(ctx, corpus.Building.Number)
	}
	return nil
}

// drain repeats a bounded step until it finds less than its bound.
func drain(ctx context.Context, limit int, step func(context.Context, int) (int, error)) error {
	for {
		n, err := step(ctx, limit)
		if err != nil || n < limit {
			return err
		}
	}
}
