package ports

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// CacheResult is what became of a question to Statuses, or of word of a move.
type CacheResult string

// The results.
const (
	CacheHit     CacheResult = "hit"
	CacheMiss    CacheResult = "miss"
	CacheError   CacheResult = "error"   // it could not be asked
	CacheMoved   CacheResult = "moved"   // a move was told
	CacheUnmoved CacheResult = "unmoved" // a move could not be told: an entry lives out its time
)

// Statuses keeps where documents under way stand, for who asks again and again.
//
// An end is never told from it. What a caller of Moved committed before is never
// told after that call, unless the call could not reach what it shares with the
// others: then a status of before is told for two lives of an entry at most.
type Statuses interface {
	// Standing is what is kept for that owner, or what read tells. Read runs as
	// the owner, and its errors are the answer.
	Standing(ctx context.Context, who Principal, id core.ID, read func() (Standing, error)) (Standing, error)

	// Moved forgets the documents. It comes after each commit that moves one.
	Moved(ctx context.Context, ids ...core.ID)
}
