package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

func pool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func run(t *testing.T, house *dbtest.DB, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := house.SuperConn().Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// Each state of a database is met with its own answer, and the one that needs
// a command names it.
func TestP014b_Wschema_EveryStateOfTheSchemaHasItsAnswer(t *testing.T) {
	t.Parallel()
	current := db.Version()
	for name, test := range map[string]struct {
		empty bool
		sql   []string
		want  string // of the error; "" is none
		seen  int64
	}{
		"empty":              {empty: true, want: "run `navigator migrate` first"},
		"an empty schema":    {empty: true, sql: []string{`create schema upload_pipeline`}, want: "run `navigator migrate` first"},
		"the predecessor's":  {empty: true, sql: []string{`create schema upload_pipeline`, `create table upload_pipeline.documents (id uuid)`}, want: "run `navigator migrate` first"},
		"nothing finished":   {sql: []string{`delete from upload_pipeline.schema_serves`}, want: "run `navigator migrate` first"},
		"older":              {sql: []string{fmt.Sprintf(`delete from upload_pipeline.schema_serves where version = %d`, current)}, seen: current - 1, want: fmt.Sprintf("is version %d and this binary needs %d: run `navigator migrate` of this release first", current-1, current)},
		"our own":            {seen: current},
		"newer, serves us":   {sql: []string{fmt.Sprintf(`insert into upload_pipeline.schema_serves values (%d, %d)`, current+1, current)}, seen: current + 1},
		"newer, serves none": {sql: []string{fmt.Sprintf(`insert into upload_pipeline.schema_serves values (%d, %d)`, current+1, current+1)}, seen: current + 1, want: "start a newer release"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var migration dbtest.Migration = db.Schemas{}
			roles := []string{"inav_app", "inav_worker"}
			if test.empty {
				migration, roles = nil, nil
			}
			house := dbtest.New(t, migration)
			run(t, house, test.sql...)
			urls := []string{house.OwnerURL()}
			for _, role := range roles {
				urls = append(urls, house.URL(role))
			}
			for _, url := range urls {
				seen, err := db.Check(t.Context(), pool(t, url))
				if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
					t.Errorf("Check answers %v, want %q", err, test.want)
				}
				if seen != test.seen {
					t.Errorf("Check saw version %d, want %d", seen, test.seen)
				}
			}
		})
	}
}

// A database that cannot be asked is not taken for one without a schema.
func TestFM026_ADatabaseThatDoesNotAnswerIsNotAnEmptyOne(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Check(ctx, pool(t, house.OwnerURL())); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "no schema") {
		t.Errorf("Check answers %v", err)
	}
}

// relations lists everything that lies in the database beside PostgreSQL's own.
func relations(t *testing.T, house *dbtest.DB) []string {
	t.Helper()
	rows, err := house.SuperConn().Query(t.Context(), `select n.nspname || '.' || coalesce(c.relname, '') from pg_namespace n left join pg_class c on c.relnamespace = n.oid
		where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestThePredecessorsTablesAreLeftUntouched(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, nil)
	run(t, house, `create schema upload_pipeline`, `create table upload_pipeline.documents (document_id uuid primary key, processing_status text)`,
		`insert into upload_pipeline.documents values ('00000000-0000-0000-0000-000000000001', 'theirs')`)
	before := relations(t, house)
	for range 2 {
		if err := db.Migrate(t.Context(), house.OwnerURL()); !errors.Is(err, db.ErrForeign) {
			t.Fatalf("Migrate answers %v, want ErrForeign", err)
		}
	}
	if diff := cmp.Diff(before, relations(t, house)); diff != "" {
		t.Errorf("the refused migration changed the database:\n%s", diff)
	}
	var status string
	if err := house.SuperConn().QueryRow(t.Context(), `select processing_status from upload_pipeline.documents`).Scan(&status); err != nil || status != "theirs" {
		t.Errorf("their row reads %q (%v)", status, err)
	}
	// The error names the way, and with the schema out of it there is one.
	if !strings.Contains(db.ErrForeign.Error(), "navigator migrate adopt") {
		t.Fatalf("the error names no way out: %v", db.ErrForeign)
	}
	_ = dbtest.New(t, db.Schemas{}) // the roles, which all databases of the server share, are made under its lock
	run(t, house, `alter schema upload_pipeline rename to upload_pipeline_legacy`)
	if err := db.Migrate(t.Context(), house.OwnerURL()); err != nil {
		t.Errorf("with the schema moved aside: %v", err)
	}
}

func TestConcurrentMigrationsAreOne(t *testing.T) {
	t.Parallel()
	_ = dbtest.New(t, db.Schemas{}) // as above: the roles
	house := dbtest.New(t, nil)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { errs[i] = db.Migrate(t.Context(), house.OwnerURL()) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if seen, err := db.Check(t.Context(), pool(t, house.OwnerURL())); err != nil || seen != db.Version() {
		t.Errorf("the schema is at %d (%v)", seen, err)
	}
	var twice int
	if err := house.SuperConn().QueryRow(t.Context(), `select count(*) - count(distinct version_id) from upload_pipeline.schema_version`).Scan(&twice); err != nil || twice != 0 {
		t.Errorf("%d migrations were applied twice (%v)", twice, err)
	}
}

// Yesterday's migrate on tomorrow's database changes nothing.
func TestAnOlderMigrateLeavesANewerSchemaAlone(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	next := db.Version() + 1
	run(t, house, fmt.Sprintf(`insert into upload_pipeline.schema_version (version_id, is_applied) values (%d, true)`, next),
		fmt.Sprintf(`insert into upload_pipeline.schema_serves values (%d, %d)`, next, next), `create table upload_pipeline.tomorrow (id int)`)
	before := relations(t, house)
	if err := db.Migrate(t.Context(), house.OwnerURL()); err != nil {
		t.Errorf("Migrate answers %v, want nothing to do", err)
	}
	if diff := cmp.Diff(before, relations(t, house)); diff != "" {
		t.Errorf("the newer schema was changed:\n%s", diff)
	}
	if seen, err := db.Check(t.Context(), pool(t, house.OwnerURL())); err == nil || seen != next {
		t.Errorf("Check saw %d (%v)", seen, err)
	}
}

// A search path that leads elsewhere changes nothing: every name has its schema.
func TestL003_MigrateDoesNotFollowTheSearchPath(t *testing.T) {
	t.Parallel()
	_ = dbtest.New(t, db.Schemas{}) // as above: the roles
	house := dbtest.New(t, nil)
	run(t, house, `create schema decoy`, `create table decoy.documents (id int)`, `create table decoy.schema_version (id int)`,
		fmt.Sprintf(`alter database %q set search_path = decoy, public`, house.Name))
	if err := db.Migrate(t.Context(), house.OwnerURL()); err != nil {
		t.Fatal(err)
	}
	for _, relation := range relations(t, house) {
		schema, name, _ := strings.Cut(relation, ".")
		if (schema == "decoy" && name != "documents" && name != "schema_version") || (schema == "public" && name != "") {
			t.Errorf("%s was made along the search path", relation)
		}
	}
	if seen, err := db.Check(t.Context(), pool(t, house.OwnerURL())); err != nil || seen != db.Version() {
		t.Errorf("Check along that path saw %d (%v)", seen, err)
	}
}

func TestAnAddressThatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:canary@h:port/d", "canary", "postgres://u:canary@127.0.0.1:1/d?connect_timeout=1"} {
		if err := db.Migrate(t.Context(), url); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("Migrate answers %v", err)
		}
	}
}
