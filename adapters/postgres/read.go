package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/core"
)

// Pages reads the document's parsed pages in order, failed and blank ones too.
func (s *Store) Pages(ctx context.Context, doc core.Document) ([]core.Page, error) {
	rows, err := s.pool.Query(ctx, `select page_number, markdown, coalesce(error_code, '')
		from upload_pipeline.document_pages where document_id = $1 order by page_number`, doc.ID)
	if err != nil {
		return nil, trouble(err)
	}
	pages, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Page, err error) {
		return p, row.Scan(&p.Number, &p.Text, &p.Failed)
	})
	return pages, trouble(err)
}

// Pending reads the next chunks of the document's generation without a vector in order, limit at most, and
// how many there are in all.
func (s *Store) Pending(ctx context.Context, doc core.Document, limit int) ([]core.Pending, int, error) {
	rows, err := s.pool.Query(ctx, `select chunk_id, text, context, token_count, content_sha256, count(*) over ()
		from upload_pipeline.document_chunks where document_id = $1 and generation = $3 and embedding is null
		order by ordinal limit $2`, doc.ID, limit, max(doc.Generation, 1))
	if err != nil {
		return nil, 0, trouble(err)
	}
	total := 0
	pending, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Pending, err error) {
		var digest []byte
		err = row.Scan(&p.Chunk, &p.Text, &p.Context, &p.Tokens, &digest, &total)
		copy(p.Digest[:], digest)
		return p, err
	})
	return pending, total, trouble(err)
}

// Known finds vectors that this owner's chunks of the same content have under
// the same model. Nothing crosses owners.
func (s *Store) Known(ctx context.Context, doc core.Document, model string, pending []core.Pending) (map[[32]byte][]float32, error) {
	digests := make([][]byte, len(pending))
	for i := range pending {
		digests[i] = pending[i].Digest[:]
	}
	rows, err := s.pool.Query(ctx, `select distinct on (content_sha256) content_sha256, embedding
		from upload_pipeline.document_chunks
		where user_id = $1 and embed_model = $2 and embedding is not null and content_sha256 = any ($3)`, doc.User, model, digests)
	if err != nil {
		return nil, trouble(err)
	}
	known := map[[32]byte][]float32{}
	var digest []byte
	var vector pgvector.Vector
	_, err = pgx.ForEachRow(rows, []any{&digest, &vector}, func() error {
		known[[32]byte(digest)] = vector.Slice()
		return nil
	})
	return known, trouble(err)
}
