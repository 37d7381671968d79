package plans

import (
	"context"
	_ "embed" // the seed
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
)

//go:embed seed.sql
var seed string

// still keeps autovacuum away: it would count the rows anew, from fewer of them,
// and its snapshot would hide pages from the vacuum here.
const still = `do $$ declare t regclass; begin
	for t in select oid::regclass from pg_class where relkind = 'r' and relnamespace in
			('upload_pipeline'::regnamespace, 'local_auth'::regnamespace, 'river'::regnamespace) loop
		execute format('alter table %s set (autovacuum_enabled = false)', t);
	end loop;
end $$`

// Seeded is a database of half a year's work, with statistics over all its rows:
// the same each time. It is made anew each week, for what is recent in it is told
// from now.
type Seeded struct{}

// Fingerprint is dbtest.Migration.
func (Seeded) Fingerprint() string {
	year, week := time.Now().UTC().ISOWeek()
	return fmt.Sprintf("plans %s %d-%d %s %s", db.Fingerprint(), year, week, still, seed)
}

// Apply is dbtest.Migration.
func (Seeded) Apply(ctx context.Context, url string) error {
	if err := db.Migrate(ctx, url); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to seed: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	for _, step := range []string{still, seed, "set default_statistics_target = 1000", "vacuum (analyze)"} {
		if _, err := conn.PgConn().Exec(ctx, step).ReadAll(); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return uncover(ctx, conn)
}

// covered is the tables of which the visibility map lacks pages.
const covered = `select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where c.relkind = 'r' and n.nspname in ('upload_pipeline', 'local_auth', 'river') and c.relallvisible < c.relpages order by 1, 2`

// uncoverTime bounds how long what hides rows may last.
const uncoverTime = time.Minute

// uncover vacuums until every page is known to be visible to all: plans count on
// it. A snapshot without a database, such as that of the server's autovacuum
// launcher or of a copy being made, holds it up for a moment in every database.
func uncover(ctx context.Context, conn *pgx.Conn) error {
	for began := time.Now(); ; {
		rows, err := conn.Query(ctx, covered)
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pgx.Identifier, error) {
			name := make(pgx.Identifier, 2)
			return name, row.Scan(&name[0], &name[1])
		})
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		if len(tables) == 0 {
			return nil
		}
		if time.Since(began) > uncoverTime {
			return fmt.Errorf("seed: rows of %d tables, %s among them, stay hidden from vacuum", len(tables), tables[0].Sanitize())
		}
		for _, table := range tables {
			if _, err := conn.Exec(ctx, "vacuum "+table.Sanitize()); err != nil {
				return fmt.Errorf("seed: %w", err)
			}
		}
	}
}

// Large names the tables that grow with the documents.
func Large() []string {
	return []string{"documents", "upload_jobs", "document_chunks", "document_pages", "events", "webhook_log", "costs", "audit_log", "river_job"}
}
