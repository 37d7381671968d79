package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
)

// lever is the queue's switch as a test sees it.
type lever struct {
	moves []string
	err   error
}

func (l *lever) Pause(_ context.Context, _ pgx.Tx, queue string) error {
	l.moves = append(l.moves, "pause "+queue)
	return l.err
}

func (l *lever) Resume(_ context.Context, _ pgx.Tx, queue string) error {
	l.moves = append(l.moves, "resume "+queue)
	return l.err
}

func (h *house) operations() (*postgres.Operations, *lever) {
	l := &lever{}
	return postgres.NewOperations(h.work, h.queue, l), l
}

var ada = core.Audit{Operator: "ada", Reason: "OPS-1"}

// log is what the operations' log says, in order.
func (h *house) log() []string {
	h.t.Helper()
	rows, err := h.work.Query(h.t.Context(), `select concat_ws(' ', action, what, operator, reason, attempt) from upload_pipeline.operations_log order by entry`)
	if err != nil {
		h.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestThePauseOfTheIntakeIsSeenAtOnceAndLogged(t *testing.T) {
	h := open(t)
	operations, _ := h.operations()
	if err := h.library.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if changed, err := operations.Pause(t.Context(), core.PauseIntake, ada); err != nil || changed != want {
			t.Errorf("paused: %t (%v), want %t", changed, err, want)
		}
	}
	err := h.library.Open(t.Context())
	if e := core.AsError(err); e.Code != core.CodeIntakePaused || e.After <= 0 {
		t.Errorf("while paused: %v after %s", err, e.After)
	}
	for _, want := range []bool{true, false} {
		if changed, err := operations.Resume(t.Context(), core.PauseIntake, core.Audit{Operator: "bob"}); err != nil || changed != want {
			t.Errorf("resumed: %t (%v), want %t", changed, err, want)
		}
	}
	if err := h.library.Open(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"pause intake ada OPS-1", "resume intake bob "}, h.log()); diff != "" {
		t.Errorf("the log:\n%s", diff)
	}
}

// The queue's own switch is thrown in the transaction that notes the pause.
func TestThePauseOfAQueueIsWholeOrNotAtAll(t *testing.T) {
	h := open(t)
	operations, lever := h.operations()
	what := core.PauseQueue("embed")
	lever.err = errors.New("no")
	if changed, err := operations.Pause(t.Context(), what, ada); err == nil || h.count(`select count(*) from upload_pipeline.pauses`) != 0 {
		t.Errorf("a pause that failed: changed %t (%v)", changed, err)
	}
	lever.err = nil
	if changed, err := operations.Pause(t.Context(), what, ada); err != nil || !changed {
		t.Fatal(err)
	}
	pauses, err := operations.Pauses(t.Context())
	want := []core.Pause{{What: what, Operator: "ada", Reason: "OPS-1"}}
	if diff := cmp.Diff(want, pauses, cmpopts.IgnoreFields(core.Pause{}, "Since")); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if changed, err := operations.Resume(t.Context(), what, ada); err != nil || !changed {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"pause embed", "pause embed", "resume embed"}, lever.moves); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"pause queue:embed ada OPS-1", "resume queue:embed ada OPS-1"}, h.log()); diff != "" {
		t.Error(diff)
	}
}

// River forgets a paused queue that nobody works; we do not.
func TestAForgottenPauseIsHeld(t *testing.T) {
	h := open(t)
	operations, lever := h.operations()
	if _, err := operations.Pause(t.Context(), core.PauseQueue("embed"), ada); err != nil {
		t.Fatal(err)
	}
	if err := operations.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"pause embed", "pause embed"}, lever.moves); diff != "" {
		t.Errorf("where River has no note:\n%s", diff)
	}
	h.run(`insert into river.river_queue (name, updated_at, paused_at) values ('embed', now(), now())`)
	if err := operations.Hold(t.Context()); err != nil || len(lever.moves) != 2 {
		t.Errorf("where River has one: %v, %v", lever.moves, err)
	}
}

