package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// optional is what a deployment may add to the schema and take away again,
// without another version of it.
type optional struct {
	name  string // of the index in the schema
	build string // %s is the name
	needs string // is true where the database can have it
	lacks string // said where it cannot
}

// optionals is all there is, by the name people type.
var optionals = map[string]optional{
	// The nearest neighbors of vectors in half precision. Built after the rows
	// it takes a minute for 100,000 of them; every row added later costs 3 to 7
	// ms of processor time and up to 120 KB of log.
	"hnsw": {
		name: "document_chunks_nearest",
		build: `create index concurrently %s on upload_pipeline.document_chunks
			using hnsw ((embedding::extensions.halfvec(1536)) extensions.halfvec_cosine_ops) with (m = 16, ef_construction = 64)
			where embedding is not null`,
		needs: `select string_to_array(extversion, '.')::int[] >= array[0, 8] from pg_extension where extname = 'vector'`,
		lacks: "it needs the extension vector 0.8 or newer (iterative scans): update it, then run: alter extension vector update",
	},
}

// Optionals is the names that Add and Drop take.
func Optionals() []string {
	var names []string
	for name := range optionals {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Add builds an optional index without stopping anyone's work; one that is
// there and whole is left. What an interrupted run left behind is built anew.
func Add(ctx context.Context, url, name string) error {
	return change(ctx, url, name, func(ctx context.Context, pool *pgxpool.Pool, o optional) error {
		var can bool
		if err := pool.QueryRow(ctx, o.needs).Scan(&can); err != nil || !can {
			return errors.Join(errors.New(o.lacks), err)
		}
		whole := false
		err := pool.QueryRow(ctx, `select coalesce((select indisvalid from pg_index where indexrelid = to_regclass($1)), false)`,
			Schema+"."+o.name).Scan(&whole)
		if err != nil || whole {
			return err
		}
		if err := drop(ctx, pool, o); err != nil {
			return err
		}
		_, err = pool.Exec(ctx, fmt.Sprintf(o.build, o.name))
		return err
	})
}

// Drop takes an optional index away; one that is not there is no error.
func Drop(ctx context.Context, url, name string) error { return change(ctx, url, name, drop) }

func drop(ctx context.Context, pool *pgxpool.Pool, o optional) error {
	_, err := pool.Exec(ctx, "drop index concurrently if exists "+Schema+"."+o.name)
	return err
}

// change runs work on the database while nobody migrates it.
func change(ctx context.Context, url, name string, work func(context.Context, *pgxpool.Pool, optional) error) error {
	o, known := optionals[name]
	if !known {
		return fmt.Errorf("there is no optional index %q, only %s", name, strings.Join(Optionals(), ", "))
	}
	pool, err := ownerPool(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return locked(ctx, pool, func() error {
		if err := work(ctx, pool, o); err != nil {
			return fmt.Errorf("index %s: %w", name, err)
		}
		return nil
	})
}
