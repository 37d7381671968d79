package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// pristine is the template of an unmigrated database.
const pristine = "template1"

const (
	testAge     = time.Hour          // no test process lives longer
	templateAge = 7 * 24 * time.Hour // since its last use
)

// template returns the database to clone, building it when this server has
// none of the migration's fingerprint.
func (s *server) template(ctx context.Context, m Migration) (string, error) {
	if m == nil {
		return pristine, nil
	}
	fingerprint := m.Fingerprint()
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.templates[fingerprint]; ok {
		return name, nil
	}
	sum := sha256.Sum256([]byte(fingerprint))
	name := templatePrefix + hex.EncodeToString(sum[:8])
	err := s.locked(ctx, func(conn *pgx.Conn) error { return s.ensure(ctx, conn, name, m) })
	if err != nil {
		return "", err
	}
	s.templates[fingerprint] = name
	return name, nil
}

// ensure builds the template under another name and renames it when complete,
// so that a killed build is never cloned. Connections are closed to it then: a
// connected database cannot be cloned.
func (s *server) ensure(ctx context.Context, conn *pgx.Conn, name string, m Migration) error {
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil {
		return fmt.Errorf("look for template %s: %w", name, err)
	}
	if exists {
		return touch(ctx, conn, name)
	}
	building := name + "_new"
	if err := s.drop(ctx, building); err != nil {
		return err
	}
	if err := s.clone(ctx, building, pristine); err != nil {
		return err
	}
	if err := m.Apply(ctx, s.url(building, nil)); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	for _, sql := range []string{
		"ALTER DATABASE " + quote(building) + " ALLOW_CONNECTIONS false",
		fmt.Sprintf("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '%s'", building),
		"ALTER DATABASE " + quote(building) + " RENAME TO " + quote(name),
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("finish template %s: %w", name, err)
		}
	}
	return touch(ctx, conn, name)
}

// touch notes the time of use in the template's comment.
func touch(ctx context.Context, conn *pgx.Conn, name string) error {
	_, err := conn.Exec(ctx, fmt.Sprintf("COMMENT ON DATABASE %s IS '%d'", quote(name), time.Now().Unix()))
	if err != nil {
		return fmt.Errorf("note the use of template %s: %w", name, err)
	}
	return nil
}

// sweep drops what killed test processes and old schemas left behind.
func (s *server) sweep(ctx context.Context) error {
	return s.locked(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '')
			FROM pg_database WHERE starts_with(datname, $1) OR starts_with(datname, $2)`, testPrefix, templatePrefix)
		if err != nil {
			return fmt.Errorf("list test databases: %w", err)
		}
		type database struct{ Name, Comment string }
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[database])
		if err != nil {
			return fmt.Errorf("list test databases: %w", err)
		}
		for _, d := range all {
			if stale(d.Name, d.Comment, time.Now()) {
				if err := s.drop(ctx, d.Name); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// stale judges a test's database by the time in its name, and a template by
// the time of its last use in its comment. What carries no time stays.
func stale(name, comment string, now time.Time) bool {
	stamp, limit := comment, templateAge
	if rest, ok := strings.CutPrefix(name, testPrefix); ok {
		stamp, _, _ = strings.Cut(rest, "_")
		limit = testAge
	}
	born, err := strconv.ParseInt(stamp, 10, 64)
	return err == nil && now.Sub(time.Unix(born, 0)) > limit
}
