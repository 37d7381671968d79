package faulttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// workers is how many processes of the worker a chaos run has.
const workers = 3

// explained are the reasons with which a document may end in a storm: an
// outside service or the database was away whenever it was asked, as often as
// a stage asks, or answered nonsense each time.
var explained = map[core.Code]bool{
	core.CodeParserUnavailable: true, core.CodeEmbedderUnavailable: true, core.CodeStorageUnavailable: true,
	core.CodeDatabaseUnavailable: true, core.CodeBadVectors: true,
}

// abandoned is the age at which no run of a request is alive any more: its
// client has long left it.
const abandoned = 40 * time.Second

// chaos is one run of every fault at once.
type chaos struct {
	w         *world
	cluster   *cluster
	plan      plan
	diary     *diary
	documents int
	users     int

	mu       sync.Mutex
	accepted int
	counted  chan struct{} // told at every accepted document
	ends     map[core.Status]int
	reasons  map[core.Code]int
	faults   []error // what no fault of the plan explains
	kills    int
	restarts int
}

func newChaos(t *testing.T, p plan) *chaos {
	t.Helper()
	db := newCluster(t)
	w := newWorld(t, db)
	w.extra = map[string]string{"AUTH_ACCESS_TTL": "3h"}
	return &chaos{w: w, cluster: db, plan: p, diary: &diary{}, documents: *docsFlag, users: *usersFlag,
		counted: make(chan struct{}, *docsFlag), ends: map[core.Status]int{}, reasons: map[core.Code]int{}}
}

// All that can go wrong goes wrong at once, and nothing is lost, doubled or
// stuck; what failed says why.
func TestFM027r_C20_Chaos(t *testing.T) {
	t.Parallel()
	p := plan{*seedFlag}
	t.Logf("seed %d, plan %s", p.seed, p.hash())
	c := newChaos(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute+time.Duration(c.documents)*3*time.Second)
	defer cancel()
	began := time.Now()
	met, calls := c.run(ctx, t)
	if err := c.w.rests(ctx); err != nil {
		c.fault(fmt.Errorf("at the end: %w", err))
	}
	k, err := c.course(ctx)
	if err != nil {
		t.Error(err)
	}
	exits := c.w.exits()
	c.w.shut()
	found, err := c.w.violations(c.diary.acts)
	if err != nil {
		t.Error(err)
	}
	for _, v := range found {
		t.Error(v)
	}
	for _, err := range c.faults {
		t.Error(err)
	}
	paid := c.w.openai.Ledger()
	t.Logf("chaos: seed %d, plan %s: %d documents of %d users in %.0f s: %v; failed for %v; %d kills, %d restarts of the database, "+
		"%d programs ended by themselves; of %d calls and callbacks %v; %d retries; %d tokens paid for %d; the longest attempt took %.1f s, and was %.1f s in one status at most; "+
		"%d violations, %d other faults", p.seed, p.hash(), c.accepted, c.users, time.Since(began).Seconds(), c.ends, c.reasons, c.kills, c.restarts,
		exits, calls, met, k.retries, paid.Tokens, paid.UniqueTokens, k.longest, k.stuck, len(found), len(c.faults))
}

// run lets users work in the storm until every document has ended, and tells
// what befell, and of how many calls.
func (c *chaos) run(ctx context.Context, t *testing.T) (met map[mishap]int, calls int) {
	t.Helper()
	c.w.run("api", "api")
	c.w.run("webhook", "webhook")
	for n := range workers {
		c.w.run("worker", worker(n))
	}
	people := make([]*client, c.users)
	for n := range people {
		var err error
		if people[n], err = c.w.signUp(ctx, fmt.Sprintf("user-%d", n), c.diary); err != nil {
			t.Fatal(err)
		}
		people[n].lease = func(ctx context.Context) error { return c.w.expireLeases(ctx, abandoned) }
	}
	c.w.storm.begin(c.plan)
	nemesis, calm := context.WithCancel(ctx)
	var users, nemeses sync.WaitGroup
	nemeses.Go(func() { c.killWorkers(nemesis) })
	nemeses.Go(func() { c.restartDatabase(nemesis) })
	for n, person := range people {
		users.Go(func() { c.user(ctx, person, n) })
	}
	users.Wait()
	calm()
	nemeses.Wait()
	return c.w.storm.end()
}

