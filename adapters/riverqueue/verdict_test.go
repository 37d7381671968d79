package riverqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// Errors whose cause holds what must not be stored anywhere.
var errCanary = errors.New("canary: Jane Roe, policy HN-QUX, sk-secret")

// What ends a document at once: its first run, its reason, and no other run.
func TestC9_WhatCannotBeMendedFailsTheDocumentAtOnce(t *testing.T) {
	h := open(t)
	ids := map[core.ID]core.Code{}
	for _, e := range []*core.Error{
		core.Fail(core.CodeParserRefused, errCanary), // Permanent
		core.Fail(core.CodeNotFound, errCanary),
		core.Fail(core.CodeConflict, errCanary),
		core.Fail(core.CodeInvalid, errCanary),
		core.Fail(core.CodeDenied, errCanary),
		core.Fail(core.CodeParseTimeout, fmt.Errorf("last poll: %w", context.DeadlineExceeded)), // no try more for its cause
		core.Fail(core.CodeInputTooLong, context.Canceled),
	} {
		ids[h.add(core.Embed, always(e))] = e.Code
	}
	h.start()
	for id, code := range ids {
		got := h.ends(id)
		if got.State != "cancelled" || got.Attempt != 1 || !cmp.Equal(got.Errors, []string{"JobCancelError: " + string(code)}) {
			t.Errorf("%s: the job is %+v", code, got)
		}
		h.failedOnce(id, core.Embed, code)
	}
}

// failedOnce holds that the document failed once, with the reason's words.
func (h *house) failedOnce(id core.ID, stage core.Stage, code core.Code) {
	h.t.Helper()
	want := []core.Trouble{core.TroubleOf(stage, core.Fail(code, nil))}
	if diff := cmp.Diff(want, h.failures(id)); diff != "" {
		h.t.Errorf("%s: the document's trouble:\n%s", code, diff)
	}
	if h.count(h.kept, id) != 0 {
		h.t.Errorf("%s: something was kept", code)
	}
}

// Each stage tries as often as its setting says, then fails as itself.
func TestC9_EachStageIsRetriedThenFailsAsItself(t *testing.T) {
	h := open(t)
	attempts := map[core.Stage]int{}
	ids := map[core.ID]core.Stage{}
	for i, stage := range core.Stages() {
		setting := h.settings.Stages[stage]
		setting.Attempts = 1 + i%3
		h.settings.Stages[stage], attempts[stage] = setting, setting.Attempts
		ids[h.add(stage, always(core.Fail(core.CodeDatabaseUnavailable, errCanary)))] = stage
	}
	h.start()
	for id, stage := range ids {
		got := h.ends(id)
		want := slices.Repeat([]string{"database_unavailable"}, attempts[stage])
		want[len(want)-1] = "JobCancelError: database_unavailable"
		if got.State != "cancelled" || got.Attempt != attempts[stage] || !cmp.Equal(got.Errors, want) {
			t.Errorf("%s with %d attempts: the job is %+v", stage, attempts[stage], got)
		}
		h.failedOnce(id, stage, core.CodeDatabaseUnavailable)
	}
}

func TestATransientErrorIsTriedAgainAndForgotten(t *testing.T) {
	h := open(t)
	id := h.add(core.Chunk, func(_ context.Context, run int) error {
		if run < 3 {
			return core.Fail(core.CodeDatabaseUnavailable, errCanary)
		}
		return nil
	})
	h.start()
	if got := h.ends(id); got.State != "completed" || got.Attempt != 3 || len(got.Errors) != 2 || h.count(h.kept, id) != 1 || h.failures(id) != nil {
		t.Errorf("the job is %+v, trouble %v", got, h.failures(id))
	}
}

// A run that hangs is ended by its stage's time, and the reason names whom the
// stage waited for.
func TestFM038_ARunOutOfTimeIsTheOutsidesFault(t *testing.T) {
	h := open(t)
	ids := map[core.ID]core.Stage{}
	for _, stage := range core.Stages() {
		setting := h.settings.Stages[stage]
		setting.Timeout, setting.Attempts = 20*time.Millisecond, 1
		h.settings.Stages[stage] = setting
		ids[h.add(stage, func(ctx context.Context, _ int) error { <-ctx.Done(); return fmt.Errorf("call: %w", ctx.Err()) })] = stage
	}
	hidden := h.add(core.Chunk, func(ctx context.Context, _ int) error { <-ctx.Done(); return fmt.Errorf("call: %w", context.Canceled) })
	codes := map[core.Stage]core.Code{core.Parse: core.CodeParserUnavailable, core.Receive: core.CodeParserUnavailable,
		core.Validate: core.CodeDatabaseUnavailable, core.Chunk: core.CodeDatabaseUnavailable,
		core.Embed: core.CodeEmbedderUnavailable, core.Finish: core.CodeDatabaseUnavailable}
	h.start()
	for id, stage := range ids {
		if got := h.ends(id); got.State != "cancelled" {
			t.Errorf("%s: the job is %+v", stage, got)
		}
		h.failedOnce(id, stage, codes[stage])
	}
	// Its own time is no stop of the process, whatever a library calls it: the
	// document is not left behind by a discarded job.
	if got := h.ends(hidden); got.State != "cancelled" {
		t.Errorf("the job is %+v", got)
	}
	h.failedOnce(hidden, core.Chunk, core.CodeInternal)
}

