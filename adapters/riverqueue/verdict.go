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
	busyWait   = 15 * time.Second
	pausedWait = 60 * time.Second
	upkeepWait = 15 * time.Minute
)

// judge is the one table from a stage's error to River's verdict:
//
//	nil, stale      the job ends; nothing else happens
//	claim lost      another run has the job: its row is not touched
//	early, busy     snooze: the try is given back
//	stopped         available at once: the try is given back
//	paused          snooze longer: a human is needed, no document fails
//	transient       retry with backoff; the last try fails the document
//	anything else   the document fails now
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
	switch e.Kind {
	case core.Busy:
		return w.busy(task, row, e)
	case core.Paused:
		return verdict{wordPaused, river.JobSnooze(jitter(max(e.After, pausedWait)))}
	case core.Transient:
		if row.Attempt < row.MaxAttempts {
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

// busy waits as the outside asked. A result that is not there yet is looked
// for again only where a callback announced it; else the reconciler will.
func (w *worker[A]) busy(task core.Job, row *rivertype.JobRow, e *core.Error) verdict {
	if e.Code == core.CodeParseNotReady {
		n := snoozes(row)
		if !task.Hint || n >= len(hintWaits) {
			return verdict{wordWaits, nil}
		}
		return verdict{wordWaits, river.JobSnooze(hintWaits[n])}
	}
	wait := e.After
	if wait <= 0 {
		wait = busyWait
	}
	return verdict{wordWaits, river.JobSnooze(jitter(wait))}
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
		return verdict{wordRetries, river.JobSnooze(jitter(busyWait))} // the reason could not be written: come back
	}
	return verdict{wordFailed, river.JobCancel(errors.New(string(e.Code)))}
}

// metaCode is where a job's metadata keeps why it waits.
const metaCode = "navigator:code"

// counts is what a job's metadata counts.
type counts struct {
	Snoozes int `json:"snoozes"`
	Lost    int `json:"navigator:lost"` // written by the store's Rescue
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

// backoff is 1, 2, 4 ... 60 seconds, with jitter.
func backoff(attempt int) time.Duration {
	return jitter(min(time.Second<<min(max(attempt-1, 0), 6), time.Minute))
}

// jitter is d and up to a quarter more: never sooner than was asked for.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d/4)+1)) //nolint:gosec // spreads load, guards nothing
}
