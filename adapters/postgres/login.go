package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// CheckLogin refuses a login that row-level security could not hold: the API's
// must be no superuser, must not bypass policies, must inherit nothing, and
// must not own the tables, whatever role its sessions work as.
func CheckLogin(ctx context.Context, pool *pgxpool.Pool) error {
	var super, bypass, inherits, owns bool
	err := pool.QueryRow(ctx, `select r.rolsuper, r.rolbypassrls, r.rolinherit,
			exists (select from pg_class c where c.relnamespace = 'upload_pipeline'::regnamespace and c.relowner = r.oid)
		from pg_roles r where r.rolname = session_user`).Scan(&super, &bypass, &inherits, &owns)
	if err != nil {
		return fmt.Errorf("look at the database login: %w", redact(err))
	}
	if super || bypass || inherits || owns {
		return errors.New("DATABASE_URL: the API must log in as inav_app, which is no superuser, bypasses no policy, " +
			"inherits no role and owns no table; give that role a password and use it")
	}
	return nil
}

// CheckMigrator refuses a login that a migration would fail as: it has to make
// schemas in the database, and to work as the owner of ours where that is there.
func CheckMigrator(ctx context.Context, pool *pgxpool.Pool) error {
	var makes, owns bool
	err := pool.QueryRow(ctx, `select has_database_privilege(session_user, current_database(), 'create'),
			coalesce((select pg_has_role(session_user, nspowner, 'usage') from pg_namespace where nspname = 'upload_pipeline'), true)`).Scan(&makes, &owns)
	if err != nil {
		return fmt.Errorf("look at the database login: %w", redact(err))
	}
	if !makes || !owns {
		return errors.New("the login may not make schemas in this database, or does not own upload_pipeline: a migration would fail")
	}
	return nil
}