// Waiting costs no try, and waits as long as the outside asked.
func TestL027_ABusyOutsideIsWaitedForAndNoTryIsCounted(t *testing.T) {
	h := open(t)
	for stage, setting := range h.settings.Stages {
		setting.Attempts = 1
		h.settings.Stages[stage] = setting
	}
	ids := map[core.ID]time.Duration{
		h.add(core.Embed, always(core.Wait(core.CodeEmbedderBusy, 77*time.Second, errCanary))):                    77 * time.Second,
		h.add(core.Embed, always(core.Fail(core.CodeEmbedderBusy, errCanary))):                                    15 * time.Second,
		h.add(core.Parse, always(core.Fail(core.CodeParserKey, errCanary))):                                       60 * time.Second,
		h.add(core.Embed, always(core.Fail(core.CodeEmbedderCredits, errCanary))):                                 60 * time.Second,
		h.add(core.Parse, always(&core.Error{Code: core.CodeParserCredits, Kind: core.Paused, After: time.Hour})): time.Hour,
	}
	h.start()
	for id, wait := range ids {
		got := h.snoozed(id, 1)
		if got.State != "scheduled" || got.Attempt != 0 || len(got.Errors) != 0 || got.Wait < wait || got.Wait > wait*3/2+patience {
			t.Errorf("asked to wait %s: the job is %+v", wait, got)
		}
		if h.failures(id) != nil {
			t.Errorf("a document failed for %v", h.failures(id))
		}
	}
}

// Ten times busy, then well: one try.
func TestL027_TenTimesBusyIsOneTry(t *testing.T) {
	h := open(t)
	id := h.add(core.Embed, func(_ context.Context, run int) error {
		if run <= 10 {
			return core.Wait(core.CodeEmbedderBusy, time.Minute, nil)
		}
		return nil
	})
	h.start()
	if got := h.ends(id); got.State != "completed" || got.Attempt != 1 || got.Snoozes != 10 || len(got.Errors) != 0 {
		t.Errorf("the job is %+v", got)
	}
}

func TestAStaleStepEndsQuietly(t *testing.T) {
	h := open(t)
	begun, made := core.NewID(), core.NewID()
	h.begins[begun] = core.ErrStale
	h.insert(core.Job{Stage: core.Chunk, Document: begun, Attempt: 1}, nil)
	h.insert(core.Job{Stage: core.Chunk, Document: made, Attempt: 1}, always(fmt.Errorf("keep: %w", core.ErrStale)))
	h.start()
	for _, id := range []core.ID{begun, made} {
		if got := h.ends(id); got.State != "completed" || len(got.Errors) != 0 || h.count(h.runs, id) != 1 || h.count(h.kept, id) != 0 || h.failures(id) != nil {
			t.Errorf("the job is %+v", got)
		}
	}
	if strings.Contains(h.logs.String(), `"level":"WARN"`) {
		t.Errorf("a stale step warned:\n%s", h.logs)
	}
}

// A callback may come before the submission is kept: its step waits, without
// counting tries, and not for ever.
func TestC11_AnEarlyStepWaitsWithinALimit(t *testing.T) {
	h := open(t)
	early := core.NewID()
	h.begins[early] = core.ErrEarly
	h.insert(core.Job{Stage: core.Receive, Document: early, Attempt: 1, Hint: true}, nil)
	h.exec(early, `metadata = '{"snoozes": 118}'`)
	h.start()
	if got := h.ends(early); got.State != "completed" || got.Snoozes != 120 || got.Attempt != 1 || len(got.Errors) != 0 || h.count(h.runs, early) != 3 {
		t.Errorf("the job is %+v after %d runs", got, h.count(h.runs, early))
	}
	if h.failures(early) != nil {
		t.Errorf("an early step failed its document: %v", h.failures(early))
	}
}

