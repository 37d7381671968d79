package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// defaultPrompt is what a callback waits for a connection. Its sender comes
// again, and callbacks that wait for long would pile up.
const defaultPrompt = time.Second

// promptly takes a connection where one is free soon.
func (s *Store) promptly(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, s.prompt)
	defer cancel()
	conn, err := s.pool.pool.Acquire(waiting)
	if err != nil && ctx.Err() == nil {
		return nil, core.Fail(core.CodeDatabaseUnavailable, err)
	}
	return conn, err
}

// Receive stores an authentic callback once and, where it says that the job
// ended, enqueues the step that asks the parser for the truth: one transaction.
func (s *Store) Receive(ctx context.Context, c ports.Callback) (got ports.Received, err error) {
	conn, err := s.promptly(ctx)
	if err != nil {
		return ports.Received{}, err
	}
	defer conn.Release()
	err = trouble(repeat(ctx, func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			got, err = s.take(ctx, tx, c)
			return err
		})
	}))
	if err != nil {
		return ports.Received{}, err
	}
	return got, nil
}

// take is Receive within its transaction.
func (s *Store) take(ctx context.Context, tx pgx.Tx, c ports.Callback) (got ports.Received, err error) {
	var job core.Job
	wait, known, err := s.attemptJob(ctx, tx, c.Attempt, &job)
	if err != nil {
		return got, err
	}
	got.Outcome = judge(known, c.Relevant)
	ctx, done := under(ctx, job.Trace, "callback")
	defer done()
	fresh, err := s.logCallback(ctx, tx, c, job, got.Outcome)
	if err != nil {
		return got, err
	}
	if !fresh {
		got.Outcome = ports.Duplicate
		return got, nil
	}
	if got.Outcome != ports.Accepted {
		return got, nil
	}
	got.First, got.After = wait != nil, timeOf(wait)
	early, err := announce(ctx, tx, c.Attempt)
	if err != nil || early {
		return got, err
	}
	return got, s.queue.Insert(ctx, tx, job)
}

// announce notes the callback on the attempt. One that comes before the
// parser's own answer was kept is early: the step that handed the document over
// finds the note when it keeps that answer, and starts the fetch. The row's lock
// orders the two.
func announce(ctx context.Context, tx pgx.Tx, attempt core.ID) (early bool, err error) {
	err = tx.QueryRow(ctx, `update upload_pipeline.upload_jobs set webhook_at = coalesce(webhook_at, now())
		where job_id = $1 returning status in ('uploaded', 'parse_queued') and parse_deadline is null`, attempt).Scan(&early)
	return early, err
}

func judge(known, relevant bool) ports.Outcome {
	switch {
	case !known:
		return ports.Unknown
	case !relevant:
		return ports.Ignored
	default:
		return ports.Accepted
	}
}

// attemptJob is the job that a callback of this attempt starts, and how long the
// attempt has been waiting for one; nil where it does not, or no longer. One that
// overtakes the parser's own answer was not waited for at all.
func (s *Store) attemptJob(ctx context.Context, tx pgx.Tx, attempt core.ID, job *core.Job) (wait *float64, known bool, err error) {
	*job = core.Job{Stage: core.Receive, Turn: core.AnyTurn, Hint: true}
	err = tx.QueryRow(ctx, `select document_id, attempt, rank, coalesce(traceparent, ''), case when webhook_at is null and status in ('uploaded', 'parse_queued')
			then coalesce(extract(epoch from now() - (parse_deadline - $2::interval)), 0)::float8 end
		from upload_pipeline.upload_jobs where job_id = $1`, attempt, s.waits.Deadline).
		Scan(&job.Document, &job.Attempt, &job.Rank, &job.Trace, &wait)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return wait, err == nil, err
}

// timeOf makes seconds a time; none is zero.
func timeOf(seconds *float64) time.Duration {
	if seconds == nil {
		return 0
	}
	return time.Duration(*seconds * float64(time.Second))
}

// logCallback writes the callback, or counts one more delivery of it.
func (s *Store) logCallback(ctx context.Context, tx pgx.Tx, c ports.Callback, job core.Job, outcome ports.Outcome) (fresh bool, err error) {
	document := &job.Document
	if job.Document.IsZero() {
		document = nil
	}
	err = tx.QueryRow(ctx, `insert into upload_pipeline.webhook_log
			(webhook_id, dedupe, job_id, document_id, event_id, event_type, provider_job_id, body_sha256, body_bytes, outcome)
		values ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), nullif($7, ''), $8, $9, $10)
		on conflict (dedupe) do update set deliveries = webhook_log.deliveries + 1
		returning deliveries = 1`,
		core.NewID(), dedupe(c), c.Attempt, document, c.EventID, c.EventType, c.ProviderJob, c.BodySHA256[:], c.BodyBytes, string(outcome)).
		Scan(&fresh)
	return fresh, err
}

// dedupe names a callback: its event where it has one, else its body.
func dedupe(c ports.Callback) string {
	if c.EventID != "" {
		return c.Attempt.String() + ":" + c.EventID
	}
	return c.Attempt.String() + ":" + hex.EncodeToString(c.BodySHA256[:])
}

// AttemptOf finds the attempt that a provider's job belongs to.
func (s *Store) AttemptOf(ctx context.Context, providerJob string) (attempt core.ID, err error) {
	conn, err := s.promptly(ctx)
	if err != nil {
		return attempt, err
	}
	defer conn.Release()
	err = conn.QueryRow(ctx, `select job_id from upload_pipeline.upload_jobs where provider_job_id = $1
		order by created_at desc limit 1`, providerJob).Scan(&attempt)
	return attempt, trouble(err)
}

// InboxState counts what was stored in the last day. Everybody may ask, so it
// must not read all that is kept.
func (s *Store) InboxState(ctx context.Context) (state ports.InboxState, err error) {
	var last *time.Time
	err = s.pool.QueryRow(ctx, `select
		(select count(*) from upload_pipeline.webhook_log where received_at > now() - interval '1 day'),
		(select received_at from upload_pipeline.webhook_log order by received_at desc limit 1)`).Scan(&state.Callbacks, &last)
	if last != nil {
		state.Last = *last
	}
	return state, trouble(err)
}
