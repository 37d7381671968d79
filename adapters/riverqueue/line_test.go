package riverqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

func TestEveryStageHasAWorker(t *testing.T) {
	h := open(t)
	ids := map[core.ID]core.Stage{}
	for _, kind := range kinds() {
		ids[h.add(kind, nil)] = kind
	}
	h.start()
	for id, kind := range ids {
		if got := h.ends(id); got.State != "completed" || got.Attempt != 1 || len(got.Errors) != 0 {
			t.Errorf("%s: the job is %+v", kind, got)
		}
		if _, inLine := core.LegOf(kind); inLine && h.count(h.kept, id) != 1 {
			t.Errorf("%s was kept %d times", kind, h.count(h.kept, id))
		}
	}
}

func TestALineIsRefusedWhereAStageHasNoKindOrNoSetting(t *testing.T) {
	h := open(t)
	for _, name := range kinds() {
		settings := riverqueue.DefaultSettings()
		delete(settings.Stages, name)
		var stages []pipeline.Stage
		for _, known := range core.Stages() {
			stages = append(stages, stage{h, known})
		}
		if _, err := riverqueue.NewLine(h.pool, h, stages, h.upkeep, settings, h.logs.log()); err == nil {
			t.Errorf("no setting for %s, and a line", name)
		}
	}
	settings := riverqueue.DefaultSettings()
	settings.Stages["polish"] = settings.Stages[core.Chunk]
	for _, bad := range [][]pipeline.Stage{{stage{h, "polish"}}, {stage{h, core.Chunk}, stage{h, core.Chunk}}} {
		if _, err := riverqueue.NewLine(h.pool, h, bad, h.upkeep, settings, h.logs.log()); err == nil {
			t.Errorf("a line of %v", bad)
		}
	}
}

// The rescue may be set as short as the stages allow; a round of upkeep then
// has no longer.
func TestAShortRescueIsTaken(t *testing.T) {
	h := open(t)
	h.settings.Rescue = 10 * time.Second
	for name, setting := range h.settings.Stages {
		setting.Timeout = 5 * time.Second
		h.settings.Stages[name] = setting
	}
	id := h.add(core.Chunk, nil)
	h.start()
	if got := h.ends(id); got.State != "completed" {
		t.Errorf("the job is %+v", got)
	}
}

// During a rollout an older worker leaves a newer release's jobs to the newer.
func TestAnUnknownKindIsLeftAlone(t *testing.T) {
	h := open(t)
	strange := core.NewID()
	_, err := h.pool.Exec(t.Context(), `insert into river.river_job (kind, queue, args, max_attempts, scheduled_at)
		values ('polish', $1, jsonb_build_object('document', $2::text), 5, now() - interval '1 hour')`, riverqueue.QueueLine, strange.String())
	if err != nil {
		t.Fatal(err)
	}
	ours := h.add(core.Chunk, nil)
	stop := h.start()
	h.ends(ours)
	stop()
	if got := h.row(strange); got.State != "available" || got.Attempt != 0 || len(got.Errors) != 0 {
		t.Errorf("the unknown job is %+v", got)
	}
}

// However many jobs wait, a stop ends within its time: those under way are done,
// and the others wait as before.
func TestAStopAmidALongQueue(t *testing.T) {
	h := open(t)
	const waiting = 3000
	jobs := make([]core.Job, waiting)
	for i := range jobs {
		jobs[i] = core.Job{Stage: core.Validate, Document: core.NewID(), Attempt: 1}
	}
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.queue.Insert(t.Context(), tx, jobs...) })
	if err != nil {
		t.Fatal(err)
	}
	in := func(state string) (n int) {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), `select count(*) from river.river_job where kind = 'validate' and state::text = $1`, state).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	stop := h.start()
	h.until("some to be done", func() bool { return in("completed") >= 20 })
	stop() // fails the test where it does not end
	done, left := in("completed"), in("available")
	if done+left != waiting || left == 0 {
		t.Errorf("after the stop %d jobs are done, %d wait, %d run", done, left, in("running"))
	}
}

// A job that goes on although it was told to stop is named by its kind. Once it
// has ended, so has the line.
func TestAStopNamesWhatDoesNotEnd(t *testing.T) {
	h := open(t)
	h.settings.SoftStop = 20 * time.Millisecond
	told, letGo := make(chan struct{}), make(chan struct{})
	stuck := h.add(core.Chunk, func(ctx context.Context, _ int) error {
		<-ctx.Done()
		close(told)
		<-letGo
		return ctx.Err()
	})
	ended := h.add(core.Parse, nil)
	line := h.begin()
	h.ends(ended)
	h.until("the job to begin", func() bool { return h.row(stuck).State == "running" && h.count(h.runs, stuck) == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-told; cancel() }()
	if err := line.Stop(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), ": chunk (1): ") {
		t.Errorf("the stop says %v", err)
	}
	close(letGo)
	ctx, cancel = context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := line.Stop(ctx); err != nil {
		t.Errorf("after the last job the stop says %v", err)
	}
	if got := h.row(stuck); got.State != "available" || got.Attempt != 0 {
		t.Errorf("the job is %+v", got)
	}
}

