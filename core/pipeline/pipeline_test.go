package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// ledger is a store that writes down what it is asked.
type ledger struct {
	doc      core.Document
	beginErr error
	keepErr  error
	begun    []core.Leg
	kept     []core.Step
	tickets  []any
	settled  int
}

func (l *ledger) Begin(_ context.Context, _ core.Job, leg core.Leg) (core.Document, error) {
	l.begun = append(l.begun, leg)
	return l.doc, l.beginErr
}

func (l *ledger) Keep(_ context.Context, step core.Step, ticket any) error {
	l.kept, l.tickets = append(l.kept, step), append(l.tickets, ticket)
	return l.keepErr
}

func (l *ledger) Unasked(context.Context, core.Document) error { l.settled++; return nil }

// work is a stage that makes what it is told.
type work struct {
	name core.Stage
	made core.Made
	err  error
	runs *int
}

func (w work) Name() core.Stage { return w.name }

func (w work) Make(context.Context, core.Document) (core.Made, error) {
	*w.runs++
	return w.made, w.err
}

// run takes a job through the stage and tells how often it made something.
func run(t *testing.T, l *ledger, w work) (runs int, err error) {
	t.Helper()
	w.runs = &runs
	job := core.Job{Stage: w.name, Document: l.doc.ID, Attempt: 1}
	err = pipeline.Run(t.Context(), l, w, job, "ticket")
	return runs, err
}

func TestRunKeepsWhatTheStageMade(t *testing.T) {
	t.Parallel()
	for _, leg := range core.Line {
		l := &ledger{doc: document("x", 1)}
		made := core.Vectors{Model: "m"}
		if runs, err := run(t, l, work{name: leg.Stage, made: made}); err != nil || runs != 1 {
			t.Fatalf("%s: %d runs, %v", leg.Stage, runs, err)
		}
		if diff := cmp.Diff([]core.Step{{Document: l.doc, Leg: leg, Made: made}}, l.kept); diff != "" {
			t.Errorf("%s kept:\n%s", leg.Stage, diff)
		}
		if diff := cmp.Diff([]core.Leg{leg}, l.begun); diff != "" || !cmp.Equal(l.tickets, []any{"ticket"}) {
			t.Errorf("%s began with the ticket %v:\n%s", leg.Stage, l.tickets, diff)
		}
	}
}

// A step whose turn it is not asks nothing of the outside.
func TestL021_AStepThatMayNotBeginMakesNothing(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{core.ErrStale, core.ErrEarly, core.Fail(core.CodeDatabaseUnavailable, nil)} {
		l := &ledger{doc: document("x", 1), beginErr: refusal}
		if runs, err := run(t, l, work{name: core.Parse}); !errors.Is(err, refusal) || runs != 0 || len(l.kept) != 0 {
			t.Errorf("%v: %d runs, %d kept, %v", refusal, runs, len(l.kept), err)
		}
	}
}

// What a stage made beside an error is not kept: all or nothing.
func TestC21_AStagesErrorNeverReachesKeep(t *testing.T) {
	t.Parallel()
	for _, fault := range []error{core.Fail(core.CodeBadVectors, nil), context.Canceled, errors.New("unknown")} {
		l := &ledger{doc: document("x", 1)}
		half := core.Vectors{Items: []core.Vector{{Chunk: core.NewID()}}}
		if _, err := run(t, l, work{name: core.Embed, made: half, err: fault}); !errors.Is(err, fault) || len(l.kept) != 0 {
			t.Errorf("%v: kept %v, %v", fault, l.kept, err)
		}
	}
}

// The outcome of asking the parser is unknown until it is kept, unless it is
// certain that nothing came of it; what was unknown before stays so.
func TestOnlyACertainOutcomeIsSettled(t *testing.T) {
	t.Parallel()
	unasked := core.Wait(core.CodeParserUnavailable, 0, core.ErrUnasked)
	for _, c := range []struct {
		stage      core.Stage
		err        error
		submitting bool
		want       int
	}{
		{core.Parse, unasked, false, 1},
		{core.Parse, core.Fail(core.CodeParserCredits, nil), false, 1},
		{core.Parse, core.Fail(core.CodeParserBusy, nil), false, 1},
		{core.Parse, unasked, true, 0},
		{core.Parse, core.Fail(core.CodeParserUnavailable, nil), false, 0},
		{core.Parse, context.Canceled, false, 0},
		{core.Embed, unasked, false, 0}, // pure: it may be asked again
	} {
		l := &ledger{doc: document("x", 1)}
		l.doc.Submitting = c.submitting
		if _, err := run(t, l, work{name: c.stage, err: c.err}); !errors.Is(err, c.err) || l.settled != c.want {
			t.Errorf("%s, %v, unknown before %t: settled %d times, %v", c.stage, c.err, c.submitting, l.settled, err)
		}
	}
}

func TestRunPassesKeepsErrorOn(t *testing.T) {
	t.Parallel()
	for _, fault := range []error{core.ErrStale, core.Fail(core.CodeChunksIncomplete, nil)} {
		l := &ledger{doc: document("x", 1), keepErr: fault}
		if _, err := run(t, l, work{name: core.Finish}); !errors.Is(err, fault) {
			t.Errorf("%v became %v", fault, err)
		}
	}
}

func TestRunRefusesAStageThatIsNotInTheLine(t *testing.T) {
	t.Parallel()
	for _, stage := range []core.Stage{core.Purge, core.Forget, "polish", ""} {
		l := &ledger{}
		if runs, err := run(t, l, work{name: stage}); !core.HasCode(err, core.CodeInternal) || runs != 0 || len(l.begun) != 0 {
			t.Errorf("%q: %d runs, %v", stage, runs, err)
		}
	}
}

// Finish makes nothing: the database's gate decides.
func TestL011_FinishMakesNothingOfItsOwn(t *testing.T) {
	t.Parallel()
	made, err := pipeline.Finishing{}.Make(t.Context(), document("x", 1))
	if made != nil || err != nil {
		t.Errorf("made %v, %v", made, err)
	}
}

// The stages' names are the Line's, in its order.
func TestFM015_TheStagesAreNamedAsInTheLine(t *testing.T) {
	t.Parallel()
	var names []core.Stage
	for _, stage := range []pipeline.Stage{pipeline.Parsing{}, pipeline.Receiving{}, pipeline.Validating{}, pipeline.Chunking{},
		pipeline.Embedding{}, pipeline.Finishing{}} {
		names = append(names, stage.Name())
	}
	if diff := cmp.Diff(core.Stages(), names); diff != "" {
		t.Errorf("the stages are not the Line's:\n%s", diff)
	}
}
