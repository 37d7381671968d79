package bench

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/core"
)

// ingestBatch is how many chunks one transaction writes, and then gives their
// vectors: those of one request to the embedder.
const ingestBatch = 100

// BenchmarkIngest writes the same chunks, and then their vectors, into tables of
// the same columns, checks and indexes: a statement a batch, as the product
// does; a statement a row; and a statement a batch beside an index of nearest
// neighbors.
func BenchmarkIngest(b *testing.B) {
	for b.Loop() {
		benchmarkIngest(b)
	}
}

func benchmarkIngest(b *testing.B) {
	b.Helper()
	material := profile{documents: 4, pages: 250}.material()
	w := newWorld(b, material, plain)
	w.open()
	w.uploadAll(material)
	t := w.drain(material)
	rows := w.written()
	sheet.describe(b, "%d chunks of %d documents, %d a transaction, median of %d rounds", t.chunks, t.documents, ingestBatch, ingestRounds)
	run(b, w.db.super, "create schema bench")
	batches := w.ingest(rows, false, byBatch)
	for _, other := range []struct {
		name, slug string
		index      bool
		write      writer
	}{{"a statement a row", "by-row", false, byRow}, {"batches beside an HNSW index", "hnsw", true, byBatch}} {
		beside := w.ingest(rows, other.index, other.write)
		sheet.add(b, figure{Measure: "batches, beside " + other.name, Value: float64(len(rows)) / batches, Unit: "chunks/s", Rival: "by " + other.name,
			Beside: float64(len(rows)) / beside}, other.slug)
	}
}

// chunkRow is one chunk as it is written.
type chunkRow struct {
	id, document, user core.ID
	ordinal, tokens    int
	text               string
	digest             []byte
	vector             pgvector.Vector
}

// written is the chunks that the line made.
func (w *world) written() []chunkRow {
	w.b.Helper()
	rows, err := w.db.super.Query(w.b.Context(), `select chunk_id, document_id, user_id, ordinal, token_count, text, content_sha256, embedding
		from upload_pipeline.document_chunks order by document_id, ordinal`)
	if err != nil {
		w.b.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c chunkRow, err error) {
		return c, row.Scan(&c.id, &c.document, &c.user, &c.ordinal, &c.tokens, &c.text, &c.digest, &c.vector)
	})
	if err != nil {
		w.b.Fatal(err)
	}
	return all
}

type writer func(ctx context.Context, tx pgx.Tx, rows []chunkRow) error

const ingestRounds = 3

// ingest is the seconds that all rows take, the median of the rounds.
func (w *world) ingest(rows []chunkRow, index bool, write writer) float64 {
	w.b.Helper()
	times := make([]float64, ingestRounds)
	for round := range times {
		run(w.b, w.db.super, "drop table if exists bench.chunks")
		run(w.b, w.db.super, "create table bench.chunks (like upload_pipeline.document_chunks including all)")
		if index {
			run(w.b, w.db.super, `create index on bench.chunks using hnsw ((embedding::extensions.halfvec(1536)) extensions.halfvec_cosine_ops)
				with (m = 16, ef_construction = 64) where embedding is not null`)
		}
		run(w.b, w.db.super, "checkpoint") // the round before is not written out in this one
		began := time.Now()
		for first := 0; first < len(rows); first += ingestBatch {
			batch := rows[first:min(first+ingestBatch, len(rows))]
			err := pgx.BeginFunc(w.b.Context(), w.db.super, func(tx pgx.Tx) error { return write(w.b.Context(), tx, batch) })
			if err != nil {
				w.b.Fatal(err)
			}
		}
		times[round] = time.Since(began).Seconds()
	}
	return median(times)
}

// byBatch is a statement for all chunks and one for all vectors.
func byBatch(ctx context.Context, tx pgx.Tx, rows []chunkRow) error {
	ids, documents, users := make([]core.ID, len(rows)), make([]core.ID, len(rows)), make([]core.ID, len(rows))
	ordinals, tokens, texts := make([]int, len(rows)), make([]int, len(rows)), make([]string, len(rows))
	digests, vectors := make([][]byte, len(rows)), make([]pgvector.Vector, len(rows))
	for i, r := range rows {
		ids[i], documents[i], users[i], ordinals[i], tokens[i], texts[i], digests[i], vectors[i] = r.id, r.document, r.user, r.ordinal, r.tokens, r.text, r.digest, r.vector
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into bench.chunks (chunk_id, document_id, user_id, ordinal, token_count, text, content_sha256, headings, page_from, page_to, chunker)
		select *, '{}', 1, 1, 'bench' from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::bytea[])
		on conflict (chunk_id) do nothing`, ids, documents, users, ordinals, tokens, texts, digests)
	batch.Queue(`update bench.chunks c set embedding = v.embedding, embed_model = 'm', embedded_at = now()
		from unnest($1::uuid[], $2::extensions.vector[]) v (chunk_id, embedding) where c.chunk_id = v.chunk_id and c.embedding is null`, ids, vectors)
	return tx.SendBatch(ctx, batch).Close()
}

// byRow is a statement for each chunk and one for each vector, each of them
// waited for.
func byRow(ctx context.Context, tx pgx.Tx, rows []chunkRow) error {
	for _, r := range rows {
		if _, err := tx.Exec(ctx, `insert into bench.chunks (chunk_id, document_id, user_id, ordinal, token_count, text, content_sha256, headings, page_from, page_to, chunker)
			values ($1, $2, $3, $4, $5, $6, $7, '{}', 1, 1, 'bench') on conflict (chunk_id) do nothing`,
			r.id, r.document, r.user, r.ordinal, r.tokens, r.text, r.digest); err != nil {
			return err
		}
	}
	for _, r := range rows {
		if _, err := tx.Exec(ctx, `update bench.chunks set embedding = $2, embed_model = 'm', embedded_at = now() where chunk_id = $1 and embedding is null`,
			r.id, r.vector); err != nil {
			return err
		}
	}
	return nil
}
