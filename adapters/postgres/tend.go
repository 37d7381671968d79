package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Lacking starts a job for each of up to limit documents that lack the
// generation and have none, and counts up to limit of those that lack it.
func (s *Store) Lacking(ctx context.Context, generation, limit int) (lacking int, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select l.document_id, l.attempt, l.document_id::text in (
				select r.args ->> 'document' from river.river_job r where r.kind = 'reembed' and r.state in `+liveStates+`)
			from upload_pipeline.lacking($1) l limit $2`, generation, limit)
		if err != nil {
			return err
		}
		lacking = 0
		var jobs []core.Job
		job, busy := core.Job{Stage: core.Reembed, Turn: core.AnyTurn}, false
		_, err = pgx.ForEachRow(rows, []any{&job.Document, &job.Attempt, &busy}, func() error {
			lacking++
			if !busy {
				jobs = append(jobs, job)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return s.queue.Insert(ctx, tx, jobs...)
	})
	return lacking, err
}

// Close says that few documents lack the generation.
func (s *Store) Close(ctx context.Context, generation int) error {
	_, err := s.pool.Exec(ctx, `update upload_pipeline.corpus set closing = true where building = $1`, generation)
	return trouble(err)
}

// Swap makes the generation live, in one statement. The database refuses it
// while a complete document lacks the generation: swapped is then false.
func (s *Store) Swap(ctx context.Context, generation int) (swapped bool, err error) {
	tag, err := s.pool.Exec(ctx, `update upload_pipeline.corpus set live = building, former = live, building = null
		where building = $1 and not paused`, generation)
	if state(err) == checkViolation {
		return false, nil
	}
	return err == nil && tag.RowsAffected() > 0, trouble(err)
}

// Settle counts the chunks of up to limit complete documents anew whose count
// is of another generation than the live one.
func (s *Store) Settle(ctx context.Context, limit int) (int, error) {
	tag, err := s.pool.Exec(ctx, `with old as (
			select j.job_id, c.live, (select count(*) from upload_pipeline.document_chunks k
				where k.document_id = j.document_id and k.generation = c.live) chunks
			from upload_pipeline.upload_jobs j, upload_pipeline.corpus c
			where j.status = 'complete' and j.generation <> c.live limit $1)
		update upload_pipeline.upload_jobs j set generation = old.live, chunks_total = old.chunks, chunks_embedded = old.chunks
		from old where j.job_id = old.job_id and j.status = 'complete'`, limit)
	return int(tag.RowsAffected()), trouble(err)
}

// Retire gives up the former generation once it is older than keep.
func (s *Store) Retire(ctx context.Context, keep time.Duration) error {
	_, err := s.pool.Exec(ctx, `update upload_pipeline.corpus set former = null
		where former is not null and building is null and swapped_at < now() - $1::interval`, keep)
	return trouble(err)
}

// Clear removes the chunks of up to limit documents in generations that are no
// longer in use, and marks those generations of which nothing is left. What an
// attempt under way was cut for stays until it has joined the live generation.
func (s *Store) Clear(ctx context.Context, limit int) (cleared int, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		var unused []int
		err := tx.QueryRow(ctx, `select coalesce(array_agg(generation), '{}') from upload_pipeline.generations g, upload_pipeline.corpus c
			where removed_at is null and generation <> live and generation is distinct from building and generation is distinct from former`).Scan(&unused)
		if err != nil || len(unused) == 0 {
			return err
		}
		err = tx.QueryRow(ctx, `with gone as (
				select d.document_id, g.generation from unnest($1::int[]) g (generation), upload_pipeline.documents d
				join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
				where (j.status = 'complete' or j.generation <> g.generation) and exists (select from upload_pipeline.document_chunks c
					where c.document_id = d.document_id and c.generation = g.generation) limit $2),
			removed as (delete from upload_pipeline.document_chunks c using gone
				where c.document_id = gone.document_id and c.generation = gone.generation)
			select count(*) from gone`, unused, limit).Scan(&cleared)
		if err != nil || cleared > 0 {
			return err
		}
		_, err = tx.Exec(ctx, `update upload_pipeline.generations g set removed_at = now() where generation = any ($1)
			and not exists (select from upload_pipeline.document_chunks c where c.generation = g.generation)
			and not exists (select from upload_pipeline.upload_jobs j where j.generation = g.generation)`, unused)
		return err
	})
	return cleared, err
}

// Complete lists complete documents by owner and id, after one.
func (s *Store) Complete(ctx context.Context, after core.Document, limit int) ([]core.Document, error) {
	rows, err := s.pool.Query(ctx, `select `+documentColumns+`
		from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
		where j.attempt = d.attempt and j.status = 'complete' and d.removed_at is null and (d.user_id, d.document_id) > ($1, $2)
		order by d.user_id, d.document_id limit $3`, after.User, after.ID, limit)
	if err != nil {
		return nil, trouble(err)
	}
	docs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (core.Document, error) {
		doc, _, err := scanDocument(row)
		return doc, err
	})
	return docs, trouble(err)
}

// Contents reads the digests and sizes of the document's chunks as the chunker
// cut them; none where it did not.
func (s *Store) Contents(ctx context.Context, doc core.Document, chunker string) ([]core.Pending, error) {
	rows, err := s.pool.Query(ctx, `select token_count, content_sha256 from upload_pipeline.document_chunks
		where document_id = $1 and chunker = $2 and generation = (
			select max(generation) from upload_pipeline.document_chunks where document_id = $1 and chunker = $2)`, doc.ID, chunker)
	if err != nil {
		return nil, trouble(err)
	}
	contents, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Pending, err error) {
		var digest []byte
		err = row.Scan(&p.Tokens, &digest)
		copy(p.Digest[:], digest)
		return p, err
	})
	return contents, trouble(err)
}

// Embedded tells which of the digests the owner has a vector of the model for.
func (s *Store) Embedded(ctx context.Context, doc core.Document, model string, digests [][32]byte) (map[[32]byte]bool, error) {
	wanted := make([][]byte, len(digests))
	for i := range digests {
		wanted[i] = digests[i][:]
	}
	rows, err := s.pool.Query(ctx, `select distinct content_sha256 from upload_pipeline.document_chunks
		where user_id = $1 and embed_model = $2 and embedding is not null and content_sha256 = any ($3)`, doc.User, model, wanted)
	if err != nil {
		return nil, trouble(err)
	}
	known := map[[32]byte]bool{}
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&digest}, func() error {
		known[[32]byte(digest)] = true
		return nil
	})
	return known, trouble(err)
}
