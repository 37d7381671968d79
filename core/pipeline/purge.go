package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Purging removes what a deleted document left: the stored file in both tiers,
// the parser's copies, then every row. It may run again after a crash at any point.
type Purging struct {
	Store  eraser
	Blobs  deleter
	Parser forgetter

	Archive bool // the file may lie there, too

	// Held asks the parser how many copies of an attempt it holds, or tells
	// NotAsked.
	Held func(ctx context.Context, doc core.Document) (int, error)
}

type eraser interface {
	copier
	Doomed(ctx context.Context, id core.ID) (core.Document, error)
	Erase(ctx context.Context, id core.ID, outside core.Residual, ticket any) error
	Moving(ctx context.Context, doc core.Document) (bool, error)
}

type deleter interface {
	Delete(ctx context.Context, keys ...string) error
	Stat(ctx context.Context, key string) (core.Blob, error)
}

type forgetter interface {
	Forget(ctx context.Context, doc core.Document) error
}

// Run purges one document; core.ErrStale says it is gone already.
func (p Purging) Run(ctx context.Context, id core.ID, ticket any) error {
	doc, err := p.Store.Doomed(ctx, id)
	if err != nil {
		return err
	}
	copies, err := settled(ctx, p.Store, id)
	if err != nil {
		return err
	}
	for _, copied := range copies {
		if err := p.Parser.Forget(ctx, copied); err != nil {
			return err
		}
	}
	if err := p.deleteFile(ctx, doc); err != nil {
		return err
	}
	outside, err := p.count(ctx, doc, copies)
	if err != nil {
		return err
	}
	return p.Store.Erase(ctx, id, outside, ticket)
}

// deleteFile removes the file from wherever it may lie, once no copy of it is
// under way: one that comes later would stay.
func (p Purging) deleteFile(ctx context.Context, doc core.Document) error {
	moving, err := p.Store.Moving(ctx, doc)
	if err != nil {
		return err
	}
	if moving {
		return core.Wait(core.CodeStorageUnavailable, submissionWait, errMoving)
	}
	return p.Blobs.Delete(ctx, p.places(doc)...)
}

// places is every key that the file may have.
func (p Purging) places(doc core.Document) []string {
	if !p.Archive {
		return []string{doc.Key}
	}
	return []string{doc.Key, core.OtherPlace(doc.Key)}
}

var errMoving = errors.New("the file is on its way from one tier to the other")

// count asks the outside what is left there. A storage or a parser that said
// "deleted" and did not is asked to delete again by the next run.
func (p Purging) count(ctx context.Context, doc core.Document, copies []core.Document) (core.Residual, error) {
	left := core.Residual{}
	for _, key := range p.places(doc) {
		switch _, err := p.Blobs.Stat(ctx, key); {
		case err == nil:
			return nil, core.Fail(core.CodeStorageUnavailable, errStays)
		case !core.HasCode(err, core.CodeFileMissing):
			return nil, err
		}
	}
	left.Count(core.PlaceFile, 0)
	left.Count(core.PlaceCopies, 0)
	for _, copied := range copies {
		switch held, err := p.Held(ctx, copied); {
		case err != nil:
			return nil, err
		case held == NotAsked:
			left[core.PlaceCopies] = nil
		case held > 0:
			return nil, core.Fail(core.CodeParserUnavailable, errStays)
		}
	}
	return left, nil
}

// NotAsked in place of a count says that nobody could be asked.
const NotAsked = -1

var errStays = errors.New("what was deleted is still there")

// submissionWait is how long a removal waits for a submission under way, or for
// a move.
const submissionWait = 2 * time.Second

// settled lists the document's attempts once no run is handing it to the parser
// any more: what such a run brings there would come after the removal.
func settled(ctx context.Context, store copier, id core.ID) ([]core.Document, error) {
	now, err := store.Submitting(ctx, id)
	if err != nil {
		return nil, err
	}
	if now {
		return nil, core.Wait(core.CodeParserBusy, submissionWait, nil)
	}
	return store.Copies(ctx, id)
}

// Forgetting removes the parser's copies of a document that needs them no
// longer: the text is kept, or the attempt failed or was cancelled. An attempt
// that the parser works for is left alone.
type Forgetting struct {
	Store  copier
	Parser forgetter
}

type copier interface {
	Copies(ctx context.Context, id core.ID) ([]core.Document, error)
	Submitting(ctx context.Context, id core.ID) (bool, error)
}

// Run forgets one document's copies; it may run again.
func (f Forgetting) Run(ctx context.Context, id core.ID) error {
	copies, err := settled(ctx, f.Store, id)
	if err != nil {
		return err
	}
	for _, copied := range copies {
		if copied.Status == core.Uploaded || copied.Status == core.ParseQueued {
			continue
		}
		if err := f.Parser.Forget(ctx, copied); err != nil {
			return err
		}
	}
	return nil
}
