package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Begin claims a document for one step of the Line: it shows the status of the
// meantime and counts the run, before anything outside is asked. It returns
// core.ErrStale when the document moved on without this job, was deleted, or
// belongs to another attempt, and core.ErrEarly when its status is still ahead.
// While a document waits to be handed over once more, Receive is the one job's
// that knows the turn; polls and callbacks are early. What it writes is unhurried:
// whatever is paid for afterwards is granted by a transaction that is waited
// for, and this one lies on the disk before that.
func (s *Store) Begin(ctx context.Context, job core.Job, leg core.Leg) (core.Document, error) {
	var doc core.Document
	var runs int
	err := s.pool.batch(ctx, func() (*pgx.Batch, error) {
		batch := &pgx.Batch{}
		if writes(leg) {
			batch.Queue(unhurried)
		}
		batch.Queue(beginSQL(leg), job.Document, job.Attempt, job.Turn, string(leg.Meanwhile()), string(leg.From)).
			QueryRow(func(row pgx.Row) (err error) {
				doc, runs, err = scanDocument(row)
				return err
			})
		return batch, nil
	})
	if err == nil {
		doc.Submitting = runs > 1
		return doc, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return core.Document{}, trouble(err)
	}
	return core.Document{}, s.whyNot(ctx, job, leg)
}

// Unasked takes the run count of a first submission back, so that the next run is
// a first one again. A document that moved on is left alone.
func (s *Store) Unasked(ctx context.Context, doc core.Document) error {
	_, err := s.pool.Exec(ctx, `update upload_pipeline.upload_jobs set runs = 0
		where document_id = $1 and attempt = $2 and turn = $3 and status = $4 and runs = 1`, doc.ID, doc.Attempt, doc.Turn, string(core.Uploaded))
	return trouble(err)
}

// beginSQL writes only where there is something to write: the status of the
// meantime, or the run count that tells a second submission from a first.
func beginSQL(leg core.Leg) string {
	if !writes(leg) {
		return `select ` + documentColumns + `
			from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
			where j.document_id = $1 and j.attempt = $2 and (j.turn = $3 or ($3 < 0 and (j.status <> 'parse_queued' or j.parse_deadline is not null)))
			and j.status in ($4, $5) and j.attempt = d.attempt`
	}
	return `update upload_pipeline.upload_jobs j set status = $4, runs = case when j.status = $4 then j.runs + 1 else 1 end
		from upload_pipeline.documents d
		where j.document_id = $1 and j.attempt = $2 and ($3 < 0 or j.turn = $3) and j.status in ($4, $5)
		and d.document_id = j.document_id and j.attempt = d.attempt
		returning ` + documentColumns
}

// writes reports whether the stage's beginning leaves anything in the database.
func writes(leg core.Leg) bool { return leg.While != "" || leg.Stage == core.Parse }

// whyNot tells a step that comes too early from one that comes too late.
func (s *Store) whyNot(ctx context.Context, job core.Job, leg core.Leg) error {
	var status core.Status
	var turn int
	err := s.pool.QueryRow(ctx, `select j.status, j.turn from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
		where j.document_id = $1 and j.attempt = $2 and j.attempt = d.attempt`, job.Document, job.Attempt).Scan(&status, &turn)
	if errors.Is(err, pgx.ErrNoRows) {
		return core.ErrStale
	}
	if err != nil {
		return trouble(err)
	}
	if leg.Shows(status) && (job.Turn < 0 || job.Turn == turn) {
		return core.ErrEarly // the step before was kept between the two looks
	}
	way := core.Way()
	if at := slices.Index(way, status); at >= 0 && at < slices.Index(way, leg.From) {
		return core.ErrEarly
	}
	return core.ErrStale
}
