package riverqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/core"
)

// verdict is what River is told, with the word for the log.
type verdict struct {
	word string
	err  error // what Work returns
}

// The words of verdicts.
const (
	wordKept    = "kept"
	wordStale   = "stale"
	wordWaits   = "waits"
	wordPaused  = "paused"
	wordRetries = "retries"
	wordFailed  = "failed"
	wordStopped = "stopped"
)

// Waits of a hinted Receive whose result is not there yet, then of a step that
// came early. After these the reconciler has the document.
var hintWaits = []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second}

const (
	earlyWait  = 500 * time.Millisecond
	earlyLimit = 120
	writeWait  = 15 * time.Second // until a reason is written that could not be
	upkeepWait = 15 * time.Minute
)

// judge tells River what core.Rule says of a stage's error, and what the queue
// itself knows beside it:
//
//	nil, stale      the job ends; nothing else happens
//	claim lost      another run has the job: its row is not touched
//	early           snooze: the try is given back
//	stopped         available at once: the try is given back
func (w *worker[A]) judge(ctx context.Context, task core.Job, row *rivertype.JobRow, err error) verdict {
	switch {
	case err == nil:
		return verdict{wordKept, nil}
	case errors.Is(err, errLost):
		return verdict{wordStale, untouched{}}
	case errors.Is(err, core.ErrStale):
		return verdict{wordStale, nil}
	case errors.Is(err, core.ErrEarly):
		return w.early(row)
	case errors.Is(context.Cause(ctx), rivertype.ErrJobCancelledRemotely): // by an operator: no run follows
		return w.fail(ctx, task, core.Fail(core.CodeInternal, err))
	case stopped(ctx, err):
		return verdict{wordStopped, errStopped}
	}
	e := reason(task.Stage, err)
	switch ruling := core.Rule(e); ruling.Verdict {
	case core.VerdictSnooze:
		return w.busy(ctx, task, row, e, ruling)
	case core.VerdictPause:
		return w.pause(ctx, task, e, ruling)
	case core.VerdictRetry:
		if row.Attempt < row.MaxAttempts {
			w.next.Store(row.ID, retryWait(row.Attempt, e.After, ruling))
			return verdict{wordRetries, errors.New(string(e.Code))}
		}
	}
	return w.fail(ctx, task, e)
}

// errStopped makes River give the try back: it must wrap context.Canceled.
var errStopped = fmt.Errorf("stopped: %w", context.Canceled)

// stopped reports whether the run ended because the process does. A run that
// ran out of its own time did not.
func stopped(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled)
}

// reason is the error with words. Where a bare deadline ended the run it is
// the stage's own; a stage that says more than that is believed.
func reason(stage core.Stage, err error) *core.Error {
	var e *core.Error
	if !errors.As(err, &e) && errors.Is(err, context.DeadlineExceeded) {
		return &core.Error{Code: timeoutCode(stage), Kind: core.Transient, Err: err}
	}
	return core.AsError(err)
}

// timeoutCode names what a stage that ran out of time was waiting for.
func timeoutCode(stage core.Stage) core.Code {
	switch stage {
	case core.Parse, core.Receive, core.Forget:
		return core.CodeParserUnavailable
	case core.Arrive:
		return core.CodeStorageUnavailable
	case core.Embed:
		return core.CodeEmbedderUnavailable
	}
	return core.CodeDatabaseUnavailable
}

// early waits for the step before to be kept.
func (w *worker[A]) early(row *rivertype.JobRow) verdict {
	if snoozes(row) >= earlyLimit {
		return verdict{wordStale, nil}
	}
	return verdict{wordWaits, river.JobSnooze(earlyWait)}
}

