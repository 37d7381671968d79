package db_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// River UI's login reads every table of the queue, changes none, and reads
// nothing of documents or people.
func TestRiverUIReadsTheQueueAlone(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	conn, err := pgx.Connect(t.Context(), house.URL("inav_riverui"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // nothing is pending
	rows, err := house.SuperConn().Query(t.Context(), `select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname in ('river', 'upload_pipeline', 'local_auth', 'auth') order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, table := range tables {
		_, err := conn.Exec(t.Context(), "select * from "+table+" limit 1")
		ours := !strings.HasPrefix(table, "river.")
		if ours != refused(err) {
			t.Errorf("%s: %v", table, err)
		}
		if !ours {
			read++
		}
	}
	if read < 3 || read == len(tables) {
		t.Errorf("it reads %d of %d tables", read, len(tables))
	}
	if _, err := conn.Exec(t.Context(), `set default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`delete from river.river_job`, `update river.river_job set state = 'cancelled'`, `insert into river.river_queue (name, updated_at) values ('x', now())`} {
		if _, err := conn.Exec(t.Context(), sql); !refused(err) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// refused says that the role lacks the right.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}
