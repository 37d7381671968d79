package legacy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// keep writes a document whole: its file under our key first, then everything
// else in one transaction. A crash between the two leaves a file that the next
// run finds, or that the sweep removes.
func (a *adoption) keep(ctx context.Context, d document, held Held, p plan, attempts []attempt) error {
	key := a.Key(d.user, d.id)
	_, err := a.pool.Exec(ctx, `insert into upload_pipeline.storage_intents (storage_key, user_id) values ($1, $2)
		on conflict (storage_key) do update set created_at = now()`, key, d.user)
	if err != nil {
		return fmt.Errorf("note the key: %w", err)
	}
	if err := held.Store(ctx, key); err != nil {
		return fmt.Errorf("store the file: %w", err)
	}
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		k := keeper{adoption: a, tx: tx, d: d}
		if err := k.document(ctx, held.Facts(), key); err != nil {
			return fmt.Errorf("adopt the document: %w", err)
		}
		if err := k.attempts(ctx, attempts); err != nil {
			return fmt.Errorf("adopt the attempts: %w", err)
		}
		if err := k.progress(ctx, p); err != nil {
			return fmt.Errorf("adopt the text: %w", err)
		}
		return k.end(ctx, p.outcome, key)
	})
}

// keeper writes one document in one transaction. Every move is one of the
// Line's and passes the database's own guards, as any other does.
type keeper struct {
	*adoption
	tx      pgx.Tx
	d       document
	attempt int // the current one
}

func (k *keeper) document(ctx context.Context, f Facts, key string) error {
	_, err := k.tx.Exec(ctx, k.sql("document.sql"), k.d.id, k.d.user, k.Name(k.d.name), f.Type, f.Size, f.Sum[:], key, f.Pages, k.d.created)
	return err
}

// attempts takes over those that failed, as such, and opens the current one
// under the id of the last that did not.
func (k *keeper) attempts(ctx context.Context, attempts []attempt) error {
	ended := failed(attempts)
	if err := k.datedBack(ctx, func() error { return k.open(ctx, firstID(ended, attempts)) }); err != nil {
		return err
	}
	trouble, _ := json.Marshal(core.TroubleOf(core.Parse, core.Fail(core.CodeParseFailed, nil))) // words of our own: it cannot fail
	for i := range ended {
		_, err := k.tx.Exec(ctx, `update upload_pipeline.upload_jobs set status = 'failed_parse', last_error = $3
			where document_id = $1 and attempt = $2`, k.d.id, k.attempt, string(trouble))
		if err != nil {
			return err
		}
		next := current(attempts)
		if i+1 < len(ended) {
			next = ended[i+1]
		}
		if err := k.open(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

func firstID(ended []core.ID, attempts []attempt) core.ID {
	if len(ended) > 0 {
		return ended[0]
	}
	return current(attempts)
}

// current is the id of the last attempt that did not fail; a new one where
// there is none.
func current(attempts []attempt) core.ID {
	for i := len(attempts) - 1; i >= 0; i-- {
		if !strings.HasPrefix(attempts[i].status, "failed") {
			return attempts[i].id
		}
	}
	return core.NewID()
}

func (k *keeper) open(ctx context.Context, id core.ID) error {
	k.attempt++
	_, err := k.tx.Exec(ctx, `insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status)
		values ($1, $2, $3, $4, 'uploaded')`, id, k.d.id, k.d.user, k.attempt)
	return err
}

// datedBack lets the document's first event bear the time of its upload: the
// daily quota counts those events, and nobody has uploaded anything today by
// being adopted. The trigger that writes events takes the column's default, so
// that is what is changed, for this transaction alone.
func (k *keeper) datedBack(ctx context.Context, write func() error) error {
	const set = `alter table upload_pipeline.events alter column at set default `
	if _, err := k.tx.Exec(ctx, `set local lock_timeout = '10s'; `+set+`'`+k.d.created.UTC().Format(time.RFC3339Nano)+`'::timestamptz`); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	_, err := k.tx.Exec(ctx, set+`clock_timestamp()`)
	return err
}

// progress moves the current attempt as far as is proven.
func (k *keeper) progress(ctx context.Context, p plan) error {
	if p.outcome == Parse {
		return nil
	}
	_, err := k.tx.Exec(ctx, `insert into upload_pipeline.document_pages (document_id, user_id, page_number, state, markdown)
		select $1, $2, n, 'parsed', text from unnest($3::text[]) with ordinality p (text, n)`, k.d.id, k.d.user, p.pages)
	if err != nil {
		return err
	}
	n := len(p.pages)
	receipt, _ := json.Marshal(core.Receipt{Expected: n, Parsed: n, Blank: []int{}, Failed: []int{}, Cut: []int{}}) // integers only: it cannot fail
	err = k.move(ctx, `receipt = $3, parser = $4`, []any{string(receipt), k.Parser}, core.ParseQueued, core.Parsed, core.ParseValidated)
	if err != nil || p.outcome == Chunk {
		return err
	}
	if err := k.pieces(ctx, p); err != nil {
		return err
	}
	err = k.move(ctx, `chunks_total = $3, chunks_embedded = $4`, []any{len(p.pieces), p.real()}, core.Chunking, core.ChunksStored, core.EmbeddingQueued)
	if err != nil || p.outcome == Embed {
		return err
	}
	return k.move(ctx, `updated_at = now()`, nil, core.EmbeddingInProgress, core.EmbeddingsStored, core.Complete)
}

// move sets columns of the attempt, then passes the statuses one by one.
func (k *keeper) move(ctx context.Context, set string, args []any, way ...core.Status) error {
	const where = ` where document_id = $1 and attempt = $2`
	_, err := k.tx.Exec(ctx, `update upload_pipeline.upload_jobs set `+set+where, append([]any{k.d.id, k.attempt}, args...)...)
	for _, status := range way {
		if err != nil {
			return err
		}
		_, err = k.tx.Exec(ctx, `update upload_pipeline.upload_jobs set status = $3`+where, k.d.id, k.attempt, string(status))
	}
	return err
}

// pieces takes the chunks over.
func (k *keeper) pieces(ctx context.Context, p plan) error {
	n := len(p.pieces)
	ids, real := make([]core.ID, n), make([]bool, n)
	ordinals, tokens, first, last := make([]int, n), make([]int, n), make([]int, n), make([]int, n)
	for i, piece := range p.pieces {
		ids[i], ordinals[i] = core.ChunkID(k.d.id, piece.chunker, piece.ordinal), piece.ordinal
		tokens[i], real[i] = max(piece.tokens, 1), piece.vector == vectorKept
		first[i], last[i] = piece.first, piece.last
	}
	_, err := k.tx.Exec(ctx, k.sql("pieces.sql"), k.d.id, k.d.user, p.pieces[0].chunker, ids, ordinals, tokens, real, first, last)
	return err
}

// next is the job that carries a document on.
var next = map[Outcome]core.Stage{Embed: core.Embed, Chunk: core.Chunk, Parse: core.Parse}

// end enqueues the next job, notes the outcome, and takes the key's note away.
func (k *keeper) end(ctx context.Context, outcome Outcome, key string) error {
	if stage, ok := next[outcome]; ok {
		if err := k.queue.Insert(ctx, k.tx, core.Job{Stage: stage, Document: k.d.id, Attempt: k.attempt}); err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
	}
	if _, err := k.tx.Exec(ctx, noteSQL, k.d.id, string(outcome), ""); err != nil {
		return err
	}
	_, err := k.tx.Exec(ctx, `delete from upload_pipeline.storage_intents where storage_key = $1`, key)
	return err
}
