package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Purging removes what a deleted document left: the stored file, the parser's
// copies, then every row. It may run again after a crash at any point.
type Purging struct {
	Store  eraser
	Blobs  deleter
	Parser forgetter
}

type eraser interface {
	Doomed(ctx context.Context, id core.ID) (core.Document, error)
	Copies(ctx context.Context, id core.ID) ([]core.Document, error)
	Erase(ctx context.Context, id core.ID, ticket any) error
}

type deleter interface {
	Delete(ctx context.Context, keys ...string) error
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
	copies, err := p.Store.Copies(ctx, id)
	if err != nil {
		return err
	}
	for _, copied := range copies {
		if err := p.Parser.Forget(ctx, copied); err != nil {
			return err
		}
	}
	if err := p.Blobs.Delete(ctx, doc.Key); err != nil {
		return err
	}
	return p.Store.Erase(ctx, id, ticket)
}

// Forgetting removes the parser's copies of a document whose text is kept, or
// will not come. It leaves an attempt alone that the parser is at work on.
type Forgetting struct {
	Store  copier
	Parser forgetter
}

type copier interface {
	Copies(ctx context.Context, id core.ID) ([]core.Document, error)
}

// Run forgets one document's copies; it may run again.
func (f Forgetting) Run(ctx context.Context, id core.ID) error {
	copies, err := f.Store.Copies(ctx, id)
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
