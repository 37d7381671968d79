package boot

import (
	"context"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
)

// Remains is what is still there of a document that was deleted. The purge
// removes the parser's copies first, then the file, then the rows.
type Remains struct {
	Rows bool // in the database
	File bool // in the storage
}

// Any reports whether anything is left.
func (r Remains) Any() bool { return r.Rows || r.File }

// Inspect looks for what remains of a document, with the worker's rights.
func (c Config) Inspect(ctx context.Context, user, document core.ID) (r Remains, err error) {
	pool, err := openHand(ctx, c, "navigator-smoke")
	if err != nil {
		return r, err
	}
	defer pool.Close()
	if r.Rows, err = postgres.Holds(ctx, pool, document); err != nil {
		return r, err
	}
	blobs, err := c.blobs()
	if err != nil {
		return r, err
	}
	body, _, err := blobs.Open(ctx, httpapi.Key(user, document)) // from wherever it lies
	if core.HasCode(err, core.CodeFileMissing) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.File = true
	return r, body.Close()
}
