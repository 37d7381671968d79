package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Event is one change of a document's status. Numbers grow along a document's
// own changes, in the order in which they became visible; between two documents
// they say nothing.
type Event struct {
	ID       int64 // 1 or more
	Document core.ID
	Attempt  int
	Was      core.Status // empty for an attempt's first status
	Status   core.Status
	At       time.Time
	Lasted   time.Duration // in Was, to the millisecond
	Code     core.Code     // of the error; empty unless Status is a failed end
}

// Latest as a Mark's Event asks for no events of the past.
const Latest int64 = -1

// Unseen as a Mark's Done asks for the standing also where nothing is new.
const Unseen = -1

// Mark is how much of a document is known: the number of its last event and
// its chunks with a vector, of how many.
type Mark struct {
	Document core.ID
	Event    int64
	Done     int
	Total    int
}

// News is a document that is not as its Mark says. All of it is of one moment.
type News struct {
	Mark     Mark      // as it is now
	Events   []Event   // after the Mark that was asked with, in order
	Standing *Standing // nil where there is no such document, or no longer
}

// Journal is what happened to an owner's documents. Every call runs as that
// owner: a document of anyone else is as one that never was.
type Journal interface {
	// News compares the documents with the marks and reads what differs.
	// Documents without news are left out; one that is not there always is
	// news. The cost of nothing new is one query, however many marks there are.
	News(ctx context.Context, who Principal, marks []Mark) ([]News, error)
}
