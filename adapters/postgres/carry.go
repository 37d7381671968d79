package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Whole reads a complete document; core.ErrStale says it is not, or no more.
func (s *Store) Whole(ctx context.Context, id core.ID) (core.Document, error) {
	doc, _, err := scanDocument(s.pool.QueryRow(ctx, `select `+documentColumns+`
		from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
		where d.document_id = $1 and j.attempt = d.attempt and j.status = 'complete' and d.removed_at is null`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return core.Document{}, core.ErrStale
	}
	return doc, trouble(err)
}

// Begun reports whether the document has chunks in the generation.
func (s *Store) Begun(ctx context.Context, doc core.Document, generation int) (begun bool, err error) {
	err = s.pool.QueryRow(ctx, `select exists (select from upload_pipeline.document_chunks where document_id = $1 and generation = $2)`,
		doc.ID, generation).Scan(&begun)
	return begun, trouble(err)
}

// Cut reads the document's pieces from the newest generation that the chunker
// cut; ok is false where there is none.
func (s *Store) Cut(ctx context.Context, doc core.Document, chunker string) (core.Pieces, bool, error) {
	rows, err := s.pool.Query(ctx, `select ordinal, text, context, headings, page_from, page_to, token_count
		from upload_pipeline.document_chunks where document_id = $1 and chunker = $2 and generation = (
			select max(generation) from upload_pipeline.document_chunks where document_id = $1 and chunker = $2) order by ordinal`,
		doc.ID, chunker)
	if err != nil {
		return core.Pieces{}, false, trouble(err)
	}
	pieces, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Piece, err error) {
		return p, row.Scan(&p.Ordinal, &p.Text, &p.Context, &p.Headings, &p.PageFrom, &p.PageTo, &p.Tokens)
	})
	return core.Pieces{Chunker: chunker, Pieces: pieces}, len(pieces) > 0, trouble(err)
}

// carriable locks the attempt where the document may be carried: it is complete
// or about to be, it is the same attempt, and the generation is in use.
const carriable = `select j.status from upload_pipeline.upload_jobs j
	join upload_pipeline.documents d on d.document_id = j.document_id and d.attempt = j.attempt
	where j.document_id = $1 and j.attempt = $2 and d.removed_at is null
	and j.status in ('embedding_queued', 'embedding_in_progress', 'embeddings_stored', 'complete')
	and exists (select from upload_pipeline.corpus where $3 in (live, building)) for share of j`

// KeepCarried keeps pieces, all of them, or a batch of vectors in the document's
// generation. A document that was deleted, retried or carried elsewhere
// meanwhile is left alone: core.ErrStale.
func (s *Store) KeepCarried(ctx context.Context, doc core.Document, made core.Made) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		var status core.Status
		err := tx.QueryRow(ctx, carriable, doc.ID, doc.Attempt, doc.Generation).Scan(&status)
		if errors.Is(err, pgx.ErrNoRows) {
			return core.ErrStale
		}
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		switch made := made.(type) {
		case core.Pieces:
			queuePieces(batch, doc, made)
			batch.Queue(`select upload_pipeline.require_covered($1, $2)`, doc.ID, doc.Generation)
		case core.Vectors:
			queueVectors(batch, doc, made)
			queueSpent(batch, doc, status, made.Tokens)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

// queueSpent books the tokens: to the run where the document was complete, to
// its own attempt where it was under way.
func queueSpent(batch *pgx.Batch, doc core.Document, status core.Status, tokens int) {
	if status == core.Complete {
		batch.Queue(`update upload_pipeline.generations set spent_tokens = spent_tokens + $2 where generation = $1`, doc.Generation, int64(tokens))
		return
	}
	batch.Queue(`update upload_pipeline.upload_jobs set embed_tokens = embed_tokens + $3 where document_id = $1 and attempt = $2`,
		doc.ID, doc.Attempt, int64(tokens))
}

// Join moves a document that is under way to a generation in which it is whole.
func (s *Store) Join(ctx context.Context, doc core.Document, generation int) error {
	tag, err := s.pool.Exec(ctx, `update upload_pipeline.upload_jobs j set generation = $4, chunks_total = n.chunks, chunks_embedded = n.chunks
		from (select count(*) chunks, count(embedding) real from upload_pipeline.document_chunks where document_id = $1 and generation = $4) n
		where j.document_id = $1 and j.attempt = $2 and j.turn = $3 and n.chunks > 0 and n.chunks = n.real
		and j.status in ('embedding_in_progress', 'embeddings_stored')`, doc.ID, doc.Attempt, doc.Turn, generation)
	if err == nil && tag.RowsAffected() == 0 {
		return core.ErrStale
	}
	return trouble(err)
}

// Fault records that a complete document could not be carried.
func (s *Store) Fault(ctx context.Context, id core.ID, generation int, code core.Code) error {
	_, err := s.pool.Exec(ctx, `insert into upload_pipeline.reembed_faults (document_id, generation, code)
		select document_id, $2, $3 from upload_pipeline.documents where document_id = $1
		on conflict (document_id) do update set times = case when reembed_faults.generation = $2 then reembed_faults.times + 1 else 1 end,
			generation = $2, code = $3, at = now()`, id, generation, string(code))
	return trouble(err)
}
