package core

import "time"

// The order of documents in every queue is start-time fair queueing. Each
// document gets a rank, a moment of a virtual clock in milliseconds since 1970,
// and the lowest rank is worked first. The clock runs RankHorizon behind the
// real one, so that every rank is past and no job ever waits for it.
//
// A document without others of its owner before it stands at the virtual now.
// Each further one stands RankStep behind the one before, more for many pages:
// so a user's thousands lie spread over days of virtual time, and whoever comes
// next stands before nearly all of them. Two such users alternate. Nobody
// starves: once the virtual clock has passed a rank, no newcomer gets before it,
// which promises each owner one document a RankStep however many others come.
const (
	RankHorizon = 90 * 24 * time.Hour
	RankStep    = time.Minute
	RankPages   = 25 // pages that count as one more step

	// InteractiveFirst is how many live documents of an owner are interactive.
	// They stand RankHeadStart before their place: a bulk document is overtaken
	// by them until its own turn is so old.
	InteractiveFirst = 3
	RankHeadStart    = time.Hour
)

// RankNow is the rank of what has no document to take one from: at the front of
// the bulk, first come first served.
func RankNow(now time.Time) int64 { return now.Add(-RankHorizon).UnixMilli() }
