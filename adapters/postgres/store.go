package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
)

// Queue puts jobs into the queue, and takes the present one out of it, within
// the store's own transaction.
type Queue interface {
	// Insert adds the jobs when tx commits.
	Insert(ctx context.Context, tx pgx.Tx, jobs ...core.Job) error

	// Complete ends the job that ticket stands for when tx commits. It returns
	// core.ErrStale when the job is no longer the ticket holder's.
	Complete(ctx context.Context, tx pgx.Tx, ticket any) error

	// Add is Insert as statements of a batch that is one transaction.
	Add(ctx context.Context, batch *pgx.Batch, jobs ...core.Job) error

	// AddWithin is Add for a batch that goes within tx.
	AddWithin(ctx context.Context, tx pgx.Tx, batch *pgx.Batch, jobs ...core.Job) error

	// AddWhere adds them where the SQL condition, with its arguments from $1 on,
	// holds when the batch has come as far.
	AddWhere(ctx context.Context, batch *pgx.Batch, condition string, args []any, jobs ...core.Job) error

	// End is Complete likewise. A job that is no longer the ticket holder's ends
	// the transaction with IN409.
	End(batch *pgx.Batch, ticket any) error
}

// Waits says how long a parse may take and when to ask for it.
type Waits struct {
	Deadline time.Duration   // from submission to giving up
	Polls    []time.Duration // from submission, then between polls; the last repeats
}

// DefaultWaits is the contract's: a lost callback costs half a minute, and two
// hours end the wait.
func DefaultWaits() Waits {
	m := time.Minute
	return Waits{Deadline: 2 * time.Hour, Polls: []time.Duration{30 * time.Second, m, 2 * m, 4 * m, 8 * m, 15 * m}}
}

func (w Waits) poll(n int) time.Duration { return w.Polls[min(n, len(w.Polls)-1)] }

// Store is the worker's side: it begins and keeps steps.
type Store struct {
	pool   Steady
	queue  Queue
	waits  Waits
	prompt time.Duration // that a callback waits for a connection
}

// NewStore makes a Store over a pool whose sessions hold service_role.
func NewStore(pool *pgxpool.Pool, queue Queue, waits Waits) *Store {
	return &Store{pool: NewSteady(pool), queue: queue, waits: waits, prompt: defaultPrompt}
}

// inTx runs work in one transaction, again where a conflict undid it.
func (s *Store) inTx(ctx context.Context, work func(pgx.Tx) error) error {
	return trouble(s.pool.InTx(ctx, pgx.TxOptions{}, work))
}

const documentColumns = `d.document_id, d.user_id, d.storage_key, d.filename, d.mime, d.bytes_len, d.file_sha256, d.page_count,
	j.job_id, j.attempt, j.turn, j.runs, j.status, j.generation, j.rank, j.lane, coalesce(j.provider_job_id, ''), coalesce(j.provider_file_id, ''), j.parse_deadline, j.created_at,
	j.webhook_at is not null, j.providers_ms`

// scanDocument reads documentColumns.
func scanDocument(row pgx.Row) (doc core.Document, runs int, err error) {
	var digest []byte
	var deadline *time.Time
	var outside int64
	err = row.Scan(&doc.ID, &doc.User, &doc.Key, &doc.Name, &doc.ContentType, &doc.Size, &digest, &doc.Pages,
		&doc.Job, &doc.Attempt, &doc.Turn, &runs, &doc.Status, &doc.Generation, &doc.Rank, &doc.Lane, &doc.ProviderJob, &doc.ProviderFile, &deadline, &doc.Opened,
		&doc.Announced, &outside)
	doc.Outside = time.Duration(outside) * time.Millisecond
	copy(doc.SHA256[:], digest)
	if deadline != nil {
		doc.ParseDeadline = *deadline
	}
	return doc, runs, err
}
