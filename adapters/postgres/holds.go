package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
)

// Holds reports whether any row of the document is left: one that was purged
// has none, in no table.
func Holds(ctx context.Context, pool *pgxpool.Pool, id core.ID) (there bool, err error) {
	err = pool.QueryRow(ctx, `select exists (select from upload_pipeline.documents where document_id = $1)
		or exists (select from upload_pipeline.upload_jobs where document_id = $1)
		or exists (select from upload_pipeline.document_chunks where document_id = $1)`, id).Scan(&there)
	return there, trouble(err)
}