func worker(n int) string { return fmt.Sprintf("worker-%d", n) }

// killWorkers kills one worker after the other.
func (c *chaos) killWorkers(ctx context.Context) {
	for n := 0; ; n++ {
		which, after := c.plan.kill(n, workers)
		select {
		case <-ctx.Done():
			return
		case <-time.After(after): // the plan's own time
		}
		if c.w.process(worker(which)).kill() {
			c.mu.Lock()
			c.kills++
			c.mu.Unlock()
		}
	}
}

// restartDatabase restarts it twice: in order, then as by a crash.
func (c *chaos) restartDatabase(ctx context.Context) {
	for n := range 2 {
		for c.count() < c.plan.restart(n, c.documents) {
			select {
			case <-ctx.Done():
				c.fault(errors.New("the run ended before the database was restarted"))
				return
			case <-c.counted:
			}
		}
		if err := c.cluster.restart(context.WithoutCancel(ctx), n == 1); err != nil {
			c.fault(fmt.Errorf("restart the database: %w", err))
			return
		}
		c.w.retarget(c.cluster.host())
		c.mu.Lock()
		c.restarts++
		c.mu.Unlock()
	}
}

func (c *chaos) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted
}

func (c *chaos) fault(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, err)
}

// taken is a document that was accepted.
type taken struct {
	id   core.ID
	deed deed
}

// user uploads its documents, does with each what the plan says, and waits for
// the ends of those that it keeps.
func (c *chaos) user(ctx context.Context, person *client, user int) {
	var all []taken
	for n := user; n < c.documents; n += c.users {
		id, err := person.upload(ctx, corpus.Filler(1+n%3, uint64(n)+1).Bytes) //nolint:gosec // a small number
		if err != nil {
			c.fault(fmt.Errorf("upload %d of user %d: %w", n, user, err))
			continue
		}
		c.accept()
		one := taken{id, c.plan.deed(user, n)}
		all = append(all, one)
		if err := one.begin(ctx, person); err != nil {
			c.fault(err)
		}
	}
	for _, one := range all {
		if err := c.await(ctx, person, one); err != nil {
			c.fault(err)
		}
	}
}

func (c *chaos) accept() {
	c.mu.Lock()
	c.accepted++
	c.mu.Unlock()
	c.counted <- struct{}{} // has room for every document
}

// begin does what is done with a document at once.
func (d taken) begin(ctx context.Context, person *client) error {
	switch d.deed {
	case deletes:
		return person.remove(ctx, d.id)
	case cancels:
		return person.cancel(ctx, d.id)
	}
	return nil
}

// await waits for a document's end, and judges it. What is to be deleted at its
// end is deleted then.
func (c *chaos) await(ctx context.Context, person *client, d taken) error {
	if d.deed == deletes {
		c.note(core.Deleting, "")
		return nil
	}
	end, err := person.ends(ctx, d.id)
	if err != nil {
		return fmt.Errorf("document %s: %w", d.id, err)
	}
	c.note(end.status, end.code)
	switch {
	case end.status.Failed() && !explained[end.code]:
		return fmt.Errorf("document %s is %s for %q, which no fault explains", d.id, end.status, end.code)
	case end.status == core.Cancelled && d.deed != cancels:
		return fmt.Errorf("document %s is cancelled, and nobody did that", d.id)
	case d.deed == deletesLate:
		return person.remove(ctx, d.id)
	}
	return nil
}

func (c *chaos) note(status core.Status, code core.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends[status]++
	if code != "" {
		c.reasons[code]++
	}
}

// course is how the documents fared, by the database.
type course struct {
	retries int     // runs of jobs that failed or were lost
	longest float64 // seconds of one attempt
	stuck   float64 // seconds in one status
}

func (c *chaos) course(ctx context.Context) (k course, err error) {
	err = c.w.super(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select (select coalesce(sum(cardinality(errors)), 0) from river.river_job),
			(select max(s) from (select extract(epoch from max(at) - min(at))::float8 as s from upload_pipeline.events
				where status <> 'deleting' group by job_id) a),
			(select max(lasted_ms) / 1000.0 from upload_pipeline.events)::float8`).Scan(&k.retries, &k.longest, &k.stuck)
	})
	return k, err
}