func TestC11_AnEarlyStepRunsOnceItsTurnHasCome(t *testing.T) {
	h := open(t)
	id := core.NewID()
	h.begins[id] = core.ErrEarly
	h.insert(core.Job{Stage: core.Receive, Document: id, Attempt: 1}, nil)
	h.start()
	h.snoozed(id, 1)
	h.mu.Lock()
	delete(h.begins, id)
	h.mu.Unlock()
	if got := h.ends(id); got.State != "completed" || h.count(h.kept, id) != 1 {
		t.Errorf("the job is %+v", got)
	}
}

// After a callback the result is looked for again soon, ever more slowly, and
// then left to the reconciler; without a callback it is left to it at once.
func TestC15_AResultThatIsNotReadyIsLookedForOnlyWhereItWasAnnounced(t *testing.T) {
	h := open(t)
	notReady := always(core.Fail(core.CodeParseNotReady, nil))
	polled := h.insert(core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn}, notReady)
	hinted := h.insert(core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn, Hint: true}, notReady)
	h.start()
	if got := h.ends(polled); got.State != "completed" || got.Snoozes != 0 || h.count(h.runs, polled) != 1 {
		t.Errorf("the poll's job is %+v", got)
	}
	for n := 1; n <= len(riverqueue.HintWaits); n++ {
		if got := h.snoozed(hinted, n); got.Wait < riverqueue.HintWaits[got.Snoozes-1] || got.Attempt != 0 {
			t.Errorf("after run %d the hinted job is %+v", n, got)
		}
		h.hurry(hinted)
	}
	got := h.ends(hinted)
	if got.State != "completed" || got.Snoozes != len(riverqueue.HintWaits) || len(got.Errors) != 0 || h.failures(hinted) != nil {
		t.Errorf("the hinted job is %+v", got)
	}
}

// A reason that could not be written is not lost: the job comes back with it.
func TestP006_AReasonThatCouldNotBeWrittenIsWrittenLater(t *testing.T) {
	h := open(t)
	id := h.add(core.Validate, always(core.Fail(core.CodeParseIncomplete, nil)))
	h.unwell[id] = 2
	h.start()
	if got := h.ends(id); got.State != "cancelled" || h.count(h.runs, id) != 3 {
		t.Errorf("the job is %+v after %d runs", got, h.count(h.runs, id))
	}
	h.failedOnce(id, core.Validate, core.CodeParseIncomplete)
}

// What is owed to a deleted document is tried until it is done.
func TestL023_UpkeepNeverGivesUp(t *testing.T) {
	h := open(t)
	for stage, setting := range h.settings.Stages {
		setting.Attempts = 2
		h.settings.Stages[stage] = setting
	}
	faults := map[core.ID]error{}
	purge := func(_ context.Context, id core.ID, _ any) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.runs[id]++
		if h.runs[id] > 4 {
			return nil
		}
		return faults[id]
	}
	h.upkeep.Purge = purge
	h.upkeep.Forget = func(ctx context.Context, id core.ID) error { return purge(ctx, id, nil) }
	h.upkeep.Reembed = h.upkeep.Forget
	for _, stage := range []core.Stage{core.Purge, core.Forget, core.Reembed} {
		for _, fault := range []error{core.Fail(core.CodeParserUnavailable, nil), core.Fail(core.CodeParserRefused, nil), core.Fail(core.CodeParserKey, nil), errCanary} {
			faults[h.add(stage, nil)] = fault
		}
	}
	h.start()
	for id, fault := range faults {
		if got := h.ends(id); got.State != "completed" || h.count(h.runs, id) != 5 {
			t.Errorf("%v: the job is %+v after %d runs", fault, got, h.count(h.runs, id))
		}
		if h.failures(id) != nil {
			t.Errorf("%v: upkeep failed a document", fault)
		}
	}
}

// The wait before a retry is at least what the outside asked for, and at most
// that and a bound which doubles from a second to a minute; jitter is never
// sooner than was asked for.
func TestL028_WaitsStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	transient := core.Rule(core.Fail(core.CodeParserUnavailable, nil))
	rapid.Check(t, func(rt *rapid.T) {
		run := rapid.IntRange(0, 1_000_000).Draw(rt, "run")
		asked := time.Duration(rapid.Int64Range(-1, int64(time.Hour)).Draw(rt, "asked"))
		bound := time.Minute
		if run <= 6 {
			bound = time.Second << max(run-1, 0)
		}
		if got := riverqueue.RetryWait(run, asked, transient); got < max(asked, 0) || got > max(asked, 0)+bound {
			rt.Fatalf("after run %d: %s, want %s and up to %s more", run, got, asked, bound)
		}
		d := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(rt, "d"))
		if got := riverqueue.Jitter(d); got < d || got > d+d/4 {
			rt.Fatalf("%s became %s", d, got)
		}
	})
	low, high := time.Minute, time.Duration(0)
	for range 1000 { // the whole of it is used
		got := riverqueue.RetryWait(7, 0, transient)
		low, high = min(low, got), max(high, got)
	}
	if low > 10*time.Second || high < 50*time.Second {
		t.Errorf("a thousand waits lie between %s and %s", low, high)
	}
}

