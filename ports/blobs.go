package ports

import (
	"context"
	"io"

	"github.com/insurance-navigator/navigator/core"
)

// Blob is what the storage knows of an object.
type Blob = core.Blob

// Blobs keeps files under keys made of ids. A key is written once.
type Blobs interface {
	// Put creates the object with exactly size bytes and checks afterwards that
	// all of them are there. CodeStorageConflict says the key is taken.
	// CodeFileTooLarge and CodeFileUnsupported come from the bucket's own rules.
	Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error

	// Open reads the object; the caller closes it. CodeFileMissing says there
	// is none; CodeStorageDenied that we may not read it.
	Open(ctx context.Context, key string) (io.ReadCloser, Blob, error)

	// Stat is Open without the bytes.
	Stat(ctx context.Context, key string) (Blob, error)

	// Delete removes the objects; those that are not there are no error.
	Delete(ctx context.Context, keys ...string) error

	// Prepare creates the bucket or verifies it (private, size limit, types),
	// and proves write, read and delete with a canary object.
	Prepare(ctx context.Context) error

	// Healthy makes one cheap authenticated call.
	Healthy(ctx context.Context) error
}
