package riverqueue

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/core"
)

// Run is one run of a job, for metrics.
type Run struct {
	Kind, Queue string
	Outcome     string // completed, retry, snoozed, cancelled, interrupted, lost, discarded, panic
	Run         int    // 1 is the first
	Took        time.Duration
	Waited      time.Duration // from when it could be taken until it was
	Trace       string        // that the run belongs to; empty where none is kept
}

// Observer counts. Its methods may be called at once and must not wait.
type Observer interface {
	Worked(Run)
	// Began tells of a job that a worker has in hand; Worked tells its end.
	Began(queue string)
	Inserted(queue, kind string)
	// Looked tells of one look for jobs, and Fetched what it found.
	Looked(queue string, took time.Duration)
	Fetched(queue string, jobs int)
	// Hung tells of a job that did not end when its time was over.
	Hung(kind string)
	// Lagged tells how long after a callback the job began that it started.
	Lagged(time.Duration)
	// Staged tells the verdict on one run of a stage.
	Staged(stage core.Stage, verdict string, took time.Duration)
}

// observed tells an observer of each insert and each run.
type observed struct {
	river.MiddlewareDefaults
	observer Observer
}

// middleware is what every client of the queue has.
func middleware(settings Settings) []rivertype.Middleware {
	all := []rivertype.Middleware{&due{}, &traced{tracer: tracerOf(settings.Traces)}}
	if settings.Observer != nil {
		all = append(all, &observed{observer: settings.Observer})
	}
	return all
}

// InsertMany is rivertype.JobInsertMiddleware.
func (o *observed) InsertMany(ctx context.Context, many []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	results, err := insert(ctx)
	if err != nil {
		return results, err
	}
	for i, r := range results {
		if r == nil { // of a batch, which answers no rows
			o.observer.Inserted(many[i].Queue, many[i].Kind)
		} else if !r.UniqueSkippedAsDuplicate {
			o.observer.Inserted(r.Job.Queue, r.Job.Kind)
		}
	}
	return results, nil
}

// Work is rivertype.WorkerMiddleware.
func (o *observed) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) (err error) {
	began, ended := time.Now(), false
	o.observer.Began(job.Queue)
	defer func() {
		run := Run{Kind: job.Kind, Queue: job.Queue, Run: job.Attempt, Took: time.Since(began), Waited: waited(job), Outcome: "panic", Trace: traceID(ctx)}
		if ended {
			run.Outcome = outcome(job, err)
		}
		o.observer.Worked(run)
	}()
	err = work(ctx)
	ended = true
	return err
}

// looks tells of each look for jobs.
type looks struct{ settings Settings }

// told is what River tells of a look: how long it took, then what it found.
func (l looks) told(_ context.Context, p *rivertype.HookMetricEmitParams) {
	switch metric := p.Metric.(type) {
	case *rivertype.JobGetAvailableDurationMetric:
		l.settings.went(metric.Queue)
		if l.settings.Observer != nil {
			l.settings.Observer.Looked(metric.Queue, metric.Duration)
		}
	case *rivertype.JobGetAvailableCountMetric:
		if l.settings.Observer != nil {
			l.settings.Observer.Fetched(metric.Queue, metric.Count)
		}
	}
}

// hung counts jobs that do not end. Their places stay taken: another job there
// would be one more than the queue may work.
func hung(observer Observer) river.JobStuckHandler {
	return func(_ context.Context, p river.JobStuckHandlerParams) river.JobStuckHandlerResult {
		if observer != nil {
			observer.Hung(p.Kind)
		}
		return river.JobStuckHandlerResult{}
	}
}

// waited is how long the job could have been taken. scheduled_at is a rank for
// the jobs of documents, which is long past.
func waited(job *rivertype.JobRow) time.Duration {
	since := job.CreatedAt
	if job.ScheduledAt.After(since) {
		since = job.ScheduledAt
	}
	if job.AttemptedAt == nil {
		return 0
	}
	return job.AttemptedAt.Sub(since)
}

// outcome is what River makes of the error of a run.
func outcome(job *rivertype.JobRow, err error) string {
	var snooze *rivertype.JobSnoozeError
	var cancel *rivertype.JobCancelError
	switch {
	case err == nil:
		return "completed"
	case errors.Is(err, untouched{}):
		return "lost"
	case errors.As(err, &snooze):
		return "snoozed"
	case errors.As(err, &cancel):
		return "cancelled"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case job.Attempt >= job.MaxAttempts:
		return "discarded"
	}
	return "retry"
}

var _ rivertype.WorkerMiddleware = (*observed)(nil)
