package bench

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
)

// ingestBatch is how many chunks one transaction writes, and then gives their
// vectors: those of one request to the embedder.
const ingestBatch = 100

// BenchmarkIngest shows what rows one at a time and an index of nearest neighbors
// cost. The product's line works off the same documents without that index and
// with it, and the hand-written line by COPY and by a statement a row. Then the
// same chunks and vectors are written alone, into tables of the same columns,
// checks and indexes.
func BenchmarkIngest(b *testing.B) {
	for b.Loop() {
		benchmarkIngest(b)
	}
}

func benchmarkIngest(b *testing.B) {
	b.Helper()
	material := profile{documents: 8, pages: 250}.material()
	w, t := lineWith(b, material)
	_, indexed := lineWith(b, material, "hnsw")
	sheet.add(b, figure{Measure: "the line", Value: t.rate(), Unit: "chunks/s", Rival: "by the same with an HNSW index", Beside: indexed.rate()}, "line-hnsw")
	copied, single := handmadeLine(b, material, t.chunks, false), handmadeLine(b, material, t.chunks, true)
	sheet.add(b, figure{Measure: "the hand-written line", Value: float64(t.chunks) / copied.took.Seconds(), Unit: "chunks/s", Rival: "by the same with a statement a row",
		Beside: float64(t.chunks) / single.took.Seconds()}, "line-by-row")
	rows := w.written()
	sheet.describe(b, "%d chunks of %d documents; alone %d a transaction, median of %d rounds", t.chunks, t.documents, ingestBatch, ingestRounds)
	run(b, w.db.super, "create schema bench")
	batches := w.ingest(rows, false, byBatch)
	for _, other := range []struct {
		name, slug string
		index      bool
		write      writer
	}{{"a statement a row", "by-row", false, byRow}, {"batches beside an HNSW index", "hnsw", true, byBatch}} {
		beside := w.ingest(rows, other.index, other.write)
		sheet.add(b, figure{Measure: "the writes alone, in batches", Value: float64(len(rows)) / batches, Unit: "chunks/s", Rival: "by " + other.name,
			Beside: float64(len(rows)) / beside}, other.slug)
	}
}

// lineWith works the documents off where these optional indexes are.
func lineWith(b *testing.B, m *material, indexes ...string) (*world, throughput) {
	b.Helper()
	w := newWorld(b, m, plain)
	for _, name := range indexes {
		if err := db.Add(b.Context(), w.db.SuperURL(), name); err != nil {
			b.Fatal(err)
		}
	}
	w.open()
	w.uploadAll(m)
	return w, w.drain(m)
}

// rate is chunks a second.
func (t throughput) rate() float64 { return float64(t.chunks) / t.took.Seconds() }

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
