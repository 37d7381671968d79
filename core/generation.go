package core

import (
	"errors"
	"strconv"
	"time"
)

// Generation is one way in which the corpus is cut and embedded.
type Generation struct {
	Number  int    // from 1; 0 stands for the first
	Chunker string // name@version:settings
	Tokens  int    // most tokens of a chunk
	Overlap int    // tokens repeated from the chunk before
	Model   string // of the embedder; empty until the first worker tells
}

// ErrMoved says that the corpus went to another generation meanwhile: what was
// made for the one before is of no use.
var ErrMoved = errors.New("the corpus moved to another generation")

// SameAs reports whether both make the same chunks and vectors.
func (g Generation) SameAs(other Generation) bool {
	return g.Chunker == other.Chunker && g.Model == other.Model
}

// Corpus says which generations are in use.
type Corpus struct {
	Live     Generation  // the one that is searched
	Building *Generation // beside it; nil when no run is under way
	Former   *Generation // kept for a rollback; nil when none is
	Paused   bool        // the building rests
	Closing  bool        // few documents lack the one being built
	Swapped  time.Time   // when Live went live; zero for the first
}

// Returning reports whether the generation being built was live before.
func (c Corpus) Returning() bool { return c.Building != nil && c.Building.Number < c.Live.Number }

// Of finds a generation in use by its number.
func (c Corpus) Of(number int) (Generation, bool) {
	for _, g := range []*Generation{&c.Live, c.Building, c.Former} {
		if g != nil && g.Number == number {
			return *g, true
		}
	}
	return Generation{}, false
}

// Quote is what a new generation would take, counted and not estimated.
type Quote struct {
	Documents int
	Chunks    int
	Tokens    int64 // of all chunks
	Reused    int64 // of them those that need not be embedded again
	Paid      int64 // of them those that the embedder would bill
}

// USD is the cost at a price for a million tokens.
func (q Quote) USD(price float64) float64 { return float64(q.Paid) / 1e6 * price }

// GenerationChunkID is the chunk's id within a generation: ChunkID in the
// first, and another in each later one, so that generations lie side by side.
func GenerationChunkID(document ID, generation int, chunker string, ordinal int) ID {
	if generation <= 1 {
		return ChunkID(document, chunker, ordinal)
	}
	return DerivedID(ChunkSpace, document.String()+":"+chunker+":"+strconv.Itoa(ordinal)+":"+strconv.Itoa(generation))
}
