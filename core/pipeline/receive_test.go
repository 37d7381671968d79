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

// receive fetches at a fixed moment a document whose deadline is after it.
func receive(ctx context.Context, outside result, untilDeadline time.Duration) (core.Made, error) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	doc := document("x", 1)
	doc.ParseDeadline = now.Add(untilDeadline)
	return pipeline.Receiving{Parser: outside, Now: func() time.Time { return now }}.Make(ctx, doc)
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
		core.Fail(core.CodeParseGone, nil),
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

func TestReceiveWithoutDeadlineWaitsOn(t *testing.T) {
	t.Parallel()
	stage := pipeline.Receiving{Parser: result{err: core.Fail(core.CodeParseNotReady, nil)}, Now: time.Now}
	_, err := stage.Make(t.Context(), document("x", 1))
	wantCode(t, err, core.CodeParseNotReady, core.Busy)
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
