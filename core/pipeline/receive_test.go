package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

type result struct {
	text core.Text
	err  error
}

func (r result) Fetch(context.Context, core.Document) (core.Text, error) { return r.text, r.err }

// deadline is what a job has from its submission.
const deadline = 2 * time.Hour

// receive fetches at a fixed moment a document whose deadline is after it.
func receive(ctx context.Context, outside result, untilDeadline time.Duration) (core.Made, error) {
	return receiveAt(ctx, outside, untilDeadline, 1)
}

func receiveAt(ctx context.Context, outside result, untilDeadline time.Duration, turn int) (core.Made, error) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	doc := document("x", 1)
	doc.ParseDeadline, doc.Turn = now.Add(untilDeadline), turn
	return pipeline.Receiving{Parser: outside, Deadline: deadline, Now: func() time.Time { return now }}.Make(ctx, doc)
}

// A text that is there counts, however late it is.
func TestReceiveTakesTheTextBeforeAndAfterTheDeadline(t *testing.T) {
	t.Parallel()
	text := core.Text{Parser: "p@1", Credits: 3, Pages: []core.Page{{Number: 1, Text: "copay"}}}
	for _, until := range []time.Duration{time.Hour, 0, -time.Hour} {
		made, err := receive(t.Context(), result{text: text}, until)
		if err != nil || !cmp.Equal(made, core.Made(text)) {
			t.Errorf("%s before the deadline: %v, %v", until, made, err)
		}
	}
}

func TestC15_AWaitPastTheDeadlineEndsAsTimeout(t *testing.T) {
	t.Parallel()
	for _, waiting := range []error{
		core.Fail(core.CodeParseNotReady, nil),
		core.Fail(core.CodeParserUnavailable, fmt.Errorf("call: %w", context.DeadlineExceeded)),
		core.Wait(core.CodeParserBusy, time.Minute, nil),
		errors.New("unknown"),
	} {
		for _, until := range []time.Duration{time.Nanosecond, 0} {
			if made, err := receive(t.Context(), result{err: waiting}, until); !errors.Is(err, waiting) || made != nil {
				t.Errorf("%v, %s before the deadline: %v, %v; want it as it is", waiting, until, made, err)
			}
		}
		made, err := receive(t.Context(), result{err: waiting}, -time.Nanosecond)
		wantCode(t, err, core.CodeParseTimeout, core.Permanent)
		wantNothing(t, made)
	}
}

// A parser that is known to be away ends no wait, up to a limit: what it was
// asked for may be long ready.
func TestL028_AnOutageIsWaitedOutBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	out := core.Wait(core.CodeParserUnavailable, time.Minute, core.ErrUnasked)
	for until, ends := range map[time.Duration]bool{-time.Nanosecond: false, -time.Hour: false, -time.Hour - 1: true} {
		now := time.Now()
		doc := document("x", 1)
		doc.ParseDeadline, doc.Turn = now.Add(until), 1
		stage := pipeline.Receiving{Parser: result{err: out}, Deadline: deadline, Outage: time.Hour, Now: func() time.Time { return now }}
		if _, err := stage.Make(t.Context(), doc); core.HasCode(err, core.CodeParseTimeout) != ends {
			t.Errorf("%s past the deadline: %v", -until, err)
		}
	}
}

// A job that ended for no fault of the document is replaced while the attempt
// may have another; then its own reason stands. How late it is does not count:
// the result may have expired while no worker ran.
func TestALostJobIsGivenUpForAnotherTwiceAtMost(t *testing.T) {
	t.Parallel()
	for _, lost := range []*core.Error{
		core.Fail(core.CodeParseGone, nil),
		{Code: core.CodeParseFailed, Kind: core.Transient},
		{Code: core.CodeParseTimeout, Kind: core.Transient},
	} {
		for _, until := range []time.Duration{time.Hour, -time.Hour} {
			for turn, again := range map[int]bool{1: true, 3: true, 5: false, 7: false} {
				made, err := receiveAt(t.Context(), result{err: lost}, until, turn)
				if again {
					if err != nil || made != core.Made(core.Lost{}) {
						t.Errorf("%s, turn %d: %v, %v; want it to be handed over again", lost, turn, made, err)
					}
					continue
				}
				wantCode(t, err, lost.Code, core.Permanent)
				wantNothing(t, made)
			}
		}
	}
}

// The parser's reading side may not know yet what its writing side took.
func TestAJobThatIsUnknownJustAfterItsSubmissionIsNotLostYet(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]bool{0: true, time.Minute - 1: true, time.Minute: false} {
		made, err := receive(t.Context(), result{err: core.Fail(core.CodeParseGone, nil)}, deadline-age)
		if want {
			wantCode(t, err, core.CodeParseNotReady, core.Busy)
		} else if err != nil || made != core.Made(core.Lost{}) {
			t.Errorf("after %s: %v, %v", age, made, err)
		}
	}
}

// A document without a job under way is looked for and handed over, not asked for.
func TestADocumentWhoseJobWasGivenUpIsHandedOverOnce(t *testing.T) {
	t.Parallel()
	for _, found := range []bool{false, true} {
		doc, outside := document("the policy", 1), &parser{found: found}
		doc.Status, doc.ProviderJob, doc.Turn = core.ParseQueued, "job-old", 2
		stage := pipeline.Receiving{Parser: result{err: core.Fail(core.CodeInternal, nil)}, Again: parsing(stored("the policy"), outside), Now: time.Now}
		made, err := stage.Make(t.Context(), doc)
		want, calls := core.Queued{ProviderJob: "job-new", ProviderFile: "file-new"}, []string{"find", "submit"}
		if found {
			want, calls = core.Queued{ProviderJob: "job-found"}, []string{"find"}
		}
		if err != nil || !cmp.Equal(made, core.Made(want)) || !cmp.Equal(outside.calls, calls) {
			t.Errorf("found %v: made %v, %v, calls %v", found, made, err, outside.calls)
		}
	}
}

// The parser's own reason says more than that time is up; and our key or our
// bill is no fault of the document.
func TestC12_AFinalReasonBeatsTheDeadline(t *testing.T) {
	t.Parallel()
	for code, kind := range map[core.Code]core.Kind{core.CodeParseFailed: core.Permanent, core.CodeParseCancelled: core.Permanent,
		core.CodeParserRefused: core.Permanent, core.CodeParserKey: core.Paused, core.CodeParserCredits: core.Paused} {
		_, err := receive(t.Context(), result{err: core.Fail(code, nil)}, -time.Hour)
		wantCode(t, err, code, kind)
	}
}

// A stop is no timeout of the document.
func TestFM027r_AStopPastTheDeadlineIsAStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := receive(ctx, result{err: fmt.Errorf("fetch: %w", ctx.Err())}, -time.Hour)
	if !errors.Is(err, context.Canceled) || core.HasCode(err, core.CodeParseTimeout) {
		t.Errorf("the error is %v, want the context's own", err)
	}
}
