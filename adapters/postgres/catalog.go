package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Catalog is what carries and guards the schema, as the database's own catalog
// tells it: no query of a service would show that it is missing.
type Catalog struct {
	Offered     string   // the version of pgvector that the server could install; empty where it has none
	Vector      string   // the version that is installed; empty where none is
	VectorPlace string   // the schema that it is in; ours look in VectorSchema
	Open        []string // tables of ours whose row security is not enabled and forced
}

// ReadRoom is how many connections the server gives to logins that are nobody
// special's. Any role may ask.
func ReadRoom(ctx context.Context, pool *pgxpool.Pool) (n int, err error) {
	err = pool.QueryRow(ctx, `select sum(case name when 'max_connections' then 1 else -1 end * setting::int)::int from pg_settings
		where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')`).Scan(&n)
	return n, trouble(err)
}

// VectorSchema is where our statements look for pgvector.
const VectorSchema = "extensions"

// ReadCatalog reads it. Any role may.
func ReadCatalog(ctx context.Context, pool *pgxpool.Pool) (c Catalog, err error) {
	err = pool.QueryRow(ctx, `select
		coalesce((select default_version from pg_available_extensions where name = 'vector'), ''),
		coalesce((select extversion from pg_extension where extname = 'vector'), ''),
		coalesce((select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), ''),
		coalesce((select array_agg(n.nspname || '.' || c.relname order by 1) from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where n.nspname in ('upload_pipeline', 'local_auth') and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)), '{}')`).
		Scan(&c.Offered, &c.Vector, &c.VectorPlace, &c.Open)
	return c, trouble(err)
}
