package ports

import (
	"context"
	"io"
)

// Archive keeps backups: objects under names, apart from the system that they
// were taken of. It knows nothing of what is in them, and what it is given is
// encrypted already. A folder is one; an object store can be.
type Archive interface {
	// Create stores what fill writes. The object is there whole and durable once
	// Create has returned nil, and before that not at all: a process that dies
	// leaves nothing under the name. One that was there is replaced.
	Create(ctx context.Context, name string, fill func(io.Writer) error) error

	// Open reads an object; the caller closes it. fs.ErrNotExist says that there
	// is none.
	Open(ctx context.Context, name string) (io.ReadCloser, error)

	// List names the objects under a prefix that ends with a slash, with their
	// sizes, sorted by name.
	List(ctx context.Context, prefix string) ([]Archived, error)

	// Remove removes the objects; those that are not there are no error.
	Remove(ctx context.Context, names ...string) error

	// Lock lets one writer at a time in, until release or the process's end. It
	// does not wait.
	Lock(ctx context.Context) (release func(), err error)
}

// Archived is one object of an Archive.
type Archived struct {
	Name string
	Size int64
}