// A retry waits as long as the outside asked, too.
func TestL028_ARetryHonorsRetryAfter(t *testing.T) {
	h := open(t)
	id := h.add(core.Parse, always(&core.Error{Code: core.CodeParserUnavailable, Kind: core.Transient, After: 40 * time.Minute}))
	h.start()
	h.until("the job to be put off", func() bool { return h.row(id).State == "retryable" })
	if got := h.row(id); got.Attempt != 1 || got.Wait < 40*time.Minute || got.Wait > 42*time.Minute {
		t.Errorf("asked to wait 40 min: the job is %+v", got)
	}
}

// A document is not waited for without end: what it waited for the busy outside
// is added up, and fails it with a reason of its own. Upkeep waits on.
func TestADocumentWaitsForABusyOutsideUpToALimit(t *testing.T) {
	h := open(t)
	h.settings.WaitLimit = 10 * time.Minute
	busy := always(core.Wait(core.CodeParserUnavailable, 3*time.Minute, nil))
	id := h.add(core.Parse, busy)
	money := h.add(core.Embed, func(_ context.Context, run int) error {
		if run > 20 {
			return nil
		}
		return &core.Error{Code: core.CodeEmbedderCredits, Kind: core.Paused, After: 3 * time.Minute}
	})
	h.start()
	if got := h.ends(id); got.State != "cancelled" || got.Attempt != 1 || got.Snoozes < 2 || got.Snoozes > 3 {
		t.Errorf("the job is %+v", got)
	}
	h.failedOnce(id, core.Parse, core.CodeWaitedTooLong)
	if got := h.ends(money); got.State != "completed" || h.failures(money) != nil {
		t.Errorf("a document without money for an hour: %+v, %v", got, h.failures(money))
	}
}

// A poll that finds the parser busy leaves it to the next one: jobs do not pile
// up while the parser is away.
func TestAPollLeavesABusyParserToTheNext(t *testing.T) {
	h := open(t)
	poll := core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn}
	h.insert(poll, always(core.Wait(core.CodeParserUnavailable, time.Hour, nil)))
	again := h.insert(core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Turn: 3}, always(core.Wait(core.CodeParserUnavailable, time.Hour, nil)))
	h.start()
	if got := h.ends(poll.Document); got.State != "completed" || got.Snoozes != 0 || h.failures(poll.Document) != nil {
		t.Errorf("the poll's job is %+v", got)
	}
	if got := h.snoozed(again, 1); got.State != "scheduled" {
		t.Errorf("the job that hands the document over again is %+v", got)
	}
}

// Each stage has from four to eight tries, and a queue rests for a service only
// if all of it needs the service.
func TestTheSettingsOfTheStages(t *testing.T) {
	t.Parallel()
	settings := riverqueue.DefaultSettings()
	for stage, setting := range settings.Stages {
		if setting.Attempts < 4 || setting.Attempts > 8 {
			t.Errorf("%s has %d tries", stage, setting.Attempts)
		}
	}
	want := map[core.Service][]string{core.ServiceParser: {"parse"}, core.ServiceEmbedder: {"embed", "reembed"}, core.ServiceStorage: {"parse"}}
	for service, queues := range want {
		if diff := cmp.Diff(queues, settings.QueuesFor(service)); diff != "" {
			t.Errorf("%s:\n%s", service, diff)
		}
	}
	apart := settings.Stages[core.Arrive]
	apart.Queue = riverqueue.QueueLine
	settings.Stages[core.Arrive] = apart
	if diff := cmp.Diff([]string{"parse", "receive"}, settings.QueuesFor(core.ServiceParser)); diff != "" {
		t.Errorf("with the arrivals elsewhere:\n%s", diff)
	}
}

// Who would not have us is told, once a job; who is busy is not.
func TestARefusalOfKeyOrMoneyIsTold(t *testing.T) {
	h := open(t)
	type refusal struct {
		Service core.Service
		Code    core.Code
	}
	told := make(chan refusal, 8)
	h.settings.Refused = func(_ context.Context, s core.Service, c core.Code) { told <- refusal{s, c} }
	busy := h.add(core.Embed, always(core.Fail(core.CodeEmbedderBusy, nil)))
	h.start()
	h.snoozed(busy, 1)
	id := h.add(core.Parse, always(core.Fail(core.CodeParserCredits, nil)))
	h.snoozed(id, 1)
	if got := <-told; got != (refusal{core.ServiceParser, core.CodeParserCredits}) || len(told) != 0 {
		t.Errorf("told of %+v and %d more", got, len(told))
	}
}
