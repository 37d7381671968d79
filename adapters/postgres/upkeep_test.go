package postgres_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func (h *house) run(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.work.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) due(doc ports.Standing, ago time.Duration) {
	h.t.Helper()
	h.run(`update upload_pipeline.upload_jobs set next_poll_at = now() - $2::interval where job_id = $1`, doc.Job, ago)
}

func (h *house) reconcile(limit int) (polled int, jobs []core.Job) {
	h.t.Helper()
	polled, err := h.store.Reconcile(h.t.Context(), limit)
	if err != nil {
		h.t.Fatal(err)
	}
	return polled, h.queue.take()
}

func receiving(doc ports.Standing) core.Job {
	return core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: core.AnyTurn}
}

func TestC15_TheReconcilerAsksForWhatIsDueAndNothingElse(t *testing.T) {
	h := open(t)
	early, late, later := h.waiting("early"), h.waiting("late"), h.waiting("later")
	fresh := h.upload(user(t), "fresh", 2)
	ended := h.upload(user(t), "ended", 2)
	h.walk(ended, core.Finish)
	h.queue.take()
	for _, other := range []ports.Standing{fresh, ended} { // not waiting, whatever the column says
		h.due(other, time.Hour)
	}
	if n, jobs := h.reconcile(10); n != 0 || len(jobs) != 0 {
		t.Fatalf("%d were asked for before their time: %+v", n, jobs)
	}
	h.due(late, time.Minute)
	h.due(later, time.Hour)
	if n, jobs := h.reconcile(1); n != 1 || !cmp.Equal(jobs, []core.Job{receiving(later)}) {
		t.Errorf("the longest due is not first: %d, %+v", n, jobs)
	}
	if n, jobs := h.reconcile(10); n != 1 || !cmp.Equal(jobs, []core.Job{receiving(late)}) {
		t.Errorf("the second round: %d, %+v", n, jobs)
	}
	if n, jobs := h.reconcile(10); n != 0 || len(jobs) != 0 {
		t.Errorf("asked for again at once: %+v, %v", jobs, early)
	}
}

// Each poll waits as long as the contract says; the last wait repeats.
func TestC15_S09_PollsBackOff(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	waits := postgres.DefaultWaits().Polls
	for poll := 1; poll <= len(waits)+2; poll++ {
		h.due(doc, time.Second)
		if n, _ := h.reconcile(10); n != 1 {
			t.Fatalf("poll %d: %d were due", poll, n)
		}
		want := waits[min(poll, len(waits)-1)]
		var polls int
		var exact bool // now() differs between the two transactions: the wait is compared within a minute's share
		err := h.work.QueryRow(t.Context(), `select polls, next_poll_at > now() + $2::interval * 0.5 and next_poll_at <= now() + $2::interval
			from upload_pipeline.upload_jobs where job_id = $1`, doc.Job, want).Scan(&polls, &exact)
		if err != nil || polls != poll || !exact {
			t.Errorf("after poll %d: polls %d, the next within %s: %t (%v)", poll, polls, want, exact, err)
		}
	}
}

// What another reconciler holds is left to it.
func TestC18_TheReconcilerSkipsWhatIsLocked(t *testing.T) {
	h := open(t)
	held, free := h.waiting("held"), h.waiting("free")
	h.due(held, time.Hour)
	h.due(free, time.Minute)
	err := pgx.BeginFunc(t.Context(), h.work, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `select from upload_pipeline.upload_jobs where job_id = $1 for update`, held.Job); err != nil {
			return err
		}
		if n, jobs := h.reconcile(10); n != 1 || !cmp.Equal(jobs, []core.Job{receiving(free)}) {
			t.Errorf("beside a lock: %d, %+v", n, jobs)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, jobs := h.reconcile(10); n != 1 || !cmp.Equal(jobs, []core.Job{receiving(held)}) {
		t.Errorf("after the lock: %d, %+v", n, jobs)
	}
}

// The API died between writing the file and adding the document.
func TestL019_TheSweepFindsWhatACrashLeft(t *testing.T) {
	h := open(t)
	who := user(t)
	intend := func(key string, age time.Duration) {
		if err := h.library.Intend(t.Context(), who, key); err != nil {
			t.Fatal(err)
		}
		h.run(`update upload_pipeline.storage_intents set created_at = now() - $2::interval where storage_key = $1`, key, age)
	}
	intend("crashed", 3*time.Hour)
	intend("crashed-before", 4*time.Hour)
	intend("young", 30*time.Minute)
	intend("forsaken", 3*time.Hour)
	if err := h.library.Forsake(t.Context(), who, "forsaken"); err != nil {
		t.Fatal(err)
	}
	kept := newDocument(who, "kept")
	intend(kept.Key, 3*time.Hour)
	if _, err := h.library.Add(t.Context(), who, kept); err != nil {
		t.Fatal(err)
	}
	intend(kept.Key, 3*time.Hour) // even where the intent is there again
	keys, err := h.store.Orphans(t.Context(), time.Hour, 10)
	if diff := cmp.Diff([]string{"crashed-before", "crashed"}, keys); err != nil || diff != "" {
		t.Fatalf("the orphans (%v):\n%s", err, diff)
	}
	if keys, err := h.store.Orphans(t.Context(), time.Hour, 1); err != nil || len(keys) != 1 {
		t.Errorf("with a limit of one: %q (%v)", keys, err)
	}
	if err := h.store.Swept(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	if keys, err := h.store.Orphans(t.Context(), time.Hour, 10); err != nil || len(keys) > 0 {
		t.Errorf("after the sweep: %q (%v)", keys, err)
	}
	if n := h.count(`select count(*) from upload_pipeline.storage_intents where storage_key in ('young', $1)`, kept.Key); n != 2 {
		t.Errorf("%d of the two other intents are left", n)
	}
}

// Add takes its intent away in its own transaction, and leaves it when it fails.
func TestL019_AnIntentEndsWithItsDocument(t *testing.T) {
	h := open(t)
	who := user(t)
	first, again := newDocument(who, "a"), newDocument(who, "a")
	for _, d := range []ports.NewDocument{first, again} {
		if err := h.library.Intend(t.Context(), who, d.Key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.library.Add(t.Context(), who, first); err != nil {
		t.Fatal(err)
	}
	if _, err := h.library.Add(t.Context(), who, again); !core.HasCode(err, core.CodeDuplicate) {
		t.Fatalf("a duplicate: %v", err)
	}
	if diff := cmp.Diff([]string{again.Key}, h.list(`select storage_key from upload_pipeline.storage_intents`)); diff != "" {
		t.Errorf("the intents:\n%s", diff)
	}
}