// busy waits as the outside asked, until the job has waited so as long as a
// document may. A result that is not there yet is looked for again only where a
// callback announced it; what else is looked for by a poll waits for the next.
func (w *worker[A]) busy(ctx context.Context, task core.Job, row *rivertype.JobRow, e *core.Error, ruling core.Ruling) verdict {
	n := snoozes(row)
	switch {
	case polled(task), e.Code == core.CodeParseNotReady && n >= len(hintWaits):
		return verdict{wordWaits, nil}
	case e.Code == core.CodeParseNotReady:
		return verdict{wordWaits, river.JobSnooze(hintWaits[n])}
	}
	wait := e.After
	if wait <= 0 {
		wait = ruling.Wait
	}
	wait = jitter(wait)
	if _, ok := core.LegOf(task.Stage); ok && e.Kind == core.Busy && w.limit > 0 {
		waited := time.Duration(countsOf(row).Waited)*time.Second + wait
		if waited > w.limit {
			return w.fail(ctx, task, core.Fail(core.CodeWaitedTooLong, e))
		}
		_ = river.MetadataSet(ctx, metaWaited, int64(waited/time.Second)) // outside of River's own call there is no row to keep it
	}
	return verdict{wordWaits, river.JobSnooze(wait)}
}

// polled reports whether the reconciler asked: it will again, and a job that
// waited here would stand beside the next one.
func polled(task core.Job) bool {
	return task.Stage == core.Receive && task.Turn == core.AnyTurn && !task.Hint
}

// pause lets the queue rest that needs the service, and puts the job off.
func (w *worker[A]) pause(ctx context.Context, task core.Job, e *core.Error, ruling core.Ruling) verdict {
	if w.refused != nil {
		w.refused(ctx, ruling.Accused, e.Code)
	}
	if polled(task) {
		return verdict{wordPaused, nil}
	}
	return verdict{wordPaused, river.JobSnooze(jitter(max(e.After, ruling.Wait)))}
}

// fail ends the document's attempt with a reason, then cancels the job. A crash
// between the two runs the job again, which finds the document moved on.
func (w *worker[A]) fail(ctx context.Context, task core.Job, e *core.Error) verdict {
	leg, ok := core.LegOf(task.Stage)
	if !ok { // upkeep: there is no document to fail, and a deletion is owed until it is done
		return verdict{wordFailed, river.JobSnooze(jitter(upkeepWait))}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := w.store.Fail(ctx, task, leg, core.TroubleOf(task.Stage, e))
	if err != nil && !errors.Is(err, core.ErrStale) {
		return verdict{wordRetries, river.JobSnooze(jitter(writeWait))} // the reason could not be written: come back
	}
	return verdict{wordFailed, river.JobCancel(errors.New(string(e.Code)))}
}

// metaCode is where a job's metadata keeps why it waits, and metaWaited how long
// a busy outside was waited for.
const (
	metaCode   = "navigator:code"
	metaWaited = "navigator:waited"
)

// counts is what a job's metadata counts, and why its last run did not end it.
type counts struct {
	Code    core.Code `json:"navigator:code"`
	Snoozes int       `json:"snoozes"`
	Lost    int       `json:"navigator:lost"`   // written by the store's Rescue
	Waited  int64     `json:"navigator:waited"` // seconds
}

func countsOf(row *rivertype.JobRow) (c counts) {
	if json.Unmarshal(row.Metadata, &c) != nil {
		return counts{}
	}
	return c
}

// snoozes counts how often the job was snoozed.
func snoozes(row *rivertype.JobRow) int { return countsOf(row).Snoozes }

// lostRuns counts the runs that ended with their process.
func lostRuns(row *rivertype.JobRow) int { return countsOf(row).Lost }

// retryWait is the time before the run after the given one: what the outside
// asked for, and beyond that anything up to a bound that doubles from run to
// run. So those who failed together do not come back together.
func retryWait(run int, asked time.Duration, r core.Ruling) time.Duration {
	bound := min(r.Wait<<min(max(run-1, 0), 16), r.Most)
	return max(asked, 0) + upTo(bound)
}

// jitter is d and up to a quarter more: never sooner than was asked for.
func jitter(d time.Duration) time.Duration { return d + upTo(d/4) }

// upTo is any time from 0 to d.
func upTo(d time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(d) + 1)) //nolint:gosec // spreads load, guards nothing
}
