package ports

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Blob is what the storage knows of an object.
type Blob = core.Blob

// SignedPut is where a file is to be sent with PUT, and how.
type SignedPut struct {
	URL       string
	Headers   map[string]string // to be sent with it
	ExpiresAt time.Time         // no PUT begins after this; may be later than was asked for
}

// SignedGet is where a file can be read with GET.
type SignedGet struct {
	URL       string
	ExpiresAt time.Time // no GET begins after this
}

// Tickets proves the addresses of SignPut and SignGet where this deployment
// serves them itself. Such a storage's Open gives an io.ReadSeeker.
type Tickets interface {
	// RedeemPut reads a ticket; CodeUploadLink says it is forged or has expired.
	RedeemPut(ticket string) (PutTicket, error)

	// RedeemGet reads a ticket; CodeDownloadLink says it is forged or has expired.
	RedeemGet(ticket string) (GetTicket, error)
}

// PutTicket is what an address of our own allows to store.
type PutTicket struct {
	Key         string
	Size        int64
	ContentType string
}

// GetTicket is what an address of our own allows to read.
type GetTicket struct {
	Key  string
	Name string // what browsers save the file as
}

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

	// List goes through the objects whose keys begin with prefix, a page at a time
	// and in no promised order; an empty prefix goes through all. What lies there
	// from beginning to end comes exactly once; what is written or deleted
	// meanwhile may come or not. Every object has its size and WrittenAt. The first
	// error ends it; objects of the bucket that are not ours are listed as well.
	List(ctx context.Context, prefix string) iter.Seq2[Blob, error]

	// SignPut makes an address that creates the object once, without any other
	// credential, until ttl or somewhat later. Who has it may store up to size
	// bytes there where the storage can bound that, and else whatever the bucket
	// takes: what came is to be checked. The address is a secret. CodeStorageConflict
	// may say already that the key is taken.
	SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (SignedPut, error)

	// SignGet makes an address that reads the object, or ranges of it, without any
	// other credential, until ttl is over (whole seconds, at least one). Browsers
	// save the file as name; without one, as the key's last part. What is read so
	// is as the storage has it: nobody compares it with what was uploaded. The
	// address is a secret. CodeFileMissing says that there is no object.
	SignGet(ctx context.Context, key, name string, ttl time.Duration) (SignedGet, error)

	// Delete removes the objects; those that are not there are no error.
	Delete(ctx context.Context, keys ...string) error

	// Prepare creates the bucket or verifies it (private, size limit, types),
	// and proves write, read and delete with a canary object.
	Prepare(ctx context.Context) error

	// Healthy makes one cheap authenticated call.
	Healthy(ctx context.Context) error
}
