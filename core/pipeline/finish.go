package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Finishing makes nothing: the database's own gate proves that the document is
// whole, and refuses complete otherwise. Join, if set, first brings the document
// to the live generation.
type Finishing struct {
	Join func(ctx context.Context, doc core.Document) error
}

// Name is finish.
func (Finishing) Name() core.Stage { return core.Finish }

// Make makes nothing.
func (f Finishing) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	if f.Join == nil {
		return nil, nil
	}
	return nil, f.Join(ctx, doc)
}
