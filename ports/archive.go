package ports

import (
	"context"
	"io"
	"time"
)

// Archive keeps backups: objects under names, apart from the system that they
// were taken of. It knows nothing of what is in them, and what it is given is
// encrypted already. A folder is one, a bucket of an object store another.
type Archive interface {
	// Create stores what fill writes. The object is there whole and durable once
	// Create has returned nil, and before that not at all: a process that dies
	// leaves nothing under the name. Nothing is replaced: fs.ErrExist says that
	// there is one already, which stays as it was.
	Create(ctx context.Context, name string, fill func(io.Writer) error) error

	// Open reads an object; the caller closes it. fs.ErrNotExist says that there
	// is none.
	Open(ctx context.Context, name string) (io.ReadCloser, error)

	// List names the objects under a prefix that ends with a slash, with their
	// sizes and the times they were stored, sorted by name.
	List(ctx context.Context, prefix string) ([]Archived, error)

	// Permanent reports that nothing can be removed here by us: what is old goes
	// by the store's own rules.
	Permanent() bool
	// Remove removes the objects; those that are not there are no error. Where
	// the archive is permanent it is errors.ErrUnsupported, and nothing happens.
	Remove(ctx context.Context, names ...string) error

	// Lock lets one writer at a time in, until release or the process's end. It
	// does not wait. A permanent archive lets all in: where nothing is replaced
	// or removed no writer can harm another.
	Lock(ctx context.Context) (release func(), err error)
}

// Archived is one object of an Archive.
type Archived struct {
	Name     string
	Size     int64
	Modified time.Time // by the archive's own clock
}
