// Package legacy adopts the predecessor's database: it moves its schema aside,
// brings the database to ours, and takes over document by document what can be
// proven. Nothing of the old schema is changed but its name and who may read
// it, so that there is a way back.
package legacy

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
)

//go:embed sql/*.sql
var files embed.FS

// Schema is where the predecessor's tables lie once they were moved aside.
const Schema = "upload_pipeline_legacy"

// ErrNone says that there is nothing of the predecessor's in the database.
var ErrNone = errors.New("there is nothing to adopt: neither upload_pipeline nor upload_pipeline_legacy holds the predecessor's tables")

// Queue takes jobs within a transaction.
type Queue interface {
	Insert(ctx context.Context, tx pgx.Tx, jobs ...core.Job) error
}

// Options say how to adopt.
type Options struct {
	URL    string // of the database, as the owner of the schemas
	DryRun bool   // report alone: every transaction is read-only

	Files     Files
	Queue     func(*pgxpool.Pool) (Queue, error)
	Count     func(text string) int               // tokens, as the embedding model counts
	MaxTokens int                                 // of a chunk that the embedder takes
	Model     string                              // the embedding model: vectors of another are made anew
	Name      func(name string) string            // a file name made fit to be shown
	Key       func(user, document core.ID) string // where a file lies in our bucket
	Parser    string                              // written beside texts that were taken over
}

// adoption is one run.
type adoption struct {
	Options
	pool   *pgxpool.Pool
	queue  Queue
	source string // the schema that is read
	ours   bool   // our tables are there
	shared map[[32]byte]bool
	done   map[core.ID]bool // adopted by an earlier run
	taken  map[content]bool // contents taken in this run
	owners map[core.ID]bool // people with an account; nil where there is no list of them
	report Report
}

// content is one owner's bytes.
type content struct {
	user core.ID
	sum  [32]byte
}

// Adopt takes the predecessor's documents over. It may be run again, after a
// crash at any point too: what was adopted stays as it is, what was left is
// looked at anew. The report is whole also where an error ends the run.
func Adopt(ctx context.Context, o Options) (Report, error) {
	pool, err := connect(ctx, o)
	if err != nil {
		return Report{}, err
	}
	defer pool.Close()
	a := &adoption{Options: o, pool: pool, taken: map[content]bool{}, done: map[core.ID]bool{}, report: newReport(o.DryRun)}
	release, err := a.lock(ctx)
	if err != nil {
		return a.report, err
	}
	defer release()
	if err := a.prepare(ctx); err != nil {
		return a.report, err
	}
	return a.report, a.run(ctx)
}

// connect opens the pool. A dry run's sessions can write nothing at all.
func connect(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("DATABASE_URL cannot be read as a PostgreSQL address")
	}
	config.MaxConns = 3
	readOnly := "off"
	if o.DryRun {
		readOnly = "on"
	}
	// After the login: poolers refuse parameters there, or forget them.
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `select set_config('search_path', '', false), set_config('default_transaction_read_only', $1, false)`, readOnly)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to adopt: %w", err)
	}
	return pool, nil
}

// adoptLock is the advisory lock's key: "inad" in ASCII.
const adoptLock = 0x696e6164

// lock lets one adoption run at a time; a second is told so and ends.
func (a *adoption) lock(ctx context.Context) (release func(), err error) {
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to adopt: %w", err)
	}
	var free bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", adoptLock).Scan(&free); err != nil || !free {
		conn.Release()
		return nil, errors.Join(err, errors.New("another adoption is running: wait for it"))
	}
	return func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", adoptLock)
		conn.Release()
	}, nil
}

// prepare finds the old tables and, unless it is a dry run, moves them aside
// and migrates. Each step is whole by itself, and found done by the next run.
func (a *adoption) prepare(ctx context.Context) error {
	s, err := a.state(ctx)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	if a.source, a.ours = s.source(), s.ours; a.DryRun {
		return nil
	}
	if s.foreign {
		if err := a.inOne(ctx, "aside.sql", "fence.sql"); err != nil {
			return fmt.Errorf("move the old schema aside: %w", err)
		}
	} else if err := a.inOne(ctx, "fence.sql"); err != nil {
		return fmt.Errorf("close the old schema: %w", err)
	}
	if err := db.Migrate(ctx, a.URL); err != nil {
		return err
	}
	a.source, a.ours = Schema, true
	a.queue, err = a.Queue(a.pool)
	return err
}

// inOne runs files in one transaction.
func (a *adoption) inOne(ctx context.Context, names ...string) error {
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec(ctx, a.sql(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// sql is a file's text over the schema that is read.
func (a *adoption) sql(name string) string {
	text, _ := files.ReadFile("sql/" + name) // embedded; every name is used by a test
	return strings.ReplaceAll(string(text), " legacy.", " "+pgx.Identifier{a.source}.Sanitize()+".")
}
