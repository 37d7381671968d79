package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// bed is a world on a database of its own, in which one fault follows another.
type bed struct {
	*world
	cluster *cluster
	diary   *diary
	person  *client
	papers  uint64 // uploaded so far
}

func newBed(ctx context.Context, t *testing.T) *bed {
	t.Helper()
	db := newCluster(t)
	b := &bed{world: newWorld(t, db), cluster: db, diary: &diary{}}
	b.watch.fire = func(string) {} // what is cut off here lives on
	for _, name := range []string{"api", "webhook"} {
		b.run(name, name)
	}
	for n := range 2 {
		b.run("worker", worker(n))
	}
	var err error
	if b.person, err = b.signUp(ctx, "ada", b.diary); err != nil {
		t.Fatal(err)
	}
	b.person.lease = func(ctx context.Context) error { return b.expireLeases(ctx, 0) } // it asks for one thing at a time: no run of it is alive
	return b
}

// documents are how many are on their way when a fault strikes.
const documents = 3

// upload has documents taken, which tries again what is not answered.
func (b *bed) upload(ctx context.Context) (ids []core.ID, err error) {
	for range documents {
		b.papers++
		id, err := b.person.upload(ctx, corpus.Filler(1, b.papers).Bytes)
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// complete waits until all are complete.
func (b *bed) complete(ctx context.Context, ids []core.ID) error {
	for _, id := range ids {
		if err := b.person.completes(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// during uploads, lets the fault strike while the documents are on their way,
// and waits until they are complete.
func (b *bed) during(ctx context.Context, fault func(context.Context) error) error {
	ids, err := b.upload(ctx)
	if err != nil {
		return err
	}
	if err := fault(ctx); err != nil {
		return err
	}
	return b.complete(ctx, ids)
}

// restarted restarts the database.
func (b *bed) restarted(crash bool) func(context.Context) error {
	return func(ctx context.Context) error {
		defer func() { b.retarget(b.cluster.host()) }()
		return b.cluster.restart(ctx, crash)
	}
}

// readOnly makes the database refuse writes, as a replica that was failed over
// does, until an upload was refused with advice when to come back.
func (b *bed) readOnly(ctx context.Context) error {
	set := func(value string) error {
		return b.super(ctx, func(conn *pgx.Conn) error {
			for _, sql := range []string{`set default_transaction_read_only = off`, `alter system set default_transaction_read_only = ` + value, `select pg_reload_conf()`} {
				if _, err := conn.Exec(ctx, sql); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := set("on"); err != nil {
		return err
	}
	err := b.refused(ctx)
	if off := set("off"); err == nil {
		err = off
	}
	return err
}

// refused sends uploads until one is answered 503 with a Retry-After.
func (b *bed) refused(ctx context.Context) error {
	for {
		b.papers++
		r, err := b.person.post(ctx, core.NewID().String(), corpus.Filler(1, b.papers).Bytes)
		switch {
		case r.status == http.StatusServiceUnavailable && r.after == "":
			return fmt.Errorf("503 %s without Retry-After", r.text("code"))
		case r.status == http.StatusServiceUnavailable:
			return nil
		case r.status > http.StatusServiceUnavailable || r.status == http.StatusInternalServerError:
			return fmt.Errorf("an upload answered %d %s: %w", r.status, r.text("code"), err)
		}
		if ctx.Err() != nil {
			return ctx.Err() // the fault was never felt
		}
	}
}

// cutOff breaks every connection to the database, again and again.
func (b *bed) cutOff(context.Context) error {
	for range 5 {
		for _, proxy := range b.proxies {
			proxy.Cut()
		}
		time.Sleep(200 * time.Millisecond) // lets a transaction begin, to be cut too
	}
	return nil
}

// unanswered loses the answer of one in ten commits and calls that were done.
func (b *bed) unanswered(ctx context.Context) error {
	b.watch.lose(10)
	defer b.watch.lose(0)
	return b.during(ctx, func(context.Context) error { return nil })
}

// zombie stops a worker, has the documents completed by the other, and lets the
// first go on.
func (b *bed) zombie(ctx context.Context) error {
	p := b.process(worker(0))
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	defer p.signal(syscall.SIGCONT) //nolint:errcheck // it is alive
	return b.during(ctx, func(context.Context) error { return nil })
}

// stopped stops the server's processes that serve the product's sessions,
// silently, until let go.
func (b *bed) stopped(ctx context.Context) (letGo func(), err error) {
	var pids []int
	err = b.super(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `select pid from pg_stat_activity where usename in ('inav_app', 'inav_worker')`)
		if err != nil {
			return err
		}
		pids, err = pgx.CollectRows(rows, pgx.RowTo[int])
		return err
	})
	if err == nil && len(pids) == 0 {
		err = errors.New("the product has no session")
	}
	for _, pid := range pids {
		if stop := syscall.Kill(pid, syscall.SIGSTOP); err == nil {
			err = stop
		}
	}
	return func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
		}
	}, err
}

// silent lets the whole database fall silent for a while.
func (b *bed) silent(ctx context.Context) error {
	letGo, err := b.stopped(ctx)
	defer letGo()
	time.Sleep(3 * time.Second) // the silence itself is the fault
	return err
}

// raised has the database do more at writes of documents' attempts, in plpgsql.
func (b *bed) raised(ctx context.Context, more string, during func(context.Context) error) error {
	run := func(sql string) error {
		return b.super(ctx, func(conn *pgx.Conn) error { _, err := conn.Exec(ctx, sql); return err })
	}
	err := run(`create sequence upload_pipeline.test_raised;
		create function upload_pipeline.test_raise() returns trigger language plpgsql security definer as $$ begin ` + more + ` return new; end $$;
		create trigger test_raise before insert or update on upload_pipeline.upload_jobs for each row execute function upload_pipeline.test_raise()`)
	if err != nil {
		return err
	}
	err = during(ctx)
	if end := run(`drop function upload_pipeline.test_raise() cascade; drop sequence upload_pipeline.test_raised`); err == nil {
		err = end
	}
	return err
}

// diskFull has every such write refused for want of room.
func (b *bed) diskFull(ctx context.Context) error {
	return b.raised(ctx, `raise exception 'a fault of the test' using errcode = '53100';`, b.refused)
}

// conflicting undoes each twentieth write of documents' attempts by one conflict
// or another; what is repeated is another write. Nobody sees it: each upload is
// answered, and no job uses up a try.
func (b *bed) conflicting(ctx context.Context) error {
	return b.raised(ctx, `declare n bigint := nextval('upload_pipeline.test_raised'); begin -- no rollback takes the number back
			if n % 20 = 0 then
				raise exception 'a fault of the test' using errcode = (array['40001', '40P01', '55P03'])[1 + (n / 20) % 3];
			end if;
		end;`, func(ctx context.Context) error {
		unsure := b.diary.count(audit.Info)
		ids, err := b.upload(ctx)
		if err != nil {
			return err
		}
		if err := b.complete(ctx, ids); err != nil {
			return err
		}
		if n := b.diary.count(audit.Info) - unsure; n > 0 {
			return fmt.Errorf("%d uploads were not answered", n)
		}
		return b.untried(ctx, ids)
	})
}

// untried finds no job of the documents that failed once, though there were
// conflicts.
func (b *bed) untried(ctx context.Context, ids []core.ID) error {
	return b.super(ctx, func(conn *pgx.Conn) error {
		var raised bool
		var tries int
		err := conn.QueryRow(ctx, `select (select last_value >= 20 from upload_pipeline.test_raised), (select coalesce(sum(cardinality(errors)), 0)
			from river.river_job where (args ->> 'document')::uuid = any ($1))`, ids).Scan(&raised, &tries)
		if err == nil && (!raised || tries > 0) {
			err = fmt.Errorf("conflicts came: %t; tries used up: %d", raised, tries)
		}
		return err
	})
}

// powerCut kills every program and the database at once, and starts all again.
func (b *bed) powerCut(ctx context.Context) error {
	var all sync.WaitGroup
	for _, name := range []string{"api", "webhook", worker(0), worker(1)} {
		all.Go(func() { b.crash(name) })
	}
	err := b.restarted(true)(ctx)
	all.Wait()
	return err
}

// Every fault that befalls the database or a process passes: documents that
// were on their way complete, and no invariant is broken.
func TestTheProductOutlivesEachFault(t *testing.T) {
	t.Parallel()
	needsProc(t)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	b, only := newBed(ctx, t), regexp.MustCompile(*onlyFlag)
	for _, one := range []struct {
		name  string
		fault func(context.Context) error
	}{
		{"listener_silent", b.deaf},
		{"database_slow", b.slow},
		{"black_hole", b.blackHole},
		{"restart_fast", b.restarted(false)},
		{"restart_immediate", b.restarted(true)},
		{"logs_unread", b.unread},
		{"read_only", b.readOnly},
		{"connections_cut", b.cutOff},
		{"answers_lost", b.unanswered},
		{"zombie", b.zombie},
		{"database_silent", b.silent},
		{"conflicts", b.conflicting},
		{"disk_full", b.diskFull},
		{"pool_exhausted", b.exhausted},
		{"failover", b.failover},
		{"power_cut", b.powerCut},
	} {
		if !only.MatchString(one.name) {
			continue
		}
		began := time.Now()
		if err := b.during(ctx, one.fault); err != nil {
			t.Errorf("%s: %v", one.name, err)
		}
		t.Logf("%s: %.1f s", one.name, time.Since(began).Seconds())
	}
	if err := b.rests(ctx); err != nil {
		t.Error(err)
	}
	b.shut()
	found, err := b.violations(b.diary.acts)
	if err != nil {
		t.Error(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}
