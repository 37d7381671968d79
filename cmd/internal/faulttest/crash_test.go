package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// patience bounds one document's whole way, with one kill on it.
const patience = 3 * time.Minute

// life is one document's way from upload to complete, and its deletion.
type life struct {
	points []point
	fired  bool
	took   time.Duration // from the kill to the rest
	found  []string      // violations
}

// live runs one document through a world of its own, with a kill at the target.
func live(t *testing.T, target *point) (l life, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w := newWorld(t, dbtest.New(t, db.Schemas{}))
	for _, service := range []string{"api", "webhook", "worker"} {
		w.run(service, service)
	}
	d := &diary{}
	c, err := w.signUp(ctx, "ada", d)
	if err != nil {
		return l, err
	}
	c.lease = func(ctx context.Context) error { return w.expireLeases(ctx, 0) } // its process is dead
	w.watch.target = target
	w.watch.begin()
	if err := lives[*lifeFlag](c, ctx); err != nil {
		return l, err
	}
	if err := w.rests(ctx); err != nil {
		return l, err
	}
	if fired := w.watch.firedAt(); !fired.IsZero() {
		l.fired, l.took = true, time.Since(fired)
	}
	l.points = w.watch.end()
	w.shut()
	l.found, err = w.violations(d.acts)
	return l, err
}

// violations are those of a world at rest, in words.
func (w *world) violations(history []audit.Act) (all []string, err error) {
	found, err := w.verify(history)
	for _, v := range found {
		all = append(all, fmt.Sprintf("invariant %d, %s: document %s: %s", v.Invariant, v.Rule, v.Document, v.Detail))
	}
	return all, err
}

// lives are the ways on which a document can be followed.
var lives = map[string]func(*client, context.Context) error{
	"whole": (*client).wholeLife, "deleted": (*client).deletedLife, "retried": (*client).retriedLife, "announced": (*client).announcedLife,
}

// announcedLife announces a file, sends it to the storage, says so, waits for
// the document's end, and deletes it.
func (c *client) announcedLife(ctx context.Context) error {
	content := corpus.Summary().Bytes
	id, address, err := c.announce(ctx, len(content))
	if err != nil {
		return err
	}
	if err := c.put(ctx, address, content); err != nil {
		return err
	}
	if err := c.sentIt(ctx, id); err != nil {
		return err
	}
	if err := c.completes(ctx, id); err != nil {
		return err
	}
	return c.remove(ctx, id)
}

// deletedLife uploads a document and deletes it while it is under way.
func (c *client) deletedLife(ctx context.Context) error {
	id, err := c.upload(ctx, corpus.Summary().Bytes)
	if err != nil {
		return err
	}
	return c.remove(ctx, id)
}

// retriedLife cancels a document under way, retries it, and waits for its end.
func (c *client) retriedLife(ctx context.Context) error {
	id, err := c.upload(ctx, corpus.Summary().Bytes)
	if err != nil {
		return err
	}
	if err := c.cancel(ctx, id); err != nil {
		return err
	}
	if err := c.retry(ctx, id); err != nil {
		return err
	}
	return c.completes(ctx, id)
}

// wholeLife uploads a document, waits for its end, and deletes it.
func (c *client) wholeLife(ctx context.Context) error {
	id, err := c.upload(ctx, corpus.Summary().Bytes)
	if err != nil {
		return err
	}
	if err := c.completes(ctx, id); err != nil {
		return err
	}
	return c.remove(ctx, id)
}

// completes waits until the document is complete.
func (c *client) completes(ctx context.Context, id core.ID) error {
	end, err := c.ends(ctx, id)
	if err == nil && end.status != core.Complete {
		err = fmt.Errorf("document %s ended as %s %s", id, end.status, end.code)
	}
	return err
}

// super runs work on the database as the superuser, by no proxy.
func (w *world) super(ctx context.Context, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, w.db.SuperURL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	return work(conn)
}

// expireLeases lets the minutes pass that a lost claim on a key takes, where it
// is older than any run that is alive.
func (w *world) expireLeases(ctx context.Context, older time.Duration) error {
	return w.super(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `update upload_pipeline.idempotency_keys set leased_until = now() where answer is null
			and claimed_at < now() - interval '1 second' * $1`, older.Seconds())
		return err
	})
}

// rests waits until no job of a document is left.
func (w *world) rests(ctx context.Context) error {
	_, err := again(ctx, func() (n int, err error) {
		err = w.super(ctx, func(conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `select count(*) from river.river_job
				where args ? 'document' and state in ('available', 'pending', 'running', 'retryable', 'scheduled')`).Scan(&n)
		})
		if err == nil && n > 0 {
			err = fmt.Errorf("%w: %d jobs are left", errAgain, n)
		}
		return n, err
	})
	return err
}

// drawn picks some of the points that are asked for, by the seed; all of them
// where no number is asked for.
func drawn(all []point) []point {
	only := regexp.MustCompile(*onlyFlag)
	all = slices.DeleteFunc(slices.Clone(all), func(p point) bool { return !only.MatchString(p.String()) })
	if *pointsFlag <= 0 || *pointsFlag >= len(all) {
		return all
	}
	r := rand.New(rand.NewPCG(*seedFlag, 1)) //nolint:gosec // draws a sample
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:*pointsFlag]
}

// tally is what a run of crash points came to.
type tally struct {
	mu                                     sync.Mutex
	kills, recoveries, violations, missing int
	longest                                time.Duration
	slowest                                point
}

func (a *tally) add(target point, l life, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.violations += len(l.found)
	switch {
	case !l.fired && err == nil:
		a.missing++
		return
	case err == nil:
		a.recoveries++
	}
	a.kills++
	if l.took > a.longest {
		a.longest, a.slowest = l.took, target
	}
}

// reaches is how often a point is tried that a run did not come by: what waits
// in one run is there already in another.
const reaches = 3

// hit lives until the target was hit.
func hit(t *testing.T, target point) (l life, err error) {
	t.Helper()
	for range reaches {
		if l, err = live(t, &target); l.fired || err != nil || len(l.found) > 0 {
			return l, err
		}
	}
	t.Logf("not reached in %d runs", reaches)
	return l, err
}

// Killed before and after each commit and each call of a document's way, and
// started again, the product ends where it would have ended, and nothing is
// lost, doubled or stuck.
func TestFM027r_C20_EveryCrashPoint(t *testing.T) {
	t.Parallel()
	needsProc(t)
	if lives[*lifeFlag] == nil {
		t.Fatalf("-life %q: whole, announced, deleted or retried", *lifeFlag)
	}
	first, err := live(t, nil)
	if err != nil || len(first.found) > 0 {
		t.Fatalf("without a kill: %v, %v", err, first.found)
	}
	tried, sum := drawn(first.points), &tally{}
	t.Logf("seed %d: %d points, %d tried", *seedFlag, len(first.points), len(tried))
	slots, all := make(chan struct{}, *atOnceFlag), sync.WaitGroup{}
	for _, target := range tried {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(target.String(), func(t *testing.T) {
				l, err := hit(t, target)
				sum.add(target, l, err)
				if err != nil {
					t.Error(err)
				}
				for _, v := range l.found {
					t.Error(v)
				}
				t.Logf("at rest %.1f s after the kill", l.took.Seconds())
			})
		})
	}
	all.Wait()
	t.Logf("crash: %d points, %d tried, %d kills, %d recoveries, %d not reached, %d violations; the longest recovery took %.1f s (%s)", len(first.points),
		len(tried), sum.kills, sum.recoveries, sum.missing, sum.violations, sum.longest.Seconds(), sum.slowest)
}
