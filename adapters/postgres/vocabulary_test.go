package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
)

// The words of the Go table, of the guard and of the move function are one.
func TestFM015_TheDatabaseKnowsTheStatusesOfTheLine(t *testing.T) {
	h := open(t)
	var want []string
	for _, s := range core.Statuses() {
		want = append(want, string(s))
	}
	if diff := cmp.Diff(want, h.list(`select unnest(upload_pipeline.statuses())`)); diff != "" {
		t.Errorf("the guard's statuses differ from core.Statuses:\n%s", diff)
	}
}

func TestFM023_TheDatabaseKnowsTheMovesOfTheLine(t *testing.T) {
	h := open(t)
	for _, from := range core.Statuses() {
		for _, to := range core.Statuses() {
			var allowed bool
			if err := h.work.QueryRow(t.Context(), `select upload_pipeline.is_move($1, $2)`, string(from), string(to)).Scan(&allowed); err != nil {
				t.Fatal(err)
			}
			if want := slices.Contains(core.Moves(), core.Move{From: from, To: to}); allowed != want {
				t.Errorf("%s to %s: the database says %t, the Line %t", from, to, allowed, want)
			}
		}
		var start *core.Status
		if err := h.work.QueryRow(t.Context(), `select upload_pipeline.retry_start($1)`, string(from)).Scan(&start); err != nil {
			t.Fatal(err)
		}
		want, ok := core.Retries[from]
		if ok != (start != nil) || (ok && *start != want) {
			t.Errorf("a retry after %s: the database says %v, the Line %q", from, start, want)
		}
	}
}

func TestFM028a_AnUnknownStatusIsRefused(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 1)
	for _, word := range []string{"parsing", "job_validated", "duplicate_detection", "Complete", ""} {
		_, err := h.work.Exec(t.Context(), `update upload_pipeline.upload_jobs set status = $2 where document_id = $1`, doc.Document, word)
		if code := sqlState(err); code != "23514" {
			t.Errorf("status %q: SQLSTATE %q, want 23514", word, code)
		}
	}
}

// impossible is for each guarded column of an attempt what it cannot hold, as SQL.
var impossible = map[string]string{"attempt": "0", "lane": "'express'", "providers_ms": "-1::bigint", "status": "'parsing'", "traceparent": "'00-short'"}

// jobColumns are those of upload_jobs, some of them as others.
func (h *house) jobColumns(others map[string]string) (columns, values string) {
	h.t.Helper()
	names := h.list(`select column_name::text from information_schema.columns where (table_schema, table_name) = ('upload_pipeline', 'upload_jobs') order by ordinal_position`)
	from := slices.Clone(names)
	for name, value := range others {
		from[slices.Index(names, name)] = value
	}
	return strings.Join(names, ", "), strings.Join(from, ", ")
}

func TestFM028a_WhatNoAttemptCanHoldIsRefused(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 1)
	super := h.super()
	for column, value := range impossible {
		second := map[string]string{"job_id": "gen_random_uuid()", "attempt": "2"}
		second[column] = value
		columns, values := h.jobColumns(second)
		for _, sql := range []string{
			`update upload_pipeline.upload_jobs set ` + column + ` = ` + value + ` where document_id = $1`,
			`insert into upload_pipeline.upload_jobs (` + columns + `) select ` + values + ` from upload_pipeline.upload_jobs where document_id = $1`,
		} {
			_, err := super.Exec(t.Context(), sql, doc.Document)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "23514" || pg.ColumnName != column || !strings.Contains(pg.Message, column) {
				t.Errorf("%.6s of %s: %v", sql, column, err)
			}
		}
	}
}

// A load passes the guard by: what it would have refused is found at the end.
func TestFM028a_WhatNoAttemptCanHoldIsNotLoaded(t *testing.T) {
	h := open(t)
	h.upload(user(t), "a", 1)
	super := h.super()
	load := func(others map[string]string) error {
		columns, values := h.jobColumns(others)
		jobs := postgres.DumpTable{Schema: "upload_pipeline", Name: "upload_jobs", Columns: strings.Split(columns, ", ")}
		conn, err := super.Acquire(t.Context())
		if err != nil {
			return err
		}
		var rows bytes.Buffer
		_, err = conn.Conn().PgConn().CopyTo(t.Context(), &rows, `copy (select `+values+` from upload_pipeline.upload_jobs) to stdout (format binary)`)
		conn.Release()
		if err != nil {
			return err
		}
		return postgres.LoadDump(t.Context(), super, []postgres.DumpTable{jobs}, func(l *postgres.Load) error {
			if err := l.Fill(t.Context(), jobs, &rows, 1); err != nil {
				return err
			}
			_, err := l.Finish(t.Context(), nil, nil)
			return err
		})
	}
	for column, value := range impossible {
		if err := load(map[string]string{column: value}); err == nil || !strings.Contains(err.Error(), "a row's "+column) {
			t.Errorf("%s: %v", column, err)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.upload_jobs where status = 'uploaded' and attempt = 1`); n != 1 {
		t.Errorf("%d rows are left of the one that was there", n)
	}
	if err := load(nil); err != nil {
		t.Errorf("a sound row: %v", err)
	}
}

// Random walks over every pair: SQL lets through what the Line allows, and no
// more; each move leaves one event.
func TestP008b_OnlyMovesOfTheLinePass(t *testing.T) {
	h := open(t)
	who := user(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		doc := h.upload(who, "content "+core.NewID().String(), 1)
		at := core.Uploaded
		events := 1
		for range rapid.IntRange(1, 8).Draw(rt, "moves") {
			to := rapid.SampledFrom(core.Statuses()).Draw(rt, "to")
			err := h.force(doc.Document, to)
			legal := slices.Contains(core.Moves(), core.Move{From: at, To: to}) && to != core.Complete
			switch {
			case legal && err != nil:
				rt.Fatalf("%s to %s is of the Line and was refused: %v", at, to, err)
			case !legal && to != at && err == nil:
				rt.Fatalf("%s to %s is not of the Line and passed", at, to)
			case legal:
				at = to
				events++
			}
		}
		if got := len(h.events(doc.Document)); got != events {
			rt.Fatalf("%d events for %d statuses", got, events)
		}
	})
	if n == 0 {
		t.Fatal("no walk was taken")
	}
}

// force writes a status past the store, as a careless operator would.
func (h *house) force(id core.ID, to core.Status) error {
	_, err := h.work.Exec(context.Background(), `update upload_pipeline.upload_jobs set status = $2 where document_id = $1`, id, string(to))
	return err
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
