package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The words of operators' reading, as the port has them.
type (
	// Case is the port's word.
	Case = ports.Case
	// CaseMove is the port's word.
	CaseMove = ports.CaseMove
	// CaseJob is the port's word.
	CaseJob = ports.CaseJob
	// CaseCallback is the port's word.
	CaseCallback = ports.CaseCallback
	// CasePages is the port's word.
	CasePages = ports.CasePages
	// CaseChunks is the port's word.
	CaseChunks = ports.CaseChunks
)

// Explain reads the case of a document in one snapshot; CodeNotFound says that
// nothing of that id is kept. dead is the age from which a heartbeat is.
func (o *Operations) Explain(ctx context.Context, id core.ID, dead time.Duration) (c Case, err error) {
	err = o.pool.InTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		c, err = scanCase(tx.QueryRow(ctx, `select `+documentColumns+caseSQL, id))
		if errors.Is(err, pgx.ErrNoRows) {
			c, err = announcedCase(ctx, tx, id)
		}
		if err != nil {
			return err
		}
		return around(ctx, tx, &c, dead)
	})
	return c, trouble(err)
}

// around reads what stands beside the attempt's row.
func around(ctx context.Context, tx pgx.Tx, c *Case, dead time.Duration) (err error) {
	id := c.Document.ID
	if err = tx.QueryRow(ctx, `select upload_pipeline.held($1, $2)`, id, c.Document.User).Scan(&c.Held); err != nil {
		return err
	}
	if c.Moves, err = movesOf(ctx, tx, id); err != nil {
		return err
	}
	if c.Inbox, err = inboxOf(ctx, tx, id); err != nil {
		return err
	}
	return workOf(ctx, tx, c, dead)
}

// caseSQL goes on behind documentColumns, or as many of them as the reader may
// see.
const caseSQL = `, j.status_since, d.created_at, j.next_poll_at, j.webhook_at, j.last_error, j.receipt,
		(select count(*) from upload_pipeline.document_pages p where p.document_id = d.document_id and p.state = 'parsed'),
		(select count(*) from upload_pipeline.document_pages p where p.document_id = d.document_id and p.state = 'blank'),
		(select count(*) from upload_pipeline.document_pages p where p.document_id = d.document_id and p.state = 'failed'),
		(select count(*) from upload_pipeline.document_chunks k where k.document_id = d.document_id and k.generation = j.generation),
		(select count(k.embed_model) from upload_pipeline.document_chunks k where k.document_id = d.document_id and k.generation = j.generation),
		j.chunks_total, now(), d.marks
	from upload_pipeline.upload_jobs j join upload_pipeline.documents d on d.document_id = j.document_id and d.attempt = j.attempt
	where d.document_id = $1`

// scanCase reads the attempt's row.
func scanCase(found pgx.Row) (c Case, err error) {
	var next, callback *time.Time
	var trouble, receipt []byte
	row := scanned{found, []any{&c.Since, &c.Created, &next, &callback, &trouble, &receipt, &c.Pages.Parsed, &c.Pages.Blank, &c.Pages.Failed,
		&c.Chunks.Stored, &c.Chunks.Embedded, &c.Chunks.Expected, &c.Now, &c.Marks}}
	var runs int
	c.Document, runs, err = scanDocument(row)
	handing := c.Document.Status == core.Uploaded && runs > 0
	again := c.Document.Status == core.ParseQueued && c.Document.ParseDeadline.IsZero()
	c.Document.Submitting = handing || again
	if err != nil {
		return c, err
	}
	c.NextPoll, c.Callback, c.Deadline = orZero(next), orZero(callback), c.Document.ParseDeadline
	return c, errors.Join(err, orNothing(trouble, &c.Trouble), orNothing(receipt, &c.Receipt))
}

// scanned adds columns behind those that a scan knows.
type scanned struct {
	row  pgx.Row
	more []any
}

