package postgres

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// defaultPrompt is what a callback waits for a connection. Its sender comes
// again, and callbacks that wait for long would pile up.
const defaultPrompt = time.Second

// promptly works on a connection where one is free soon.
func (s *Store) promptly(ctx context.Context, work func(*pgxpool.Conn) error) error {
	waiting, cancel := context.WithTimeout(ctx, s.prompt)
	defer cancel()
	conn, err := s.pool.pool.Acquire(waiting)
	if err != nil && ctx.Err() == nil {
		return core.Fail(core.CodeDatabaseUnavailable, err)
	}
	if err != nil {
		return err
	}
	defer conn.Release()
	return work(conn)
}

// Receive stores an authentic callback once and, where it says that the job
// ended, enqueues the step that asks the parser for the truth: one transaction,
// which is on the disk when this returns.
func (s *Store) Receive(ctx context.Context, c ports.Callback) (got ports.Received, err error) {
	within, done := underOnce(ctx, "callback")
	defer done()
	for range looks {
		err = repeat(ctx, func() (err error) {
			got, err = s.take(ctx, within, c)
			return err
		})
		if state(err) != anothers {
			break
		}
		err = core.Fail(core.CodeDatabaseUnavailable, err) // time and again: its sender comes again as well
	}
	if err != nil {
		return ports.Received{}, trouble(err)
	}
	return got, nil
}

// looks is how many times a callback looks, at most. What came between a look
// and the rest has ended by then, so there is no wait before the next.
const looks = 4

// take is Receive once; within enters the document's trace.
func (s *Store) take(ctx context.Context, within func(string) context.Context, c ports.Callback) (got ports.Received, err error) {
	found := looked{outcome: ports.Unknown}
	row := []any{core.NewID(), dedupe(c), c.Attempt, c.EventID, c.EventType, c.ProviderJob, c.BodySHA256[:], c.BodyBytes}
	if c.Relevant {
		found, err = s.look(ctx, c)
	}
	if err == nil && found.outcome == ports.Unknown {
		err = s.promptly(ctx, func(conn *pgxpool.Conn) error {
			return conn.QueryRow(ctx, idleSQL, row...).Scan(&found.outcome, &found.job.Trace)
		})
	}
	if err != nil {
		return got, err
	}
	ctx = within(found.job.Trace)
	got.Outcome = found.outcome
	if got.Outcome != ports.Accepted {
		return got, nil
	}
	got.First, got.After = found.wait != nil, timeOf(found.wait)
	return got, s.accept(ctx, row, found)
}

// looked is what a callback meets.
type looked struct {
	outcome ports.Outcome // a duplicate is counted; what is accepted or unknown is not kept yet
	job     core.Job      // that it starts
	early   bool          // it has overtaken the parser's own answer, which starts the job instead
	wait    *float64      // seconds that the attempt has waited for it; nil where it does not, or no longer
}

// look counts one more delivery of a callback that is kept, and finds the attempt
// that others are of. One that overtakes the parser's own answer was not waited
// for at all.
func (s *Store) look(ctx context.Context, c ports.Callback) (looked, error) {
	found := looked{job: core.Job{Stage: core.Receive, Turn: core.AnyTurn, Hint: true}}
	err := s.promptly(ctx, func(conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, lookSQL, c.Attempt, dedupe(c), s.waits.Deadline).Scan(&found.outcome,
			&found.job.Document, &found.job.Attempt, &found.job.Rank, &found.job.Trace, &found.wait, &found.early)
	})
	return found, err
}

// accept keeps the callback with its job, in one message. Where another delivery
// was kept since the look, or the attempt changed, all of it is undone. No
// connection is held while the queue adds: it may ask the pool itself.
func (s *Store) accept(ctx context.Context, row []any, found looked) error {
	batch := &pgx.Batch{}
	batch.Queue(acceptSQL, append(row, found.job.Document, found.early)...)
	if !found.early {
		if err := s.queue.Add(ctx, batch, found.job); err != nil {
			return err
		}
	}
	return s.promptly(ctx, func(conn *pgxpool.Conn) error { return conn.SendBatch(ctx, batch).Close() })
}

const (
	atParser   = `status in ('uploaded', 'parse_queued')`
	unanswered = atParser + ` and parse_deadline is null`

	logged = `insert into upload_pipeline.webhook_log
			(webhook_id, dedupe, job_id, event_id, event_type, provider_job_id, body_sha256, body_bytes, document_id, outcome)
		select $1, $2, $3, nullif($4, ''), nullif($5, ''), nullif($6, ''), $7, $8::integer, `
)

const lookSQL = `with again as (update upload_pipeline.webhook_log set deliveries = deliveries + 1 where dedupe = $2 returning true)
	select case when exists (select from again) then 'duplicate' when j.job_id is null then 'unknown' else 'accepted' end,
		coalesce(document_id, '00000000-0000-0000-0000-000000000000'), coalesce(attempt, 0), coalesce(rank, 0), coalesce(traceparent, ''),
		case when webhook_at is null and ` + atParser + ` then coalesce(extract(epoch from now() - (parse_deadline - $3::interval)), 0)::float8 end,
		coalesce(` + unanswered + `, false)
	from (select) callback left join upload_pipeline.upload_jobs j on job_id = $1`

// idleSQL keeps a callback that starts nothing, or counts one more delivery of it.
const idleSQL = `with attempt as (select document_id, traceparent from upload_pipeline.upload_jobs where job_id = $3),
	kept as (` + logged + `(select document_id from attempt), case when exists (select from attempt) then 'ignored' else 'unknown' end
		on conflict (dedupe) do update set deliveries = webhook_log.deliveries + 1 returning outcome, deliveries)
	select case when deliveries > 1 then 'duplicate' else outcome end, coalesce((select traceparent from attempt), '') from kept`

// acceptSQL keeps a callback and notes it on the attempt. One that comes before
// the parser's own answer was kept is early: the step that handed the document
// over finds the note when it keeps that answer, and starts the fetch. The row's
// lock orders the two: whoever waited for it sees what was written meanwhile.
const acceptSQL = `with kept as (` + logged + `$9, 'accepted' on conflict (dedupe) do nothing returning true),
	noted as (update upload_pipeline.upload_jobs set webhook_at = coalesce(webhook_at, now())
		where job_id = $3 and (` + unanswered + `) = $10 and exists (select from kept) returning true)
	select upload_pipeline.stands((select count(*) from noted))`

// timeOf makes seconds a time; none is zero.
func timeOf(seconds *float64) time.Duration {
	if seconds == nil {
		return 0
	}
	return time.Duration(*seconds * float64(time.Second))
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
	err = s.promptly(ctx, func(conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, `select job_id from upload_pipeline.upload_jobs where provider_job_id = $1
			order by created_at desc limit 1`, providerJob).Scan(&attempt)
	})
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
