package riverqueue

import (
	"context"
	"encoding/json"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/core"
)

// River works the available jobs of a queue by priority, then by when they were
// due. A document's rank is given to its jobs as that time: it is long past, so
// that the job waits for nothing but its turn. How long a job has waited is told
// by created_at.

// metaRank is the rank's name in a job's metadata, where it stays when River
// sets another time at a retry or a snooze.
const metaRank = "rank"

// ranked reports whether the stage's jobs are worked by their document's rank.
// The others stand in queues of their own.
func ranked(stage core.Stage) bool {
	_, inLine := core.LegOf(stage)
	return inLine || stage == core.Arrive
}

// rank gives a job its place.
func rank(opts *river.InsertOpts, job core.Job) {
	if !ranked(job.Stage) {
		return
	}
	now := time.Now()
	at := min(job.Rank, now.UnixMilli()) // hundreds of thousands of one owner reach the present
	if at == 0 {
		at = core.RankNow(now)
	}
	opts.ScheduledAt = time.UnixMilli(at)
	opts.Metadata, _ = json.Marshal(map[string]int64{metaRank: at}) // a number: it cannot fail
}

// due makes a job whose time is past available when it is inserted. River would
// leave it to its scheduler, which comes by every five seconds.
type due struct{ river.MiddlewareDefaults }

// InsertMany is rivertype.JobInsertMiddleware.
func (*due) InsertMany(ctx context.Context, many []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	now := time.Now()
	for _, params := range many {
		if params.State == rivertype.JobStateScheduled && params.ScheduledAt != nil && params.ScheduledAt.Before(now) {
			params.State = rivertype.JobStateAvailable
		}
	}
	return insert(ctx)
}

var _ rivertype.JobInsertMiddleware = (*due)(nil)
