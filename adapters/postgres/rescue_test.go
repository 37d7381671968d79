package postgres_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// riverJob is a row of the queue as a test writes it.
type riverJob struct {
	kind, state, by string
	ago             time.Duration // attempted
	attempt, most   int
	metadata        string
	document        core.ID
}

// enqueue writes the row past River and gives its id.
func (h *house) enqueue(j riverJob) (id int64) {
	h.t.Helper()
	if j.metadata == "" {
		j.metadata = "{}"
	}
	if j.document.IsZero() {
		j.document = core.NewID()
	}
	err := h.work.QueryRow(h.t.Context(), `insert into river.river_job (kind, state, args, queue, attempt, max_attempts, attempted_by, attempted_at, metadata, finalized_at)
		values ($1, $2::river.river_job_state, jsonb_build_object('document', $3::text, 'attempt', 1, 'turn', 0), 'line', $4, $5,
			case when $6 = '' then null else array['earlier', $6] end, now() - $7::interval, $8::jsonb, case when $2 = 'completed' then now() end) returning id`,
		j.kind, j.state, j.document.String(), max(j.attempt, 1), max(j.most, 5), j.by, j.ago, j.metadata).Scan(&id)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// process registers one that had its last heartbeat so long ago.
func (h *house) process(ago time.Duration) core.ID {
	h.t.Helper()
	self := postgres.Instance{ID: core.NewID(), Service: "worker", Environment: "test", StorageEnv: "test", Providers: "none", SettingsHash: "x", Build: "b", SchemaVersion: 1}
	if err := postgres.NewInstances(h.work).Register(h.t.Context(), self); err != nil {
		h.t.Fatal(err)
	}
	h.run(`update upload_pipeline.instances set seen_at = now() - $2::interval where instance_id = $1`, self.ID, ago)
	return self.ID
}

const deadAfter = 20 * time.Second

func (h *house) rescue() map[int64]postgres.Rescued { return h.rescueOf(postgres.Missed{}) }

func (h *house) rescueOf(own postgres.Missed) map[int64]postgres.Rescued {
	h.t.Helper()
	list, err := h.store.Rescue(h.t.Context(), deadAfter, map[string]time.Duration{"chunk": time.Minute, "reconcile": time.Minute}, own, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	found := map[int64]postgres.Rescued{}
	for _, r := range list {
		r.After = 0
		found[r.Job] = r
	}
	return found
}

// Who runs a job is known by its heartbeat: a dead process's jobs come back,
// a living one's stay, and a run beyond its time comes back whoever has it.
func TestC20_L014_TheJobsOfADeadProcessComeBack(t *testing.T) {
	h := open(t)
	alive, dead, gone := h.process(0).String(), h.process(time.Minute).String(), core.NewID().String()
	document := core.NewID()
	short, long := 30*time.Second, 2*time.Minute
	back := map[string]int64{
		"dead heartbeat":     h.enqueue(riverJob{kind: "chunk", state: "running", by: dead, ago: short, document: document}),
		"no heartbeat":       h.enqueue(riverJob{kind: "chunk", state: "running", by: gone, ago: short}),
		"unknown kind, dead": h.enqueue(riverJob{kind: "novel", state: "running", by: dead, ago: short}),
		"beyond its time":    h.enqueue(riverJob{kind: "chunk", state: "running", by: alive, ago: long}),
		"nobody's, too long": h.enqueue(riverJob{kind: "chunk", state: "running", ago: long}),
		"last try":           h.enqueue(riverJob{kind: "chunk", state: "running", by: dead, ago: short, attempt: 5, most: 5}),
		"cancel asked":       h.enqueue(riverJob{kind: "chunk", state: "running", by: dead, ago: short, metadata: `{"cancel_attempted_at": "2026-01-01T00:00:00Z"}`}),
	}
	stay := map[string]int64{
		"alive":                h.enqueue(riverJob{kind: "chunk", state: "running", by: alive, ago: short}),
		"taken a moment ago":   h.enqueue(riverJob{kind: "chunk", state: "running", by: gone, ago: 0}),
		"an older release's":   h.enqueue(riverJob{kind: "chunk", state: "running", by: "host_2026_01_01", ago: short}),
		"waiting":              h.enqueue(riverJob{kind: "chunk", state: "available", by: dead, ago: long}),
		"done":                 h.enqueue(riverJob{kind: "chunk", state: "completed", by: dead, ago: long}),
		"unknown kind, living": h.enqueue(riverJob{kind: "novel", state: "running", by: alive, ago: long}),
	}
	found := h.rescue()
	for name, id := range back {
		if _, ok := found[id]; !ok {
			t.Errorf("%s: not rescued", name)
		}
	}
	for name, id := range stay {
		if _, ok := found[id]; ok {
			t.Errorf("%s: rescued", name)
		}
	}
	want := postgres.Rescued{Job: back["dead heartbeat"], Kind: "chunk", Document: document, Run: 1, Dead: true}
	if diff := cmp.Diff(want, found[want.Job]); diff != "" {
		t.Errorf("what is told:\n%s", diff)
	}
	if found[back["beyond its time"]].Dead {
		t.Error("a living process is told to be dead")
	}
	for id, want := range map[int64]string{back["dead heartbeat"]: "available 1 5 1", back["last try"]: "available 5 6 1", back["cancel asked"]: "cancelled 1 5 1"} {
		var got string
		err := h.work.QueryRow(t.Context(), `select concat_ws(' ', state, attempt, max_attempts, metadata ->> 'navigator:lost') from river.river_job
			where id = $1 and scheduled_at <= now() and (state = 'cancelled') = (finalized_at is not null)`, id).Scan(&got)
		if err != nil || got != want {
			t.Errorf("job %d is %q (%v), want %q", id, got, err, want)
		}
	}
	if again := h.rescue(); len(again) != 0 {
		t.Errorf("rescued twice: %+v", again)
	}
}

// A job whose fetch was not answered is its process's by its row alone. It comes
// back although that process lives, and no try of the document is used up.
func TestC20_AJobThatItsProcessMissedComesBack(t *testing.T) {
	h := open(t)
	self, other := h.process(0), h.process(0)
	old, fresh := 30*time.Second, 10*time.Second
	document := core.NewID()
	lost := h.enqueue(riverJob{kind: "chunk", state: "running", by: self.String(), ago: old, document: document})
	last := h.enqueue(riverJob{kind: "novel", state: "running", by: self.String(), ago: old, attempt: 5, most: 5})
	beaten := h.enqueue(riverJob{kind: "chunk", state: "running", by: self.String(), ago: old, metadata: `{"navigator:lost": 2}`})
	inHand := h.enqueue(riverJob{kind: "chunk", state: "running", by: self.String(), ago: old})
	begins := h.enqueue(riverJob{kind: "chunk", state: "running", by: self.String(), ago: fresh})
	others := h.enqueue(riverJob{kind: "chunk", state: "running", by: other.String(), ago: old})
	done := h.enqueue(riverJob{kind: "chunk", state: "completed", by: self.String(), ago: old})
	h.enqueue(riverJob{kind: "chunk", state: "available", by: self.String(), ago: old})
	nobodys := h.enqueue(riverJob{kind: "chunk", state: "running", ago: old})

	running, err := h.store.Running(t.Context(), self)
	slices.Sort(running)
	if diff := cmp.Diff([]int64{lost, last, beaten, inHand}, running); err != nil || diff != "" {
		t.Errorf("the process has by their rows (%v):\n%s", err, diff)
	}
	want := map[int64]postgres.Rescued{
		lost:   {Job: lost, Kind: "chunk", Document: document, Run: 1, Missed: true},
		last:   {Job: last, Kind: "novel", Run: 5, Missed: true},
		beaten: {Job: beaten, Kind: "chunk", Run: 1, Missed: true},
	}
	got := h.rescueOf(postgres.Missed{Process: self, Jobs: []int64{lost, last, beaten, begins, others, done, nobodys}})
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(postgres.Rescued{}, "Document")); diff != "" || got[lost].Document != document {
		t.Errorf("given back of %s:\n%s", document, diff)
	}
	for id, want := range map[int64]string{lost: "available 1 6 0", last: "available 5 6 0", beaten: "available 1 6 2"} {
		var got string
		err := h.work.QueryRow(t.Context(), `select concat_ws(' ', state, attempt, max_attempts, metadata ->> 'navigator:lost') from river.river_job
			where id = $1 and scheduled_at <= now()`, id).Scan(&got)
		if err != nil || got != want {
			t.Errorf("job %d is %q (%v), want %q", id, got, err, want)
		}
	}
	for name, id := range map[string]int64{"in hand": inHand, "fetched a moment ago": begins, "another's": others, "nobody's": nobodys} {
		if n := h.count(`select count(*) from river.river_job where id = $1 and state = 'running'`, id); n != 1 {
			t.Errorf("%s: taken away", name)
		}
	}
}

// Every worker looks: each job is given back by one of them.
func TestC18_RescuersSkipEachOther(t *testing.T) {
	h := open(t)
	dead := h.process(time.Minute).String()
	for range 40 {
		h.enqueue(riverJob{kind: "chunk", state: "running", by: dead, ago: 30 * time.Second})
	}
	counts := make([]int, 4)
	var group sync.WaitGroup
	for i := range counts {
		group.Go(func() {
			list, err := h.store.Rescue(t.Context(), deadAfter, nil, postgres.Missed{}, 100)
			if err != nil {
				t.Error(err)
			}
			counts[i] = len(list)
		})
	}
	group.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	if total != 40 || h.count(`select count(*) from river.river_job where metadata ->> 'navigator:lost' = '1' and state = 'available'`) != 40 {
		t.Errorf("given back %v", counts)
	}
}

// A receive queue that is paused or slow is not filled: one poll a document.
func TestC15_C18_APollThatHasNotRunIsNotDoubled(t *testing.T) {
	h := open(t)
	doc, other := h.waiting("a"), h.waiting("b")
	poll := func() int {
		for _, d := range []ports.Standing{doc, other} {
			h.due(d, time.Minute)
		}
		n, _ := h.reconcile(10)
		return n
	}
	if n := poll(); n != 2 {
		t.Fatalf("%d polls at first", n)
	}
	live := h.enqueue(riverJob{kind: "receive", state: "available", document: doc.Document})
	for _, state := range []string{"available", "running", "retryable", "scheduled"} {
		h.run(`update river.river_job set state = $2::river.river_job_state where id = $1`, live, state)
		if n := poll(); n != 1 {
			t.Errorf("beside a poll that is %s: %d polls, want the other document's alone", state, n)
		}
	}
	h.run(`update river.river_job set state = 'completed', finalized_at = now() where id = $1`, live)
	if n := poll(); n != 2 {
		t.Errorf("after it: %d polls", n)
	}
}

// What is at work beside the line, or for an earlier attempt, does not carry
// the document on.
func TestReviveLooksForTheAttemptsOwnJob(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	h.queue.take()
	h.run(`update upload_pipeline.upload_jobs set status_since = now() - interval '1 hour'`)
	for _, kind := range []string{"forget", "reembed", "arrive"} {
		h.enqueue(riverJob{kind: kind, state: "available", document: doc.Document})
	}
	if n, err := h.store.Revive(t.Context(), time.Minute, 10); err != nil || n != 1 {
		t.Errorf("revived %d (%v), want the orphan", n, err)
	}
	h.enqueue(riverJob{kind: "parse", state: "available", document: doc.Document})
	if n, err := h.store.Revive(t.Context(), time.Minute, 10); err != nil || n != 0 {
		t.Errorf("revived %d (%v) beside its job", n, err)
	}
}

func TestAHeartbeatWithoutARowSaysSo(t *testing.T) {
	h := open(t)
	instances := postgres.NewInstances(h.work)
	if err := instances.Beat(t.Context(), h.process(time.Minute), nil); err != nil {
		t.Error(err)
	}
	if err := instances.Beat(t.Context(), core.NewID(), nil); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("got %v", err)
	}
}

// The clock is compared with the database's; the way there is not held against it.
func TestF10_TheClocksDifferenceIsMeasured(t *testing.T) {
	h := open(t)
	instances := postgres.NewInstances(h.app)
	for _, ahead := range []time.Duration{0, 10 * time.Second, -10 * time.Second, time.Hour} {
		got, err := instances.Skew(t.Context(), func() time.Time { return time.Now().Add(ahead) })
		if off := (got - ahead).Abs(); err != nil || off > 9*time.Second {
			t.Errorf("%s ahead: measured %s (%v)", ahead, got, err)
		}
	}
}
