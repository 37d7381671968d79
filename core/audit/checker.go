package audit

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Claim says why a key of the storage is known.
type Claim string

// The claims on a key.
const (
	Owned    Claim = "owned"    // by a document: the file has to be there
	Expected Claim = "expected" // to be written, or awaited: it may be there
)

// File is a key of the storage that the database knows.
type File struct {
	Key      string
	Claim    Claim
	Document core.ID // zero where the key is merely expected
	Size     int64
	SHA256   [32]byte
}

// Fate is what the database knows of a document's life.
type Fate struct {
	Born    bool // it has events
	Here    bool // it has a row
	Deleted bool // its deletion was asked for
}

// Attempt is what the database knows of one attempt.
type Attempt struct {
	Document core.ID
	Status   core.Status // of the attempt, empty where the document was erased
	Job      string      // the parser's
	Deleted  bool        // the document was erased, or is being deleted
	Busy     bool        // a job that removes the parser's copies will run
	Lost     int         // jobs that the parser lost, so that it was given another
}

// Waiting is a document that waits for a job of the parser.
type Waiting struct {
	Document core.ID
	Attempt  core.ID
	Job      string // the parser's
}

// Database answers from the rows. Each answer is of one snapshot.
type Database interface {
	// Violations looks by every rule that needs the database alone.
	Violations(ctx context.Context, o Options) ([]Violation, error)
	// Files lists every key of the storage that is known.
	Files(ctx context.Context) ([]File, error)
	// Fates tells what became of documents; unknown ones are left out.
	Fates(ctx context.Context, documents []core.ID) (map[core.ID]Fate, error)
	// Attempts finds attempts by their ids; unknown ones are left out.
	Attempts(ctx context.Context, ids []core.ID) (map[core.ID]Attempt, error)
	// Waitings lists the documents that wait for the parser.
	Waitings(ctx context.Context) ([]Waiting, error)
}

// Lister lists the storage's objects under a prefix, in any order.
type Lister interface {
	List(ctx context.Context, prefix string) iter.Seq2[core.Blob, error]
}

// Opener reads an object.
type Opener interface {
	Open(ctx context.Context, key string) (io.ReadCloser, core.Blob, error)
}

// Copy is a file that the parser holds.
type Copy struct{ Attempt string }

// Job is a job that the parser knows.
type Job struct{ ID, Attempt string }

// Copies lists what the parser holds and knows.
type Copies interface {
	Copies(ctx context.Context) ([]Copy, error)
	Jobs(ctx context.Context) ([]Job, error)
}

// Options say how strictly to look.
type Options struct {
	Late   time.Duration // due work that is not done for longer is late
	Orphan time.Duration // what came to nothing and is older is an orphan
	Deep   bool          // read every file and every vector
}

// Checker looks at everything there is. Database is required; what else is nil
// is left out.
type Checker struct {
	Database Database
	Files    Lister
	Reader   Opener // with Options.Deep
	Copies   Copies
	History  []Act
	Ledger   *Ledger
	Options  Options
	Now      func() time.Time

	// Pause waits between two looks, of which only what both see is told.
	Pause func(ctx context.Context) error
}

// Run looks, and looks again where something was found.
func (c Checker) Run(ctx context.Context) ([]Violation, error) {
	rules := func(ctx context.Context) ([]Violation, error) { return c.Database.Violations(ctx, c.Options) }
	return c.look(ctx, rules, c.storage, c.parser, c.clients, c.ledgers)
}

// Storage is Run for the storage's listing alone.
func (c Checker) Storage(ctx context.Context) ([]Violation, error) { return c.look(ctx, c.storage) }

func (c Checker) look(ctx context.Context, looks ...func(context.Context) ([]Violation, error)) ([]Violation, error) {
	first := make([][]Violation, len(looks))
	found := false
	for i, look := range looks {
		var err error
		if first[i], err = look(ctx); err != nil {
			return nil, err
		}
		found = found || len(first[i]) > 0
	}
	if !found {
		return []Violation{}, nil
	}
	if err := c.Pause(ctx); err != nil {
		return nil, err
	}
	all := []Violation{}
	for i, look := range looks {
		if len(first[i]) == 0 {
			continue
		}
		second, err := look(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, both(first[i], second)...)
	}
	Sort(all)
	return slices.Compact(all), nil
}

// missing reports whether a read failed because nothing is there.
func missing(err error) bool {
	var e *core.Error
	return errors.As(err, &e) && e.Code == core.CodeFileMissing
}
