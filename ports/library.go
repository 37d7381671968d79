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
	Marks       []core.Mark // of the file
	PolicyID    string      // the client's own reference; may be empty
	PerDay      int         // documents that the owner may add in 24 hours; 0 is no bound
}

// Standing is where a document is, as its owner sees it.
type Standing struct {
	Document    core.ID
	Job         core.ID
	Key         string // where the bytes lie in storage; never shown, never computed again
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

	Parser  string // that read the text: its name and version; empty before
	Standby bool   // it is the standby's text, for the parser was away

	ReadNoted bool // a read of its file was noted today, and since the file lies where it does

	Reserved bool // no document yet, but an announced upload that holds the id
	FileSeen bool // of a reserved one: its file was there a moment ago

	Marks []core.Mark // of the file, and of its text once that is validated; in the order of core.SortMarks
}

// Place is where a document stands in a list, the newest first.
type Place struct {
	CreatedAt time.Time
	Document  core.ID
}

// Listing asks for some of the owner's documents, the newest first and by id
// where two are of one moment.
type Listing struct {
	Statuses []core.Status // none: every status but deleting
	From     time.Time     // created then or later; zero for no bound
	Before   time.Time     // created earlier; zero for no bound
	Behind   *Place        // begins after this place; nil begins with the newest
	Limit    int
}

// Chunk is one piece of a document's text, as it is searched.
type Chunk struct {
	ID       core.ID
	Ordinal  int // from 0
	Text     string
	Headings []string
	PageFrom int
	PageTo   int
	Tokens   int
	Embedded bool // has its vector
}

// Query asks for the passages that answer a question: by the vector, by the
// words of the text, or by both and fused. At least one is given.
type Query struct {
	Text   string    // the question; empty leaves the words out
	Vector []float32 // the question's; nil leaves vectors out
	Model  string    // that made the vector; empty asks nothing of it
	Filter Filter
	Limit  int
}

// Filter narrows a search to some of the owner's documents. What is zero holds
// nothing back.
type Filter struct {
	Documents []core.ID
	Types     []string  // MIME types
	From      time.Time // uploaded then or later
	Before    time.Time // uploaded earlier
}

// Passage is one chunk found, with where it stands.
type Passage struct {
	Document    core.ID
	Chunk       core.ID
	Name        string
	ContentType string
	CreatedAt   time.Time // of the document
	Text        string
	Headings    []string
	PageFrom    int
	PageTo      int
	Similarity  *float64 // cosine, -1 to 1; nil where no vector was asked for
	Score       float64  // 0 to 1: 1 is first by all that was asked for; made of ranks
}

// Library is the owner's side of the store. Every call runs as that owner: a
// document of anyone else is CodeNotFound, as one that never was.
type Library interface {
	Quota

	// Intend records that a key is about to be written to storage; Add and
	// Forsake take the record away, and a sweep removes what neither did.
	Intend(ctx context.Context, who Principal, key string) error

	// Forsake takes back an intent whose object was not kept.
	Forsake(ctx context.Context, who Principal, key string) error

	// Add makes the document, its first attempt and its first job in one
	// transaction. CodeDuplicate says the owner has that content already;
	// Find tells which document it is. CodeQuotaExceeded says that PerDay is
	// used up; however many Adds run at once, none goes beyond it.
	Add(ctx context.Context, who Principal, d NewDocument) (Standing, error)

	// Find looks for the owner's live document with that content.
	Find(ctx context.Context, who Principal, sha256 [32]byte) (Standing, error)

	// Retry opens the next attempt of a failed or cancelled document.
	// CodeConflict says it is neither.
	Retry(ctx context.Context, who Principal, id core.ID) (Standing, error)

	// Cancel ends the attempt that is under way; no late step moves it on.
	// CodeConflict says there is none: the attempt has ended.
	Cancel(ctx context.Context, who Principal, id core.ID) (Standing, error)

	// Standing reads where the document is.
	Standing(ctx context.Context, who Principal, id core.ID) (Standing, error)

	// NoteRead notes that the document's file is read, so that it stays where
	// reading is quick, or comes back there. Who saw ReadNoted need not call it.
	NoteRead(ctx context.Context, who Principal, id core.ID) error

	// Standings reads where each of the documents is, in no order; those that
	// are not the owner's are left out.
	Standings(ctx context.Context, who Principal, ids []core.ID) ([]Standing, error)

	// List reads the owner's documents.
	List(ctx context.Context, who Principal, l Listing) ([]Standing, error)

	// Chunks reads the document's pieces from an ordinal on, in order, limit at
	// most. CodeNotFound also for a document that is being deleted.
	Chunks(ctx context.Context, who Principal, id core.ID, from, limit int) ([]Chunk, error)

	// Remove starts the deletion: from here on nothing of the document can be
	// found, and no late step brings it back.
	Remove(ctx context.Context, who Principal, id core.ID) error

	// Close starts the deletion of everything the owner has, and ends all adding:
	// from here on that is CodeAccountClosed. It may be called again and goes on.
	// CodeLegalHold says that something is held: at the first call nothing was
	// deleted then, and the account goes on as before.
	Close(ctx context.Context, who Principal) error

	// Deletion reads the record of the document's deletion: while it is under
	// way, and afterwards. CodeNotFound says that the owner deleted no such one.
	Deletion(ctx context.Context, who Principal, id core.ID) (core.Deletion, error)

	// Search finds the passages that answer best among the chunks of the
	// owner's complete documents that pass the filter, the best first. By the
	// vector alone it is exact (recall 1.0), unless the database has the
	// optional index and the owner more chunks than that is for. core.ErrMoved
	// is in the error when the corpus went to another model: embed anew.
	Search(ctx context.Context, who Principal, q Query) ([]Passage, error)
}