// The API sees that something rests; who did it and why is the operators'.
func TestTheReasonIsNotTheAPIs(t *testing.T) {
	h := open(t)
	operations, _ := h.operations()
	if _, err := operations.Pause(t.Context(), core.PauseIntake, ada); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		`select reason from upload_pipeline.pauses`:                                      denied,
		`select operator from upload_pipeline.pauses`:                                    denied,
		`select count(*) from upload_pipeline.operations_log`:                            denied,
		`insert into upload_pipeline.pauses (what, operator) values ('queue:line', 'x')`: denied,
		`delete from upload_pipeline.pauses`:                                             denied,
		`select what, paused_at from upload_pipeline.pauses`:                             "",
	} {
		if _, err := h.app.Exec(t.Context(), sql); sqlState(err) != want {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, sql := range []string{`update upload_pipeline.operations_log set reason = ''`, `delete from upload_pipeline.operations_log`} {
		if _, err := h.work.Exec(t.Context(), sql); sqlState(err) != denied {
			t.Errorf("%s: %v", sql, err)
		}
	}
	super := h.db.SuperConn()
	defer super.Close(t.Context()) //nolint:errcheck // nothing is pending
	if _, err := super.Exec(t.Context(), `delete from upload_pipeline.operations_log`); sqlState(err) != denied {
		t.Errorf("the log loses an entry to the superuser: %v", err)
	}
	pauses, err := postgres.NewInstances(h.app).Pauses(t.Context())
	if err != nil || len(pauses) != 1 || pauses[0].Since.IsZero() || pauses[0].Reason+pauses[0].Operator != "" {
		t.Errorf("got %+v (%v)", pauses, err)
	}
}

// fails makes a document that failed at parse with a code.
func (h *house) fails(content string, code core.Code) core.ID {
	h.t.Helper()
	doc := h.upload(user(h.t), content, 2)
	leg, _ := core.LegOf(core.Parse)
	job := core.Job{Stage: core.Parse, Document: doc.Document, Attempt: 1}
	if err := h.store.Fail(h.t.Context(), job, leg, core.TroubleOf(core.Parse, core.Fail(code, nil))); err != nil {
		h.t.Fatal(err)
	}
	return doc.Document
}

func failedIDs(list []postgres.Failure) (found []core.ID) {
	for _, f := range list {
		found = append(found, f.Document)
	}
	return found
}

func TestWhatFailedIsListedAndRetriedOnce(t *testing.T) {
	h := open(t)
	operations, _ := h.operations()
	first, second, other := h.fails("a", core.CodeParserUnavailable), h.fails("b", core.CodeParserUnavailable), h.fails("c", core.CodeFileBroken)
	h.upload(user(t), "well", 2)
	h.queue.take()
	list := func(f postgres.Failures) []postgres.Failure {
		f.Limit = max(f.Limit, 1)
		found, err := operations.Failed(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	all := list(postgres.Failures{Limit: 10})
	if diff := cmp.Diff([]core.ID{first, second, other}, failedIDs(all)); diff != "" {
		t.Errorf("all that failed, the longest ago first:\n%s", diff)
	}
	if f := all[0]; f.Owner.IsZero() || f.Attempt != 1 || f.Status != core.FailedParse || f.Code != core.CodeParserUnavailable || f.Stage != core.Parse || time.Since(f.At) > time.Hour {
		t.Errorf("got %+v", f)
	}
	for name, c := range map[string]struct {
		query postgres.Failures
		want  []core.ID
	}{
		"by code":     {postgres.Failures{Code: core.CodeParserUnavailable, Limit: 10}, []core.ID{first, second}},
		"by stage":    {postgres.Failures{Stage: core.Embed, Limit: 10}, nil},
		"since later": {postgres.Failures{Since: time.Now().Add(time.Hour), Limit: 10}, nil},
		"limited":     {postgres.Failures{Limit: 1}, []core.ID{first}},
	} {
		if diff := cmp.Diff(c.want, failedIDs(list(c.query))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	counts, err := operations.FailedCounts(t.Context(), postgres.Failures{})
	want := []postgres.FailureCount{{Code: core.CodeParserUnavailable, Stage: core.Parse, Count: 2}, {Code: core.CodeFileBroken, Stage: core.Parse, Count: 1}}
	if diff := cmp.Diff(want, counts, cmpopts.IgnoreFields(postgres.FailureCount{}, "Oldest", "Newest")); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}

	if err := operations.Retry(t.Context(), all[0], ada); err != nil {
		t.Fatal(err)
	}
	if err := operations.Retry(t.Context(), all[0], ada); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("a second time: %v", err)
	}
	if diff := cmp.Diff([]core.Job{{Stage: core.Parse, Document: first, Attempt: 2}}, h.queue.take()); diff != "" {
		t.Errorf("the jobs:\n%s", diff)
	}
	if diff := cmp.Diff([]core.ID{second, other}, failedIDs(list(postgres.Failures{Limit: 10}))); diff != "" {
		t.Errorf("what is left:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"retry parser_unavailable ada OPS-1 2"}, h.log()); diff != "" {
		t.Errorf("the log:\n%s", diff)
	}
	if err := operations.Retry(t.Context(), postgres.Failure{Document: second, Attempt: 1, Status: core.Complete}, ada); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("an end without a retry: %v", err)
	}
}

// The service pauses what nobody has paused, and ends its own pauses alone; a
// person's takes the place of the service's.
func TestTheServicesPauseGivesWayToAPersons(t *testing.T) {
	h := open(t)
	operations, _ := h.operations()
	own := core.Audit{Operator: core.ServiceOperator, Reason: string(core.CodeParserKey)}
	what := core.PauseQueue("parse")
	for i, c := range []struct {
		turn    func(context.Context, string, core.Audit) (bool, error)
		by      core.Audit
		changed bool
		rests   string // by whom
	}{
		{operations.Pause, own, true, core.ServiceOperator},
		{operations.Pause, own, false, core.ServiceOperator},
		{operations.Resume, own, true, ""},
		{operations.Resume, own, false, ""},
		{operations.Pause, own, true, core.ServiceOperator},
		{operations.Resume, ada, true, ""},
		{operations.Pause, own, true, core.ServiceOperator},
		{operations.Pause, ada, true, ada.Operator},
		{operations.Pause, own, false, ada.Operator},
		{operations.Resume, own, false, ada.Operator},
		{operations.Resume, ada, true, ""},
	} {
		changed, err := c.turn(t.Context(), what, c.by)
		if err != nil || changed != c.changed {
			t.Fatalf("step %d: changed %t, %v", i, changed, err)
		}
		pauses, err := operations.Pauses(t.Context())
		by := ""
		if len(pauses) > 0 {
			by = pauses[0].Operator
		}
		if err != nil || by != c.rests {
			t.Errorf("step %d: rests by %q, %v; want %q", i, by, err, c.rests)
		}
	}
	if n := len(h.log()); n != 7 {
		t.Errorf("the log has %d entries, want one a change", n)
	}
}
