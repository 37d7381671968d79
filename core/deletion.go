package core

import "time"

// Deletion is the record of a deletion: a tombstone while it is under way, a
// receipt once it is done. It holds ids, times and counts alone.
type Deletion struct {
	Document    ID
	User        ID
	Reason      DeletionReason
	RequestedAt time.Time
	DoneAt      time.Time // zero while it is under way
	Residual    Residual  // nil while it is under way; empty where nobody counted
}

// Done reports whether everything has been removed.
func (d Deletion) Done() bool { return !d.DoneAt.IsZero() }

// DeletionReason says who wanted a document deleted.
type DeletionReason string

// The reasons of a deletion.
const (
	ByOwner     DeletionReason = "owner"
	ByRetention DeletionReason = "retention"
)

// Place is somewhere that a document leaves something.
type Place string

// The places outside the database; a table is a place by its name.
const (
	PlaceFile   Place = "file"            // the stored object
	PlaceCopies Place = "parser_files"    // what the parser holds
	PlaceSearch Place = "search"          // passages that a search can find
	PlaceUpload Place = "upload_names"    // names that announced uploads have kept
	PlaceIntent Place = "storage_intents" // keys that are yet to be written
)

// Residual is what was counted in each place after a deletion; nil where the
// place could not be asked.
type Residual map[Place]*int

// Left reports whether something was found.
func (r Residual) Left() bool {
	for _, n := range r {
		if n != nil && *n != 0 {
			return true
		}
	}
	return false
}

// Count notes what was found in a place.
func (r Residual) Count(place Place, n int) { r[place] = &n }
