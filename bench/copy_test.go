package bench

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// chunkColumns is every column of a chunk.
var chunkColumns = []string{"chunk_id", "document_id", "user_id", "ordinal", "text", "headings", "page_from", "page_to", "token_count",
	"content_sha256", "chunker", "embedding", "embed_model", "embedded_at"}

// copyRounds is how often the rows are copied, each time into a fresh table.
const copyRounds = 5

// copyChunks copies the line's chunks by binary COPY into a table of the same
// columns, checks and indexes, without policies, triggers and foreign keys. It
// is the median of several rounds.
func copyChunks(b *testing.B, d *database) time.Duration {
	b.Helper()
	rows := readChunks(b, d)
	run(b, d.super, "create schema bench")
	times := make([]float64, copyRounds)
	for i := range times {
		run(b, d.super, "drop table if exists bench.chunks")
		run(b, d.super, "create table bench.chunks (like upload_pipeline.document_chunks including all)")
		run(b, d.super, "checkpoint") // the round before is not written out in this one
		began := time.Now()
		n, err := d.super.CopyFrom(b.Context(), pgx.Identifier{"bench", "chunks"}, chunkColumns, pgx.CopyFromRows(rows))
		times[i] = time.Since(began).Seconds()
		if err != nil || n != int64(len(rows)) {
			b.Fatalf("copied %d of %d chunks: %v", n, len(rows), err)
		}
	}
	return time.Duration(median(times) * float64(time.Second))
}

// readChunks holds the rows in memory, as COPY's binary form wants them.
func readChunks(b *testing.B, d *database) (all [][]any) {
	b.Helper()
	rows, err := d.super.Query(b.Context(), `select chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to, token_count,
		content_sha256, chunker, embedding, embed_model, embedded_at from upload_pipeline.document_chunks order by document_id, ordinal`)
	if err != nil {
		b.Fatal(err)
	}
	all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		b.Fatal(err)
	}
	return all
}
