package db_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// A database that has auth.uid() and the client roles, as Supabase's does, is
// left as it is.
func TestASupabaseDatabaseIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, nil)
	conn := house.SuperConn()
	_, err := conn.Exec(t.Context(), `
		create schema auth;
		create function auth.uid() returns uuid language sql stable as 'select ''00000000-0000-0000-0000-00000000beef''::uuid';
		create schema extensions;
		create extension vector with schema extensions;
		create table public.theirs (id int)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), house.OwnerURL()); err != nil {
		t.Fatal(err)
	}
	var uid string
	if err := conn.QueryRow(t.Context(), `select auth.uid()::text`).Scan(&uid); err != nil {
		t.Fatal(err)
	}
	if uid != "00000000-0000-0000-0000-00000000beef" {
		t.Errorf("auth.uid() was replaced: it answers %s", uid)
	}
	var tables int
	if err := conn.QueryRow(t.Context(), `select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 1 {
		t.Errorf("%d tables in public, want theirs alone", tables)
	}
}

// An older pgvector, or one in another schema, is told with the command that
// mends it.
func TestTheExtensionsPlaceIsTold(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, nil)
	if _, err := house.SuperConn().Exec(t.Context(), `create extension vector with schema public`); err != nil {
		t.Fatal(err)
	}
	err := db.Migrate(t.Context(), house.OwnerURL())
	if err == nil {
		t.Fatal("it migrated with the extension in public")
	}
	if hint := hintOf(err); hint != "run: alter extension vector set schema extensions" {
		t.Errorf("the hint is %q; the error %v", hint, err)
	}
}

func hintOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Hint
	}
	return ""
}
