package legacy

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Files is the storage: the predecessor's buckets are read, ours is written.
type Files interface {
	// Hold reads the old file whole and judges it as the upload's door would. A
	// *core.Error of kind Invalid or Permanent says that there is no such file,
	// or none to be taken; any other error, that it could not be told.
	Hold(ctx context.Context, p Path) (Held, error)

	// Text reads an old text file; CodeFileMissing says there is none.
	Text(ctx context.Context, p Path) (string, error)
}

// Held is a file that is on this machine meanwhile.
type Held interface {
	Facts() Facts
	// Pages is the text of each page, as this release reads it from the file.
	Pages(ctx context.Context) ([]string, error)
	// Store puts the file under our key. One that lies there already is compared
	// by its digest, and CodeFileChanged says that it is another.
	Store(ctx context.Context, key string) error
	Close()
}

// Facts is what the bytes say.
type Facts struct {
	core.Inspection
	Size int64
	Sum  [32]byte
}
