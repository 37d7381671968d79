package place

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// What seeded rows are like: documents of so many chunks, each of so much text.
const (
	seedDocumentChunks = 500
	seedOwnerChunks    = 5000 // of each owner but the named ones
	seedTextBytes      = 1200 // of a named owner's chunks
	seedOtherBytes     = 400  // of the others', whose words are never asked for
	seedDimensions     = 1536
	seedLatent         = 48 // dimensions in which the vectors differ
	seedCenters        = 300
)

// SeedChunks adds complete documents with that many chunks by COPY: owned goes
// to each of the owners, and as many others as are asked for to people who do
// not exist. Neither files nor events are made of them.
func SeedChunks(ctx context.Context, superURL string, owners []core.ID, owned, others int) error {
	// The product's own pool knows the type of vectors.
	pool, err := postgres.Open(ctx, postgres.Options{URL: superURL, Name: "seed", MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	held, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	// The line's checks are not at stake, and what they read is not there; a
	// large table takes longer than any statement of the product may.
	if _, err := held.Exec(ctx, "set session_replication_role = replica; set statement_timeout = 0"); err != nil {
		return err
	}
	s, err := newSeeder(ctx, held.Conn())
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if err := s.owner(ctx, owner, owned); err != nil {
			return err
		}
	}
	s.textBytes = seedOtherBytes
	for left := others; left > 0; left -= seedOwnerChunks {
		if err := s.owner(ctx, core.NewID(), min(left, seedOwnerChunks)); err != nil {
			return err
		}
	}
	for _, table := range []string{"documents", "upload_jobs", "document_chunks"} {
		if _, err := held.Exec(ctx, "vacuum analyze upload_pipeline."+table); err != nil {
			return err
		}
	}
	return nil
}

// seeder copies documents with one generation's model and chunker.
type seeder struct {
	textBytes      int
	conn           *pgx.Conn
	source         *rand.Rand
	centers        [seedCenters][seedLatent]float32
	chunker, model string
	generation     int
}

func newSeeder(ctx context.Context, conn *pgx.Conn) (*seeder, error) {
	s := &seeder{textBytes: seedTextBytes, conn: conn, source: rand.New(rand.NewPCG(7, 11))} //nolint:gosec // data, not secrets
	for i := range s.centers {
		for j := range s.centers[i] {
			s.centers[i][j] = float32(s.source.NormFloat64())
		}
	}
	err := conn.QueryRow(ctx, `select g.generation, g.chunker, g.model from upload_pipeline.corpus c
		join upload_pipeline.generations g on g.generation = c.live`).Scan(&s.generation, &s.chunker, &s.model)
	if err != nil {
		return nil, fmt.Errorf("read the live generation: %w", err)
	}
	return s, nil
}

// owner gives an owner documents with so many chunks in all.
func (s *seeder) owner(ctx context.Context, owner core.ID, chunks int) error {
	for ; chunks > 0; chunks -= seedDocumentChunks {
		if err := s.document(ctx, owner, min(chunks, seedDocumentChunks)); err != nil {
			return fmt.Errorf("seed a document: %w", err)
		}
	}
	return nil
}

func (s *seeder) document(ctx context.Context, owner core.ID, chunks int) error {
	id := core.NewID()
	digest := sha256.Sum256(id[:])
	_, err := s.conn.Exec(ctx, `with added as (insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, attempt)
			values ($1::uuid, $2, 'seeded.pdf', 'application/pdf', 1, $3, 'seeded/' || $1::uuid, $4, 1))
		insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, generation, chunks_total, chunks_embedded, finished_at)
			values (gen_random_uuid(), $1::uuid, $2, 1, 'complete', $5, $4, $4, now())`, id, owner, digest[:], chunks, s.generation)
	if err != nil {
		return err
	}
	columns := []string{"chunk_id", "document_id", "user_id", "ordinal", "text", "headings", "page_from", "page_to", "token_count",
		"content_sha256", "chunker", "embedding", "embed_model", "embedded_at", "generation"}
	_, err = s.conn.CopyFrom(ctx, pgx.Identifier{"upload_pipeline", "document_chunks"}, columns, pgx.CopyFromSlice(chunks, func(i int) ([]any, error) {
		return s.chunk(id, owner, i), nil
	}))
	return err
}

// chunk is one row: its content's digest is its own, as that of a real chunk is.
func (s *seeder) chunk(document, owner core.ID, ordinal int) []any {
	content := sha256.Sum256(binary.BigEndian.AppendUint32(document[:], uint32(ordinal))) //nolint:gosec // a small number
	return []any{core.NewID(), document, owner, ordinal, corpus.Prose(s.source, ordinal+1, s.textBytes), []string{"Coverage"}, ordinal + 1, ordinal + 1, s.textBytes / 4,
		content[:], s.chunker, pgvector.NewVector(s.vector()), s.model, time.Now(), s.generation}
}

// vector lies around one of the centers, with a length of 1.
func (s *seeder) vector() []float32 {
	center, v := &s.centers[s.source.IntN(seedCenters)], make([]float32, seedDimensions)
	var length float64
	for i := range center {
		v[i] = center[i] + 0.5*float32(s.source.NormFloat64())
		length += float64(v[i]) * float64(v[i])
	}
	for i := range center {
		v[i] /= float32(math.Sqrt(length))
	}
	return v
}
