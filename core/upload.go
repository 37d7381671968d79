package core

import "time"

// UploadState is where an announced upload stands.
type UploadState string

// The states of an announced upload. Only an awaited one moves.
const (
	UploadAwaited   UploadState = "awaiting"
	UploadArrived   UploadState = "arrived"   // there is a document of it, under the reserved id
	UploadFailed    UploadState = "failed"    // a file came that is not taken
	UploadExpired   UploadState = "expired"   // none came in time
	UploadDuplicate UploadState = "duplicate" // its owner has the content already: Existing
	UploadCancelled UploadState = "cancelled" // by its owner
	UploadRemoved   UploadState = "removed"   // by its owner, who sees it no more
)

// Upload is a file that its owner announced and sends to the storage himself.
// What is announced is a claim; only the stored bytes count.
type Upload struct {
	Document ID // reserved for the document
	Job      ID // reserved for its first attempt
	User     ID
	Key      string // where the bytes are to lie

	Name        string // for people
	ContentType string
	Size        int64

	State     UploadState
	Trouble   *Trouble // why it failed or expired
	Existing  ID       // UploadDuplicate: the document that has the content
	CreatedAt time.Time
	ExpiresAt time.Time // of the time in which the file is to be sent
	UpdatedAt time.Time
}

// Arrived is a file that came and is taken, as its bytes tell.
type Arrived struct {
	ContentType string
	SHA256      [32]byte
	Pages       int
	Marks       []Mark // of FileMarks
}
