package postgres_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// meetings is a house whose writes meet conflicts.
type meetings struct {
	*house
	root *pgxpool.Pool
}

// conflicted are the tables whose writes do.
var conflicted = []string{"upload_jobs", "upload_intents", "idempotency_keys", "provider_calls"}

func newMeetings(t *testing.T) *meetings {
	t.Helper()
	h := open(t)
	m := &meetings{h, h.super()}
	m.do(`create sequence upload_pipeline.test_conflicts`)
	m.meet("40001", 0)
	for _, table := range conflicted {
		m.do(`create trigger test_conflict before insert or update on upload_pipeline.` + table + `
			for each row execute function upload_pipeline.test_conflict()`)
	}
	return m
}

func (m *meetings) do(sql string) {
	m.t.Helper()
	if _, err := m.root.Exec(m.t.Context(), sql); err != nil {
		m.t.Fatal(err)
	}
}

// meet has the next n writes undone, with that SQLSTATE.
func (m *meetings) meet(state string, n int) {
	m.t.Helper()
	m.do(fmt.Sprintf(`create or replace function upload_pipeline.test_conflict() returns trigger language plpgsql security definer as $$ begin
		if nextval('upload_pipeline.test_conflicts') <= %d then raise exception 'a conflict of the test' using errcode = '%s'; end if;
		return new; end $$`, n, state))
	m.do(`select setval('upload_pipeline.test_conflicts', 1, false)`)
}

const aCallback = "a callback"

// writing is one write of each kind.
func (m *meetings) writing() map[string]func() error {
	leg, _ := core.LegOf(core.Parse)
	ctx, who, n := m.t.Context(), user(m.t), 0
	up := m.announce(who, "announced")
	begun := core.Job{Stage: core.Parse, Document: m.upload(who, "begun", 2).Document, Attempt: 1}
	called := m.waiting("called back")
	keys, desk := postgres.NewIdempotency(m.app), postgres.NewGovernor(m.work)
	return map[string]func() error{
		"a transaction of the API": func() error {
			n++
			return m.add(who, fmt.Sprint(n), 0)
		},
		"one statement": func() error { _, err := m.store.Begin(ctx, begun, leg); return err },
		"one without an answer": func() error {
			_, err := postgres.NewSteady(m.work).Exec(ctx, `update upload_pipeline.upload_intents set looked_at = clock_timestamp()`)
			if err != nil {
				return core.Fail(core.CodeDatabaseUnavailable, err)
			}
			return nil
		},
		"one that answers rows": func() error {
			found, err := m.store.Awaited(ctx, many)
			if err == nil && (len(found) != 1 || found[0].Document != up.Document) {
				err = fmt.Errorf("awaited are %v", found)
			}
			return err
		},
		"a batch": func() error { _, err := desk.Begin(ctx, call(core.Bulk), core.Pace{Lease: time.Hour}); return err },
		aCallback: func() error {
			n++
			_, err := m.store.Receive(ctx, callback(called.Job, fmt.Sprint(n), "body"))
			return err
		},
		"a claim": func() error {
			n++
			_, err := keys.Claim(ctx, ports.KeyUse{Key: sha256.Sum256(fmt.Append(nil, n)), Lease: time.Minute, Life: time.Hour})
			return err
		},
	}
}

// What a conflict undid is repeated, three times; nobody sees it. What outlives
// that is an error that says to come back.
func TestConflictsAreRepeatedAndNotSeen(t *testing.T) {
	m := newMeetings(t)
	writing := m.writing()
	for _, state := range []string{"40001", "40P01", "55P03"} {
		for name, write := range writing {
			m.meet(state, 3)
			if err := write(); err != nil {
				t.Errorf("%s, after three times %s: %v", name, state, err)
			}
			m.meet(state, 100)
			if err := write(); !core.HasCode(err, core.CodeDatabaseUnavailable) {
				t.Errorf("%s, without an end of %s: %v", name, state, err)
			}
		}
	}
	m.meet("IN409", 3) // others changed what the look had found
	if err := writing[aCallback](); err != nil {
		t.Errorf("a callback that was overtaken three times: %v", err)
	}
	m.meet("IN409", 100)
	if err := writing[aCallback](); !core.HasCode(err, core.CodeDatabaseUnavailable) {
		t.Errorf("a callback that is overtaken without an end: %v", err)
	}
	m.meet("57P01", 1) // no conflict: the server goes away
	if err := writing["a transaction of the API"](); !core.HasCode(err, core.CodeDatabaseUnavailable) {
		t.Errorf("what was no conflict was repeated: %v", err)
	}
}

// A step that a conflict undid is kept, once.
func TestAStepOutlivesAConflict(t *testing.T) {
	m := newMeetings(t)
	doc := m.upload(user(t), "a", 2)
	m.walk(doc, core.Validate)
	m.meet("40P01", 2)
	job := core.Job{Stage: core.Chunk, Document: doc.Document, Attempt: 1, Turn: 3}
	step, err := m.step(job, func(d core.Document) core.Made { return made(core.Chunk, d) })
	if err != nil {
		t.Fatal(err)
	}
	if err := m.store.Keep(t.Context(), step, nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("kept twice: %v", err)
	}
	if n := m.count(`select count(*) from upload_pipeline.document_chunks`); n != 2 {
		t.Errorf("%d chunks, want 2", n)
	}
}

// Two that lock the same rows crosswise both get through.
func TestADeadlockIsNotSeen(t *testing.T) {
	h := open(t)
	if _, err := h.super().Exec(t.Context(), `create table public.two as select * from generate_series(1, 2) n; grant all on public.two to service_role`); err != nil {
		t.Fatal(err)
	}
	pool := postgres.NewSteady(h.work)
	var both, done sync.WaitGroup
	both.Add(2)
	runs := make([]int, 2)
	for i := range 2 {
		done.Go(func() {
			err := pool.InTx(t.Context(), pgx.TxOptions{}, func(tx pgx.Tx) error {
				runs[i]++
				if err := lockRow(t.Context(), tx, 1+i); err != nil {
					return err
				}
				if runs[i] == 1 {
					both.Done()
					both.Wait() // each has its first row
				}
				return lockRow(t.Context(), tx, 2-i)
			})
			if err != nil {
				t.Errorf("number %d: %v", i, err)
			}
		})
	}
	done.Wait()
	if runs[0]+runs[1] < 3 {
		t.Errorf("%d runs: there was no deadlock", runs)
	}
}

func lockRow(ctx context.Context, tx pgx.Tx, n int) error {
	_, err := tx.Exec(ctx, `select from public.two where n = $1 for update`, n)
	return err
}
