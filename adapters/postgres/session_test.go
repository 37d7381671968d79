package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestTheSignedInUserIsThatOfTheClaims(t *testing.T) {
	h := open(t)
	id := core.NewID().String()
	for claims, want := range map[string]string{
		"": "none", "{}": "none", `{"sub":null}`: "none", `{"sub":"` + id + `"}`: id, `{"sub":"` + id + `","role":"anon"}`: id,
	} {
		var got string
		err := pgx.BeginFunc(t.Context(), h.app, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `select set_config('request.jwt.claims', $1, true)`, claims); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), `select coalesce(auth.uid()::text, 'none')`).Scan(&got)
		})
		if err != nil || got != want {
			t.Errorf("claims %q: user %q (%v), want %q", claims, got, err, want)
		}
	}
	for _, claims := range []string{"{", `{"sub":"x"}`, `{"sub":""}`} {
		if _, err := h.try(h.app, "", []byte(claims), `select auth.uid()`); err == nil {
			t.Errorf("claims %q: no error", claims)
		}
	}
	if _, err := h.try(h.app, "", nil, `select upload_pipeline.acting_user()`); sqlState(err) != denied {
		t.Errorf("an acting user without claims: %v", err)
	}
}

// One connection carries all: what a transaction set is gone in the next.
func TestPmix_ClaimsDoNotReachTheNextTransaction(t *testing.T) {
	h := open(t)
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: h.db.URL("inav_app"), Role: "inav_app", Name: "one", MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	library := postgres.NewLibrary(pool, h.queue)
	who := user(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, use := range map[string]func() error{
		"a read": func() error {
			_, err := library.Search(t.Context(), who, ports.Query{Vector: unit(1), Limit: 1})
			return err
		},
		"a write": func() error { return library.Intend(t.Context(), who, core.NewID().String()) },
		"a miss":  func() error { _, err := library.Standing(t.Context(), who, core.NewID()); return notMissing(err) },
		"a refusal": func() error {
			return refused(library.Intend(t.Context(), ports.Principal{User: core.NewID(), Claims: who.Claims}, "k"))
		},
		"a hangup": func() error { return refused(library.Intend(gone, who, "k")) },
		"bad claims": func() error {
			return refused(library.Intend(t.Context(), ports.Principal{User: who.User, Claims: []byte("{")}, "k"))
		},
	} {
		if err := use(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var claims, role, path string
		err := pool.QueryRow(t.Context(), `select coalesce(current_setting('request.jwt.claims', true), ''), current_user, current_setting('search_path')`).
			Scan(&claims, &role, &path)
		if err != nil || claims != "" || role != "inav_app" || (path != "" && path != `""`) {
			t.Errorf("after %s: claims %q, role %s, search path %q (%v)", name, claims, role, path, err)
		}
	}
}

func notMissing(err error) error {
	if core.HasCode(err, core.CodeNotFound) {
		return nil
	}
	return errors.Join(errors.New("want not_found"), err)
}

func refused(err error) error {
	if err == nil {
		return errors.New("it was not refused")
	}
	return nil
}

// Every test of this package runs over these two pools.
func TestL003_TheSearchPathIsEmpty(t *testing.T) {
	h := open(t)
	for name, pool := range map[string]interface {
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}{"the API's": h.app, "the worker's": h.work} {
		var path string
		if err := pool.QueryRow(t.Context(), `show search_path`).Scan(&path); err != nil || (path != "" && path != `""`) {
			t.Errorf("%s search path is %q (%v)", name, path, err)
		}
		var n int
		if err := pool.QueryRow(t.Context(), `select count(*) from documents`).Scan(&n); sqlState(err) != "42P01" {
			t.Errorf("%s session finds a table without its schema: %v", name, err)
		}
	}
}

func TestTheAPIInsertsJobsAndCannotEndThem(t *testing.T) {
	h := open(t)
	const insert = `insert into river.river_job (kind, args, max_attempts, queue) values ('x', '{}', 1, 'line')`
	if _, err := h.app.Exec(t.Context(), insert); err != nil {
		t.Fatalf("the API cannot insert a job: %v", err)
	}
	for _, sql := range []string{`update river.river_job set state = 'completed', finalized_at = now()`, `update river.river_job set args = '{"a":1}'`,
		`update river.river_job set attempt = 0`, `update river.river_job set queue = 'x'`, `delete from river.river_job`, `truncate river.river_job`,
		`select 1 from river.river_leader`, `delete from river.river_queue`, `update river.river_queue set paused_at = now()`,
		`insert into river.river_migration (line, version) values ('x', 1)`} {
		if _, err := h.try(h.app, "", nil, sql); sqlState(err) != denied {
			t.Errorf("%s: %v, want it denied", sql, err)
		}
	}
	for _, sql := range []string{insert, `update river.river_job set state = 'completed', finalized_at = now()`, `delete from river.river_job`} {
		if n, err := h.try(h.work, "", nil, sql); err != nil || n == 0 {
			t.Errorf("as the worker: %s: %d rows, %v", sql, n, err)
		}
	}
}

// The worker needs no claims: service_role's policies let it see every owner.
func TestTheWorkerSeesEveryOwnerAndNoAccounts(t *testing.T) {
	h := open(t)
	h.peopled()
	for _, table := range []string{"documents", "upload_jobs", "document_pages", "document_chunks", "events", "storage_intents"} {
		all := h.count(`select count(*) from upload_pipeline.` + table)
		if n, err := h.try(h.work, "", nil, `select 1 from upload_pipeline.`+table); err != nil || n != int64(all) || all < 2 {
			t.Errorf("%s: %d rows (%v), want all %d", table, n, err, all)
		}
	}
	for _, sql := range []string{`select password_hash from local_auth.accounts`, `select token_hash from local_auth.refresh_tokens`,
		`insert into local_auth.sessions default values`, `update upload_pipeline.events set status = 'complete'`, `delete from upload_pipeline.events`,
		`update upload_pipeline.identity set database_id = gen_random_uuid()`, `delete from upload_pipeline.schema_serves`,
		`drop table upload_pipeline.documents`, `alter table upload_pipeline.documents disable row level security`} {
		if _, err := h.try(h.work, "", nil, sql); sqlState(err) != denied {
			t.Errorf("as the worker: %s: %v, want it denied", sql, err)
		}
	}
}
