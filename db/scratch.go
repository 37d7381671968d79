package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrInUse says that a database is no scratch one.
var ErrInUse = errors.New("the database has tables of ours, and no mark of a drill: it is somebody's, and is left as it is; name an empty one")

// ours are the schemas that the migrations fill. The mark stands in a schema of
// its own, which is made in a database without any of these alone: a database
// that somebody works with can never have it.
const (
	ours = `upload_pipeline, local_auth, river`
	mark = `navigator_drill`
)

// Claim makes an empty database a scratch one, and empties one that is already:
// an earlier drill was killed in it. Any other is refused, with ErrInUse.
func Claim(ctx context.Context, url string) error {
	return scratch(ctx, url, func(pool *pgxpool.Pool, marked bool) error {
		if marked {
			return wipe(ctx, pool)
		}
		var used bool
		if err := pool.QueryRow(ctx, `select exists (select from pg_catalog.pg_namespace
			where nspname = any (string_to_array($1, ', ')))`, ours).Scan(&used); err != nil {
			return fmt.Errorf("look at the scratch database: %w", err)
		}
		if used {
			return ErrInUse
		}
		if _, err := pool.Exec(ctx, `create schema `+mark); err != nil {
			return fmt.Errorf("mark the scratch database: %w", err)
		}
		return nil
	})
}

// Wipe removes everything of ours from a database that Claim has marked, the mark
// included, and refuses any other.
func Wipe(ctx context.Context, url string) error {
	return scratch(ctx, url, func(pool *pgxpool.Pool, marked bool) error {
		if !marked {
			return ErrInUse
		}
		if err := wipe(ctx, pool); err != nil {
			return err
		}
		if _, err := pool.Exec(ctx, `drop schema `+mark); err != nil {
			return fmt.Errorf("take the mark off the scratch database: %w", err)
		}
		return nil
	})
}

// scratch has the database to itself, and tells whether it is marked.
func scratch(ctx context.Context, url string, work func(pool *pgxpool.Pool, marked bool) error) error {
	pool, err := ownerPool(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return locked(ctx, pool, func() error {
		var marked bool
		if err := pool.QueryRow(ctx, `select to_regnamespace($1) is not null`, mark).Scan(&marked); err != nil {
			return fmt.Errorf("look at the scratch database: %w", err)
		}
		return work(pool, marked)
	})
}

func wipe(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, `drop schema if exists `+ours+` cascade`); err != nil {
		return fmt.Errorf("wipe the scratch database: %w", err)
	}
	return nil
}