// Scan is pgx.Row.
func (s scanned) Scan(dest ...any) error { return s.row.Scan(append(dest, s.more...)...) }

func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// orNothing reads a column of JSON that may be null.
func orNothing(text []byte, into any) error {
	if text == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// announcedCase reads an upload that has not come to a document.
func announcedCase(ctx context.Context, tx pgx.Tx, id core.ID) (c Case, err error) {
	up, err := scanUpload(tx.QueryRow(ctx, uploadSQL+`where document_id = $1`, id))
	if err != nil {
		return c, err
	}
	c.Document = core.Document{ID: up.Document, User: up.User, Job: up.Job, Attempt: 1, Status: core.Uploaded, Key: up.Key, Size: up.Size}
	c.Upload, c.Since, c.Created, c.Deadline, c.Trouble = up.State, up.UpdatedAt, up.CreatedAt, up.ExpiresAt, up.Trouble
	return c, tx.QueryRow(ctx, `select now()`).Scan(&c.Now)
}

func movesOf(ctx context.Context, tx pgx.Tx, id core.ID) ([]CaseMove, error) {
	rows, err := tx.Query(ctx, `select at, attempt, coalesce(was, ''), status, coalesce(lasted_ms, 0), coalesce(code, '')
		from upload_pipeline.events where document_id = $1 order by event_id desc limit 200`, id)
	if err != nil {
		return nil, err
	}
	moves, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m CaseMove, err error) {
		var ms int64
		err = row.Scan(&m.At, &m.Attempt, &m.Was, &m.Status, &ms, &m.Code)
		m.Lasted = time.Duration(ms) * time.Millisecond
		return m, err
	})
	for i, j := 0, len(moves)-1; i < j; i, j = i+1, j-1 {
		moves[i], moves[j] = moves[j], moves[i]
	}
	return moves, err
}

func inboxOf(ctx context.Context, tx pgx.Tx, id core.ID) ([]CaseCallback, error) {
	rows, err := tx.Query(ctx, `select received_at, coalesce(event_type, ''), outcome, deliveries
		from upload_pipeline.webhook_log where document_id = $1 order by received_at limit 50`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[CaseCallback])
}

// workOf finds the attempt's job that will still run, or else its last one.
func workOf(ctx context.Context, tx pgx.Tx, c *Case, dead time.Duration) error {
	var job CaseJob
	var attempted *time.Time
	var waiting bool
	err := tx.QueryRow(ctx, `select r.id, r.kind, r.state::text, r.queue, exists (select from upload_pipeline.pauses p where p.what = 'queue:' || r.queue),
			r.attempt, r.max_attempts, coalesce((r.metadata ->> 'snoozes')::int, 0), coalesce((r.metadata ->> 'navigator:lost')::int, 0),
			r.scheduled_at, r.attempted_at, coalesce(`+lastRunner+`, ''), `+processLives+`,
			coalesce(r.metadata ->> 'navigator:code', r.errors[array_upper(r.errors, 1)] ->> 'error', ''), r.state in ('available', 'pending', 'retryable', 'scheduled')
		from river.river_job r where r.args ->> 'document' = $2::text and r.args ->> 'attempt' = $3::int::text and r.kind not in ('forget', 'reembed')
		order by r.state in `+liveStates+` desc, r.id desc limit 1`, dead, c.Document.ID.String(), c.Document.Attempt).
		Scan(&job.ID, &job.Stage, &job.State, &job.Queue, &job.Paused, &job.Run, &job.Runs, &job.Snoozes, &job.Lost,
			&job.At, &attempted, &job.Process, &job.Alive, &job.LastCode, &waiting)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	job.Attempted, c.Job = orZero(attempted), &job
	c.Live = core.JobState{There: waiting || job.State == "running", Running: job.State == "running", Alive: job.Alive,
		Due: job.State == "available" && !job.At.After(c.Now), Paused: job.Paused}
	return err
}