// A stop interrupts what does not end by itself, and gives the try back: even
// the last one fails no document.
func TestFM027r_AStopGivesRunningJobsBack(t *testing.T) {
	h := open(t)
	h.settings.SoftStop = 20 * time.Millisecond
	begun := make(chan core.ID, 8)
	wait := func(wrap func(error) error) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			begun <- core.ID{}
			<-ctx.Done()
			return wrap(ctx.Err())
		}
	}
	h.upkeep.Reconcile = func(ctx context.Context) error { return wait(func(err error) error { return err })(ctx, 1) }
	plain := h.add(core.Chunk, wait(func(err error) error { return fmt.Errorf("cut: %w", err) }))
	worded := h.add(core.Parse, wait(func(err error) error { return core.Fail(core.CodeParserUnavailable, err) }))
	last := h.add(core.Embed, wait(func(err error) error { return core.Fail(core.CodeEmbedderUnavailable, err) }))
	h.exec(last, `attempt = max_attempts - 1`)
	stop := h.start()
	for range 4 {
		<-begun
	}
	stop()
	for id, attempt := range map[core.ID]int{plain: 0, worded: 0, last: h.settings.Stages[core.Embed].Attempts - 1} {
		got := h.row(id)
		if got.State != "available" || got.Attempt != attempt || len(got.Errors) != 0 || h.failures(id) != nil || h.due(id) != 1 {
			t.Errorf("after the stop the job is %+v, trouble %v", got, h.failures(id))
		}
	}
	if diff := cmp.Diff([]string{"available"}, h.periodic("reconcile")); diff != "" {
		t.Errorf("after the stop the round is:\n%s", diff)
	}
	h.mu.Lock()
	clear(h.acts)
	h.mu.Unlock()
	h.upkeep.Reconcile = func(context.Context) error { return nil }
	h.start()
	for _, id := range []core.ID{plain, worded, last} {
		if got := h.ends(id); got.State != "completed" || h.count(h.kept, id) != 1 {
			t.Errorf("after the restart the job is %+v", got)
		}
	}
}

