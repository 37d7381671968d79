package riverqueue_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// kinds is every kind of job of a document.
func kinds() []core.Stage {
	return append(core.Stages(), core.Forget, core.Purge, core.Arrive, core.Reembed)
}

// Args are shown in River's pages and kept for days: ids and numbers alone.
func TestC16_ArgsHoldIdsAlone(t *testing.T) {
	t.Parallel()
	var found []core.Stage
	for _, args := range []river.JobArgs{riverqueue.ParseArgs{}, riverqueue.ReceiveArgs{}, riverqueue.ValidateArgs{}, riverqueue.ChunkArgs{},
		riverqueue.EmbedArgs{}, riverqueue.FinishArgs{}, riverqueue.ForgetArgs{}, riverqueue.PurgeArgs{},
		riverqueue.ArriveArgs{}, riverqueue.ReembedArgs{}} {
		found = append(found, core.Stage(args.Kind()))
		filled := reflect.New(reflect.TypeOf(args)).Elem()
		filled.Field(0).Set(reflect.ValueOf(riverqueue.Step{Document: core.NewID(), Attempt: 2, Turn: 3, Hint: true}))
		text, err := json.Marshal(filled.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"attempt", "document", "hint", "turn"}, slices.Sorted(maps.Keys(keys))); diff != "" {
			t.Errorf("%s carries:\n%s", args.Kind(), diff)
		}
	}
	if diff := cmp.Diff(kinds(), found); diff != "" {
		t.Errorf("kinds:\n%s", diff)
	}
	for _, args := range []river.JobArgs{riverqueue.ReconcileArgs{}, riverqueue.SweepArgs{}, riverqueue.AwaitArgs{}, riverqueue.TendArgs{}, riverqueue.RetainArgs{}, riverqueue.ScrubArgs{}, riverqueue.ArchiveArgs{}} {
		if text, err := json.Marshal(args); err != nil || string(text) != "{}" {
			t.Errorf("%s carries %s", args.Kind(), text)
		}
	}
}

// What is inserted stands in the table as its setting says, and the job comes
// back from there as it went in.
func TestInsertFollowsTheSettingsTable(t *testing.T) {
	h := open(t)
	for i, stage := range kinds() {
		id := h.insert(core.Job{Stage: stage, Document: core.NewID(), Attempt: 3, Turn: i, Hint: i%2 == 0}, nil)
		var kind, queue, state string
		var most, attempt, turn int
		var hint bool
		err := h.pool.QueryRow(t.Context(), `select kind, queue, state, max_attempts, (args ->> 'attempt')::int, (args ->> 'turn')::int,
			coalesce((args ->> 'hint')::boolean, false) from river.river_job where args ->> 'document' = $1`, id.String()).
			Scan(&kind, &queue, &state, &most, &attempt, &turn, &hint)
		if err != nil {
			t.Fatal(err)
		}
		setting := h.settings.Stages[stage]
		if kind != string(stage) || queue != setting.Queue || most != setting.Attempts || state != "available" {
			t.Errorf("%s is inserted as %s in %s, %s, at most %d times", stage, kind, queue, state, most)
		}
		if attempt != 3 || turn != i || hint != (i%2 == 0) {
			t.Errorf("%s carries attempt %d, turn %d, hint %t", stage, attempt, turn, hint)
		}
	}
}

// A job exists exactly when the transaction that asked for it does.
func TestL023_AJobOfARolledBackTransactionNeverWas(t *testing.T) {
	h := open(t)
	job := core.Job{Stage: core.Parse, Document: core.NewID(), Attempt: 1}
	undo := errors.New("undo")
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		if err := h.queue.Insert(t.Context(), tx, job, job); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if n := h.jobs(); n != 0 {
		t.Errorf("%d jobs are there", n)
	}
	err = pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.queue.Insert(t.Context(), tx) })
	if n := h.jobs(); err != nil || n != 0 {
		t.Errorf("inserting nothing: %v, %d jobs", err, n)
	}
}

func (h *house) jobs() (n int) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), `select count(*) from river.river_job`).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestS32_TheQueueRefusesWhatIsNotItsOwn(t *testing.T) {
	h := open(t)
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		return h.queue.Insert(t.Context(), tx, core.Job{Stage: core.Parse}, core.Job{Stage: "polish"})
	})
	if !core.HasCode(err, core.CodeInternal) || h.jobs() != 0 {
		t.Errorf("a stage without a kind: %v, %d jobs", err, h.jobs())
	}
	for _, ticket := range []any{nil, "ticket", 7} {
		err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.queue.Complete(t.Context(), tx, ticket) })
		if !core.HasCode(err, core.CodeInternal) {
			t.Errorf("the ticket %v: %v", ticket, err)
		}
	}
}

// Every kind has its row, every row a queue with workers, and no run may take
// longer than a rescue waits, or two would run at once.
func TestTheSettingsTableIsComplete(t *testing.T) {
	t.Parallel()
	settings := riverqueue.DefaultSettings()
	for _, kind := range kinds() {
		setting, ok := settings.Stages[kind]
		if !ok || setting.Timeout <= 0 || setting.Timeout+30*time.Second > settings.Rescue || setting.Attempts < 4 || setting.Attempts > 8 {
			t.Errorf("%s is run as %+v, and rescued after %s", kind, setting, settings.Rescue)
		}
		if settings.Workers[setting.Queue] < 1 {
			t.Errorf("%s: nobody works queue %q", kind, setting.Queue)
		}
	}
	if len(settings.Stages) != len(kinds()) || settings.Workers[riverqueue.QueueUpkeep] < 1 {
		t.Errorf("rows of no kind, or nobody for upkeep: %+v", settings)
	}
	fields := reflect.ValueOf(settings)
	for i := range fields.NumField() {
		if d, ok := fields.Field(i).Interface().(time.Duration); ok && d <= 0 {
			t.Errorf("%s is %s", fields.Type().Field(i).Name, d)
		}
	}
	if settings.FetchCooldown != 10*time.Millisecond || settings.FetchPollInterval != 100*time.Millisecond {
		t.Errorf("a hop waits for %s and %s", settings.FetchCooldown, settings.FetchPollInterval)
	}
}

// However often a file is noticed, one job takes it in; once that has ended, a
// new one may.
func TestAnArrivalIsEnqueuedOnce(t *testing.T) {
	h := open(t)
	job := core.Job{Stage: core.Arrive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn}
	for range 3 {
		h.insert(job, nil)
	}
	h.insert(core.Job{Stage: core.Arrive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn}, nil)
	of := func() (n int) {
		if err := h.pool.QueryRow(t.Context(), `select count(*) from river.river_job where args ->> 'document' = $1`, job.Document.String()).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := of(); n != 1 {
		t.Errorf("%d jobs for one file", n)
	}
	h.exec(job.Document, `state = 'completed', finalized_at = now()`)
	h.insert(job, nil)
	if n := of(); n != 2 {
		t.Errorf("%d jobs after the first ended, want two", n)
	}
}
