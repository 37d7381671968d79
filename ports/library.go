package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// NewDocument is an upload that lies in storage already.
type NewDocument struct {
	ID          core.ID
	Job         core.ID
	Key         string
	Name        string
	ContentType string
	Size        int64
	SHA256      [32]byte
	Pages       int
	PolicyID    string // the client's own reference; may be empty
}

// Standing is where a document is, as its owner sees it.
type Standing struct {
	Document    core.ID
	Job         core.ID
	Name        string
	ContentType string
	Size        int64
	SHA256      [32]byte
	Status      core.Status
	Since       time.Time   // in Status
	LastGood    core.Status // Status, or the one before a failed end
	Attempt     int
	Pages       int
	Receipt     *core.Receipt // nil until validated
	Chunks      int
	Embedded    int
	Trouble     *core.Trouble // nil unless the attempt failed
	Timings     map[core.Status]time.Duration
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Query asks for the passages nearest to a vector.
type Query struct {
	Vector []float32
	Limit  int
}

// Passage is one chunk found, with where it stands.
type Passage struct {
	Document   core.ID
	Chunk      core.ID
	Name       string
	Text       string
	Headings   []string
	PageFrom   int
	PageTo     int
	Similarity float64 // cosine, -1 to 1
}

// Library is the owner's side of the store. Every call runs as that owner: a
// document of anyone else is CodeNotFound, as one that never was.
type Library interface {
	// Intend records that a key is about to be written to storage; Add and
	// Forsake take the record away, and a sweep removes what neither did.
	Intend(ctx context.Context, who Principal, key string) error

	// Forsake takes back an intent whose object was not kept.
	Forsake(ctx context.Context, who Principal, key string) error

	// Add makes the document, its first attempt and its first job in one
	// transaction. CodeDuplicate says the owner has that content already;
	// Find tells which document it is.
	Add(ctx context.Context, who Principal, d NewDocument) (Standing, error)

	// Find looks for the owner's live document with that content.
	Find(ctx context.Context, who Principal, sha256 [32]byte) (Standing, error)

	// Retry opens the next attempt of a failed or cancelled document.
	// CodeConflict says it is neither.
	Retry(ctx context.Context, who Principal, id core.ID) (Standing, error)

	// Standing reads where the document is.
	Standing(ctx context.Context, who Principal, id core.ID) (Standing, error)

	// Remove starts the deletion: from here on nothing of the document can be
	// found, and no late step brings it back.
	Remove(ctx context.Context, who Principal, id core.ID) error

	// Search compares the vector with every chunk of the owner's complete
	// documents (exact, recall 1.0), the nearest first.
	Search(ctx context.Context, who Principal, q Query) ([]Passage, error)
}
