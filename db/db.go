// Package db holds the database's numbered migrations, forward-only and
// embedded, and brings a database to them: River's own tables in schema river
// first, then ours in schema upload_pipeline and local_auth. Nothing lies in
// public.
package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var files embed.FS

// The schemas this product owns.
const (
	Schema      = "upload_pipeline"
	RiverSchema = "river"
)

const versionTable = Schema + ".schema_version"

// Version is the schema version this binary was built for: the number of the
// newest migration.
func Version() int64 {
	names, _ := fs.Glob(files, "migrations/*.sql") // the pattern is right by test
	slices.Sort(names)
	last := strings.TrimPrefix(names[len(names)-1], "migrations/")
	number, _, _ := strings.Cut(last, "_")
	version, _ := strconv.ParseInt(number, 10, 64)
	return version
}

// Fingerprint changes whenever a migration's text does.
func Fingerprint() string {
	h := sha256.New()
	names, _ := fs.Glob(files, "migrations/*.sql")
	for _, name := range names {
		text, _ := files.ReadFile(name)
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Migrate brings the database at url to this binary's schema. The url logs in
// as the owner of the schemas. Only one migration runs at a time; the others
// wait for it. What was applied before is left as it is.
func Migrate(ctx context.Context, url string) error { return MigrateTo(ctx, url, Version()) }

// MigrateTo is Migrate up to a version of our schema and no further: a backup
// is loaded into the schema that it was taken of, and then migrated.
func MigrateTo(ctx context.Context, url string, version int64) error {
	pool, err := ownerPool(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return locked(ctx, pool, func() error {
		if err := refuseForeign(ctx, pool); err != nil {
			return err
		}
		if err := migrateRiver(ctx, pool); err != nil {
			return err
		}
		if err := migrateOurs(ctx, pool, version); err != nil {
			return err
		}
		if err := grantRiver(ctx, pool); err != nil {
			return err
		}
		return settleLogins(ctx, pool)
	})
}

// ownerPool connects as the owner of the schemas, with an empty search path and
// without a limit of time, which a hosted server may have and an index exceeds.
// Both are said after the login: poolers refuse them there, or forget them.
func ownerPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL cannot be read as a PostgreSQL address")
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `select set_config('search_path', '', false), set_config('statement_timeout', '0', false)`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to migrate: %w", err)
	}
	return pool, nil
}

// migrateLock is the advisory lock's key: "inav" in ASCII.
const migrateLock = 0x696e6176

// locked runs work while this session alone holds the migration lock.
func locked(ctx context.Context, pool *pgxpool.Pool, work func() error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", migrateLock); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", migrateLock) }()
	return work()
}

// ErrForeign says the schema's name is taken by another system's tables.
var ErrForeign = errors.New("schema upload_pipeline holds another system's tables: they are left untouched; " +
	"run `navigator migrate adopt --dry-run` to see what can be taken over, and `navigator migrate adopt` to do so; or use an empty database")

// refuseForeign keeps migrate off the predecessor's tables.
func refuseForeign(ctx context.Context, pool *pgxpool.Pool) error {
	var foreign bool
	err := pool.QueryRow(ctx, `select to_regclass('upload_pipeline.documents') is not null
		and to_regclass('upload_pipeline.schema_version') is null`).Scan(&foreign)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if foreign {
		return ErrForeign
	}
	return nil
}

func migrateRiver(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, "create schema if not exists river"); err != nil {
		return fmt.Errorf("create schema river: %w", err)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: RiverSchema})
	if err != nil {
		return fmt.Errorf("prepare River's migration: %w", err)
	}
	// Not MigrateTx: version 6 uses an enum value that version 4 adds, which
	// one transaction cannot do.
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River: %w", err)
	}
	return nil
}

func migrateOurs(ctx context.Context, pool *pgxpool.Pool, version int64) error {
	if _, err := pool.Exec(ctx, "create schema if not exists upload_pipeline"); err != nil {
		return fmt.Errorf("create schema upload_pipeline: %w", err)
	}
	handle := stdlib.OpenDBFromPool(pool)
	defer handle.Close() //nolint:errcheck // it only wraps the pool
	provider, err := newProvider(handle)
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func newProvider(handle *sql.DB) (*goose.Provider, error) {
	tree, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, handle, tree,
		goose.WithTableName(versionTable), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("prepare the migration: %w", err)
	}
	return provider, nil
}

// grantRiver lets the API insert jobs and the workers work them. It runs after
// every migration, so that River's new tables are covered too.
func grantRiver(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `
		grant usage on schema river to inav_app, service_role;
		grant select, insert, update (kind) on river.river_job to inav_app;
		grant usage on sequence river.river_job_id_seq to inav_app;
		grant select, insert, update, delete on all tables in schema river to service_role;
		grant usage on all sequences in schema river to service_role;
		do $$ begin
			if exists (select from pg_roles where rolname = 'inav_riverui') then -- from version 20 on
				grant usage on schema river to inav_riverui;
				grant select on all tables in schema river to inav_riverui;
			end if;
		end $$;
		revoke all on upload_pipeline.schema_version from public;
		grant select on upload_pipeline.schema_version to inav_app, service_role;
		alter table upload_pipeline.schema_version enable row level security;
		alter table upload_pipeline.schema_version force row level security;
		drop policy if exists process on upload_pipeline.schema_version;
		create policy process on upload_pipeline.schema_version to inav_app, service_role, current_user using (true) with check (true);
		alter table river.river_job set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
			autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1)`)
	if err != nil {
		return fmt.Errorf("grant the queue: %w", err)
	}
	return nil
}

// ErrNoSchema says that a database is still empty.
var ErrNoSchema = errors.New("the database has no schema yet: run `navigator migrate` first")

// Check says whether this binary may serve the database: its schema is not
// older than the binary needs, nor newer than it says this binary can serve.
// The error names the command that mends it.
func Check(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	var version, oldest int64
	err := pool.QueryRow(ctx, `select version, oldest_binary from upload_pipeline.schema_serves
		order by version desc limit 1`).Scan(&version, &oldest)
	if missing(err) {
		return 0, ErrNoSchema
	}
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, judge(version, oldest, Version())
}

func judge(version, oldest, binary int64) error {
	switch {
	case version < binary:
		return fmt.Errorf("the database's schema is version %d and this binary needs %d: run `navigator migrate` of this release first", version, binary)
	case binary < oldest:
		return fmt.Errorf("the database's schema is version %d, which serves binaries from schema %d on, and this binary is of schema %d: start a newer release", version, oldest, binary)
	default:
		return nil
	}
}

// missing reports an absent table, schema or row.
func missing(err error) bool {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState() == "42P01" || state.SQLState() == "3F000"
	}
	return errors.Is(err, pgx.ErrNoRows)
}

// Schemas is the whole of the migrations as one value, for those who are
// handed a migration to apply.
type Schemas struct{}

// Fingerprint changes whenever a migration's text does.
func (Schemas) Fingerprint() string { return Fingerprint() }

// Apply is Migrate.
func (Schemas) Apply(ctx context.Context, url string) error { return Migrate(ctx, url) }
