package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
)

// The words of the Go table, of the CHECK and of the move function are one.
func TestFM015_TheDatabaseKnowsTheStatusesOfTheLine(t *testing.T) {
	h := open(t)
	var check string
	err := h.work.QueryRow(t.Context(), `select pg_get_constraintdef(oid) from pg_constraint
		where conname = 'upload_jobs_status_check' and conrelid = 'upload_pipeline.upload_jobs'::regclass`).Scan(&check)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for i, part := range strings.Split(check, "'") {
		if i%2 == 1 {
			words = append(words, part)
		}
	}
	var want []string
	for _, s := range core.Statuses() {
		want = append(want, string(s))
	}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Errorf("the CHECK differs from core.Statuses:\n%s", diff)
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
