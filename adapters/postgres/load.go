package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
)

// Occupied names the tables that hold anybody's rows. What the migrations put
// into others is no sign of use, and a load replaces it.
func Occupied(ctx context.Context, pool *pgxpool.Pool) (names []string, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local row_security = off`); err != nil {
			return err
		}
		tables, err := dumpTables(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range slices.DeleteFunc(tables, func(t DumpTable) bool { return !t.somebodys() }) {
			var some bool
			if err := tx.QueryRow(ctx, "select exists (select from "+t.quoted()+")").Scan(&some); err != nil {
				return err
			}
			if some {
				names = append(names, t.Schema+"."+t.Name)
			}
		}
		return nil
	})
	return names, hidden(trouble(err))
}

// somebodys reports whether the table's rows belong to a person or a document.
func (t DumpTable) somebodys() bool {
	return t.Schema == "local_auth" || slices.Contains(t.Columns, "document_id") || slices.Contains(t.Columns, "user_id")
}

// Load fills an empty database of the dump's schema version, in one
// transaction: either all of it is there afterwards, or nothing. Until its end
// our own triggers and row security stand aside, which the tables' owner may
// do; constraints and foreign keys hold all the while, and what an attempt may
// hold is looked at before the triggers are back.
type Load struct {
	tx     pgx.Tx
	tables []DumpTable
}

// LoadDump begins a load of the tables and hands it to fill.
func LoadDump(ctx context.Context, pool *pgxpool.Pool, tables []DumpTable, fill func(*Load) error) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		l := &Load{tx: tx, tables: tables}
		var names []string
		for _, t := range tables {
			names = append(names, t.quoted())
		}
		if err := l.each(ctx, "set local statement_timeout = 0", "set local idle_in_transaction_session_timeout = 0"); err != nil {
			return err
		}
		if err := l.guards(ctx, "disable trigger user", "no force row level security"); err != nil {
			return err
		}
		if err := l.each(ctx, "truncate "+strings.Join(names, ", ")+" cascade"); err != nil {
			return err
		}
		if err := fill(l); err != nil {
			return err
		}
		return l.guards(ctx, "force row level security")
	})
}

// guards changes how every table guards itself.
func (l *Load) guards(ctx context.Context, changes ...string) error {
	for _, t := range l.tables {
		for _, change := range changes {
			if err := l.each(ctx, "alter table "+t.quoted()+" "+change); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Load) each(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := l.tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", strings.SplitN(sql, " ", 3)[0], reason(err))
		}
	}
	return nil
}

// Fill copies a table's rows and compares their number.
func (l *Load) Fill(ctx context.Context, table DumpTable, from io.Reader, rows int64) error {
	source := &remembering{from: from}
	tag, err := l.tx.Conn().PgConn().CopyFrom(ctx, source, table.copySQL("from stdin"))
	switch {
	case source.failed != nil:
		return source.failed
	case err != nil:
		return fmt.Errorf("table %s.%s: %w", table.Schema, table.Name, reason(err))
	case tag.RowsAffected() != rows:
		return fmt.Errorf("table %s.%s: %d rows were loaded of %d", table.Schema, table.Name, tag.RowsAffected(), rows)
	}
	return nil
}

// remembering keeps the reader's own fault, of which the server would be told
// in other words.
type remembering struct {
	from   io.Reader
	failed error
}

// Read implements io.Reader.
func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return n, err
}

// Finish sets the sequences, puts our triggers back, and deletes again what was
// deleted after the dump: those documents are never seen, not for a moment. It
// tells how many there were.
func (l *Load) Finish(ctx context.Context, sequences map[string]int64, deleted []core.ID) (again int, err error) {
	for name, last := range sequences {
		if _, err := l.tx.Exec(ctx, `select setval($1::text::regclass, $2)`, name, last); err != nil {
			return 0, reason(err)
		}
	}
	if err := l.sound(ctx); err != nil {
		return 0, err
	}
	if err := l.guards(ctx, "enable trigger user"); err != nil {
		return 0, err
	}
	return l.bury(ctx, deleted)
}

// sound refuses what guard_job, which stood aside, would not have let in. In a
// schema of before job_fault the table's own constraints have.
func (l *Load) sound(ctx context.Context) error {
	var guarded bool
	if err := l.tx.QueryRow(ctx, `select to_regproc('upload_pipeline.job_fault') is not null`).Scan(&guarded); err != nil || !guarded {
		return reason(err)
	}
	var column string
	err := l.tx.QueryRow(ctx, `select fault from upload_pipeline.upload_jobs j,
		lateral upload_pipeline.job_fault(j.attempt, j.lane, j.providers_ms, j.status, j.traceparent) fault where fault is not null limit 1`).Scan(&column)
	switch {
	case err == nil:
		return fmt.Errorf("table upload_pipeline.upload_jobs: a row's %s is none that it can hold", column)
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	}
	return reason(err)
}

// bury deletes again what was deleted, past holds too: no deletion begins while
// a hold stands, so one that the dump has was lifted before.
func (l *Load) bury(ctx context.Context, deleted []core.ID) (again int, err error) {
	rows, err := l.tx.Query(ctx, `select format('alter table %s %%s trigger %I', tgrelid::regclass, tgname) from pg_trigger
		where tgname = 'refuse_held' and tgrelid::regclass::text in ('upload_pipeline.upload_jobs', 'upload_pipeline.upload_intents')`)
	if err != nil {
		return 0, reason(err)
	}
	guards, err := pgx.CollectRows(rows, pgx.RowTo[string]) // none in a dump of before there were holds
	if err != nil {
		return 0, reason(err)
	}
	turn := func(word string) error {
		for _, guard := range guards {
			if err := l.each(ctx, fmt.Sprintf(guard, word)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := turn("disable"); err != nil {
		return 0, err
	}
	if again, err = rebury(ctx, l.tx, deleted); err != nil {
		return 0, reason(err)
	}
	return again, turn("enable")
}

// reason is a refusal of the server in its own code: its words may hold values.
func reason(err error) error {
	if code := state(err); code != "" {
		return fmt.Errorf("the database refuses it (SQLSTATE %s): %w", code, trouble(err))
	}
	return trouble(err)
}

// rebury begins the deletion of those documents that are there, and takes back
// those announced uploads; the jobs that purge them are given by Revive.
func rebury(ctx context.Context, tx pgx.Tx, deleted []core.ID) (again int, err error) {
	tag, err := tx.Exec(ctx, `update upload_pipeline.upload_jobs j set status = 'deleting' from upload_pipeline.documents d
		where d.document_id = j.document_id and d.attempt = j.attempt and d.document_id = any ($1) and j.status <> 'deleting'`, deleted)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `update upload_pipeline.upload_intents set state = 'removed', filename = '-', last_error = null, existing_id = null
		where document_id = any ($1) and state <> 'removed'`, deleted)
	return int(tag.RowsAffected()), err
}

// Analyze counts the tables anew, so that the first searches are planned well.
func Analyze(ctx context.Context, pool *pgxpool.Pool, tables []DumpTable) error {
	for _, t := range tables {
		if _, err := pool.Exec(ctx, "analyze "+t.quoted()); err != nil {
			return trouble(err)
		}
	}
	return nil
}

// Schema is the version of our schema; 0 where there is none.
func Schema(ctx context.Context, pool *pgxpool.Pool) (version int64, err error) {
	var there bool
	if err := pool.QueryRow(ctx, `select to_regclass('upload_pipeline.schema_version') is not null`).Scan(&there); err != nil || !there {
		return 0, trouble(err)
	}
	err = pool.QueryRow(ctx, `select coalesce(max(version_id), 0) from upload_pipeline.schema_version where is_applied`).Scan(&version)
	return version, trouble(err)
}