// due counts the document's jobs that wait for nothing but a worker.
func (h *house) due(id core.ID) (n int) {
	h.t.Helper()
	err := h.pool.QueryRow(h.t.Context(), `select count(*) from river.river_job where args ->> 'document' = $1
		and state = 'available' and scheduled_at <= now()`, id.String()).Scan(&n)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// A stop lets a job end that can.
func TestFM039_AStopLetsRunningJobsEnd(t *testing.T) {
	h := open(t)
	begun, release := make(chan struct{}), make(chan struct{})
	id := h.add(core.Chunk, func(ctx context.Context, _ int) error {
		close(begun)
		<-release
		return ctx.Err()
	})
	stop := h.start()
	<-begun
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	close(release)
	<-stopped
	if got := h.row(id); got.State != "completed" || h.count(h.kept, id) != 1 {
		t.Errorf("the job is %+v", got)
	}
}

// An operator's cancel ends the run; the document is not left without a job,
// but fails, and its owner can retry it.
func TestARemoteCancelEndsTheRunAndTheDocument(t *testing.T) {
	h := open(t)
	begun := make(chan struct{})
	id := h.add(core.Embed, func(ctx context.Context, _ int) error {
		close(begun)
		<-ctx.Done()
		return core.Fail(core.CodeEmbedderUnavailable, ctx.Err())
	})
	h.start()
	<-begun
	h.cancel(id)
	got := h.ends(id)
	if got.State != "cancelled" || !cmp.Equal(got.Errors, []string{"JobCancelError: job cancelled remotely"}) {
		t.Errorf("the job is %+v", got)
	}
	h.failedOnce(id, core.Embed, core.CodeInternal)
}

// A run that kept its step before the cancel reached it has kept it.
func TestARemoteCancelAfterTheWorkChangesNothing(t *testing.T) {
	h := open(t)
	begun, release := make(chan struct{}), make(chan struct{})
	id := h.add(core.Embed, func(context.Context, int) error {
		close(begun)
		<-release
		return nil
	})
	h.start()
	<-begun
	h.exec(id, `metadata = metadata || '{"cancel_attempted_at": "2026-01-01T00:00:00Z"}'`) // the wake-up was lost
	close(release)
	if got := h.ends(id); got.State != "completed" || h.count(h.kept, id) != 1 || h.failures(id) != nil {
		t.Errorf("the job is %+v, trouble %v", got, h.failures(id))
	}
}

// cancel does what River's own pages do.
func (h *house) cancel(id core.ID) {
	h.t.Helper()
	client, err := river.NewClient(riverpgxv5.New(h.pool), &river.Config{Schema: "river"})
	if err != nil {
		h.t.Fatal(err)
	}
	job := h.row(id).ID
	err = pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := client.JobCancelTx(h.t.Context(), tx, job)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// While a round is under way no other is started, however long it takes.
func TestRoundsDoNotPileUp(t *testing.T) {
	h := open(t)
	h.settings.ReconcileEvery, h.settings.SweepEvery = 20*time.Millisecond, 20*time.Millisecond
	begun, release := make(chan struct{}, 100), make(chan struct{})
	var atOnce, sweeps atomic.Int32
	h.upkeep.Reconcile = func(ctx context.Context) error {
		if atOnce.Add(1) > 1 {
			t.Error("two rounds at once")
		}
		defer atOnce.Add(-1)
		begun <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	}
	h.upkeep.Sweep = func(context.Context) error { sweeps.Add(1); return nil }
	h.start()
	<-begun
	h.until("five rounds of the other kind", func() bool { return sweeps.Load() >= 5 })
	if diff := cmp.Diff([]string{"running"}, h.periodic("reconcile")); diff != "" {
		t.Errorf("the rounds are:\n%s", diff)
	}
	close(release)
	<-begun // and the next comes once it is over
}

// A round that fails is over: its code is kept, and the next one comes.
func TestARoundThatFailsIsFollowedByAnother(t *testing.T) {
	h := open(t)
	h.settings.ReconcileEvery = 20 * time.Millisecond
	var rounds atomic.Int32
	h.upkeep.Reconcile = func(context.Context) error {
		if rounds.Add(1) == 1 {
			return core.Fail(core.CodeDatabaseUnavailable, errCanary)
		}
		return nil
	}
	h.start()
	h.until("two rounds", func() bool {
		list := h.periodic("reconcile")
		return len(list) > 1 && list[0] == "discarded database_unavailable" && slices.Contains(list[1:], "completed")
	})
}

// A job whose process was killed runs again, in another one, and once.
func TestC20_AJobOfAKilledProcessIsRescued(t *testing.T) {
	h := open(t)
	id := h.add(core.Chunk, nil)
	h.exec(id, `state = 'running', attempt = 1, attempted_at = now() - interval '1 hour', attempted_by = '{gone}'`)
	h.start()
	if got := h.ends(id); got.State != "completed" || got.Attempt != 2 || h.count(h.kept, id) != 1 {
		t.Errorf("the job is %+v, kept %d times", got, h.count(h.kept, id))
	}
}

// doorstep is an observer that lets no job go on until it is open.
type doorstep struct {
	*tally
	open chan struct{}
}

func (d doorstep) Began(queue string) {
	d.note("began " + queue)
	<-d.open
}

// Whatever runs is in the line's hand, of each kind and whatever it waits for;
// a row that runs and is not was missed.
func TestC20_TheLineKnowsWhatItHasInHand(t *testing.T) {
	h := open(t)
	door := doorstep{newTally(), make(chan struct{})}
	h.settings.Observer = door
	id := h.add(core.Chunk, nil)
	missed := h.add(core.Chunk, nil)
	h.exec(missed, `state = 'running', attempt = 1, attempted_at = now(), attempted_by = '{me}'`) // and the answer was lost
	line := h.begin()
	running := func() (all []int64) {
		if err := h.pool.QueryRow(t.Context(), `select array_agg(id) from river.river_job where state = 'running'`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	h.until("a document's job and a round to wait", func() bool {
		door.mu.Lock()
		defer door.mu.Unlock()
		return door.told["began line"] > 0 && door.told["began upkeep"] > 0
	})
	want := []int64{h.row(missed).ID}
	h.until("the one job to be missed", func() bool { return cmp.Equal(line.Missed(running()), want) })
	close(door.open)
	h.ends(id)
	both := []int64{want[0], h.row(id).ID}
	line.Missed(both)
	if got := line.Missed(both); !cmp.Equal(got, want) {
		t.Errorf("just after the job's end %v are missed, want %v", got, want)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := line.Stop(ctx); err != nil {
		t.Error(err)
	}
}
