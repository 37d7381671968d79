package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// Store is what the workers need of the store beside keeping steps.
type Store interface {
	pipeline.Store
	Fail(ctx context.Context, job core.Job, leg core.Leg, why core.Trouble) error
}

type stepArgs interface {
	river.JobArgs
	step() Step
}

// run is one stage's work on one job.
type run func(ctx context.Context, job core.Job, ticket any) error

// worker is the one worker of every stage.
type worker[A stepArgs] struct {
	river.WorkerDefaults[A]
	stage   core.Stage
	setting Setting
	run     run
	store   Store
	log     *slog.Logger
	limit   time.Duration // that a job may wait for a busy outside; 0 is no bound
	refused func(ctx context.Context, service core.Service, code core.Code)

	observer Observer // may be nil

	next sync.Map // job id -> the wait that the verdict on its run asks for
}

// Timeout is river.Worker.
func (w *worker[A]) Timeout(*river.Job[A]) time.Duration { return w.setting.Timeout }

// NextRetry is river.Worker: River asks it of each run that is to be repeated,
// after its verdict.
func (w *worker[A]) NextRetry(job *river.Job[A]) time.Time {
	wait, ok := w.next.LoadAndDelete(job.ID)
	if !ok {
		return time.Now().Add(retryWait(job.Attempt, 0, core.Rule(errPanic)))
	}
	return time.Now().Add(wait.(time.Duration)) //nolint:forcetypeassert // the map's one type
}

// Work runs the stage and turns its end into River's verdict.
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	began := time.Now()
	task := job.Args.step().job(w.stage)
	w.lagged(task, job.JobRow)
	err := w.attempt(again(ctx, job.JobRow), task, job)
	if err != nil && taken(ctx, job.JobRow) {
		err = errLost
	}
	verdict := w.judge(ctx, task, job.JobRow, err)
	note(ctx, verdict, err)
	w.report(ctx, task, job.JobRow, verdict, err, time.Since(began))
	return verdict.err
}

// takenTime bounds the look at a job's row.
const takenTime = 5 * time.Second

// taken reports whether the job was given to another run meanwhile. A failure
// of this one then counts for nothing: it would fall upon the other's row, or
// fail a document that the other is about to carry on. Where the row cannot be
// read, the fence alone decides.
func taken(ctx context.Context, row *rivertype.JobRow) bool {
	client, err := river.ClientFromContextSafely[pgx.Tx](ctx)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takenTime)
	defer cancel()
	now, err := client.JobGet(ctx, row.ID)
	return err == nil && (now.State != rivertype.JobStateRunning || now.Attempt != row.Attempt)
}

// note keeps why a job waits, for on-call: River keeps no reason of a snooze.
func note(ctx context.Context, v verdict, cause error) {
	if cause != nil && (v.word == wordWaits || v.word == wordPaused || v.word == wordRetries) {
		_ = river.MetadataSet(ctx, metaCode, codeOf(cause)) // outside of River's own call there is no row to keep it
	}
}

// lagged tells how long the first run of a callback's own job was waited for.
func (w *worker[A]) lagged(task core.Job, row *rivertype.JobRow) {
	own := task.Stage == core.Receive && task.Hint && task.Turn == core.AnyTurn
	if own && row.Attempt == 1 && snoozes(row) == 0 && w.observer != nil {
		w.observer.Lagged(waited(row))
	}
}

// again notes for whose sake the job runs again: the service that the last run's
// reason accuses.
func again(ctx context.Context, row *rivertype.JobRow) context.Context {
	if service := core.Rule(&core.Error{Code: countsOf(row).Code}).Accused; service != "" {
		return core.Repeated(ctx, service)
	}
	return ctx
}

// attempt is the stage's run, unless as many runs as the stage has were lost
// with their processes: a document that ends whoever works on it has to fail.
func (w *worker[A]) attempt(ctx context.Context, task core.Job, job *river.Job[A]) error {
	if _, ok := core.LegOf(w.stage); ok && lostRuns(job.JobRow) >= w.setting.Attempts {
		return core.Fail(core.CodeWorkerLost, nil)
	}
	return w.guarded(ctx, task, hold[A]{job})
}

// errPanic stands for a panic: its value may hold text and is not kept.
var errPanic = &core.Error{Code: core.CodeInternal, Kind: core.Transient, Err: errors.New("panic")}

// guarded is the stage's run, with a panic as an error.
func (w *worker[A]) guarded(ctx context.Context, task core.Job, ticket any) (err error) {
	defer caught(w.log, &err, "stage", w.stage, "document_id", task.Document.String())
	return w.run(ctx, task, ticket)
}

// caught, deferred, keeps a panic from ending the process and its value from
// River's tables and from the log.
func caught(log *slog.Logger, err *error, attrs ...any) {
	if value := recover(); value != nil {
		log.Error("panic in a job", append(attrs, "type", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))...)
		*err = errPanic
	}
}

// report writes the one event of a job, when it ends.
func (w *worker[A]) report(ctx context.Context, task core.Job, row *rivertype.JobRow, v verdict, cause error, took time.Duration) {
	level := slog.LevelInfo
	attrs := []any{"stage", w.stage, "document_id", task.Document.String(), "attempt", task.Attempt, "turn", task.Turn,
		"job_id", row.ID, "run", row.Attempt, "verdict", v.word, "duration_ms", took.Milliseconds()}
	if cause != nil && v.word != wordStale {
		attrs = append(attrs, "error_class", codeOf(cause))
		level = slog.LevelWarn
	}
	if v.word == wordFailed {
		level = slog.LevelError
	}
	w.log.Log(ctx, level, "job", attrs...)
	if w.observer != nil {
		w.observer.Staged(w.stage, v.word, took)
	}
}

// codeOf is the error's code for the log; where it has none, what ended it.
func codeOf(err error) string {
	var e *core.Error
	switch {
	case errors.Is(err, core.ErrEarly):
		return "early"
	case errors.As(err, &e):
		return string(e.Code)
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return string(core.CodeInternal)
}
