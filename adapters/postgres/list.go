package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// listSQL goes along the index documents_owner, so a page far down costs as
// much as the first.
const listSQL = standingSQL + `
	case when cardinality($2::text[]) = 0 then j.status <> 'deleting' else j.status = any ($2) end
	and ($3::timestamptz is null or d.created_at >= $3)
	and ($4::timestamptz is null or d.created_at < $4)
	and ($5::timestamptz is null or (d.created_at <= $5 and (d.created_at < $5 or d.document_id > $6)))
	order by d.created_at desc, d.document_id limit $7`

// List reads the owner's documents, the newest first.
func (l *Library) List(ctx context.Context, who ports.Principal, q ports.Listing) ([]ports.Standing, error) {
	at, behind := behindOf(q.Behind)
	return l.standings(ctx, who, listSQL, who.User, wordsOf(q.Statuses), bound(q.From), bound(q.Before), at, behind, q.Limit)
}

func wordsOf[T ~string](list []T) []string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return words
}

// behindOf is the place that a page comes after; at is null for the first.
func behindOf(place *ports.Place) (at *time.Time, behind core.ID) {
	if place == nil {
		return nil, core.ID{}
	}
	return &place.CreatedAt, place.Document
}

// bound is null for no bound.
func bound(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// Standings reads where each of the owner's documents is, in no order.
func (l *Library) Standings(ctx context.Context, who ports.Principal, ids []core.ID) ([]ports.Standing, error) {
	return l.standings(ctx, who, standingSQL+`d.document_id = any ($2)`, who.User, ids)
}

func (l *Library) standings(ctx context.Context, who ports.Principal, sql string, args ...any) (found []ports.Standing, err error) {
	err = l.asReader(ctx, who, readsOnly, func(tx pgx.Tx, wrote *writers) error {
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		found, err = scanStandings(rows, wrote)
		return err
	})
	return found, err
}

// Chunks reads a document's pieces in order.
func (l *Library) Chunks(ctx context.Context, who ports.Principal, id core.ID, from, limit int) (chunks []ports.Chunk, err error) {
	err = l.asReader(ctx, who, readsOnly, func(tx pgx.Tx, _ *writers) error {
		var there bool
		err := tx.QueryRow(ctx, `select true from upload_pipeline.documents
			where document_id = $1 and user_id = $2 and removed_at is null`, id, who.User).Scan(&there)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select chunk_id, ordinal, text, headings, page_from, page_to, token_count, embedding is not null
			from upload_pipeline.document_chunks
			where document_id = $1 and user_id = $2 and ordinal >= $3 and generation = (
				select case when j.status = 'complete' then c.live else j.generation end
				from upload_pipeline.documents d join upload_pipeline.upload_jobs j using (document_id, attempt), upload_pipeline.corpus c
				where d.document_id = $1)
			order by ordinal, chunk_id limit $4`, id, who.User, from, limit)
		if err != nil {
			return err
		}
		chunks, err = pgx.CollectRows(rows, scanChunk)
		return err
	})
	return chunks, err
}

func scanChunk(row pgx.CollectableRow) (c ports.Chunk, err error) {
	err = row.Scan(&c.ID, &c.Ordinal, &c.Text, &c.Headings, &c.PageFrom, &c.PageTo, &c.Tokens, &c.Embedded)
	return c, err
}
