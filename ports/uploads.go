package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// NewUpload is a file that its owner will send to the storage himself.
type NewUpload struct {
	Document    core.ID // reserved
	Job         core.ID // reserved
	Key         string
	Name        string
	ContentType string
	Size        int64
	PerDay      int // how many documents the owner may add in any 24 hours, with those awaited; 0 is no bound

	ExpiresAt    time.Time // of the time in which the file is to be sent
	AddressUntil time.Time // the storage may take bytes at the address until then
}

// Uploads is the owner's side of uploads in two steps: announced, then sent to
// the storage. Every call runs as that owner: an upload of anyone else is
// CodeNotFound, as one that never was.
type Uploads interface {
	// Announce writes the upload down before its address is handed out.
	// CodeRateLimited says that most of its owner's are awaited already.
	Announce(ctx context.Context, who Principal, n NewUpload, most int) (core.Upload, error)

	// Announced reads an upload that is not removed.
	Announced(ctx context.Context, who Principal, id core.ID) (core.Upload, error)

	// Look tells whether the caller is to look for the upload's object now: it
	// is awaited, and nobody has looked since every ago.
	Look(ctx context.Context, who Principal, id core.ID, every time.Duration) (bool, error)

	// Notice enqueues the arrival of the upload's file, once however often it is
	// noticed; of an upload that is not awaited nothing.
	Notice(ctx context.Context, who Principal, id core.ID) error

	// Withdraw ends an upload: as core.UploadCancelled one that is awaited, as
	// core.UploadRemoved one that came to no document. CodeConflict says that
	// it has ended otherwise.
	Withdraw(ctx context.Context, who Principal, id core.ID, state core.UploadState) error
}
