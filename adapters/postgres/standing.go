package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const standingSQL = `select d.document_id, j.job_id, d.storage_key, d.filename, d.mime, d.bytes_len, d.file_sha256, d.page_count, d.created_at,
	j.status, j.status_since, j.attempt, j.receipt, j.chunks_total, j.chunks_embedded, j.last_error, j.timings, j.updated_at,
	coalesce((select e.was from upload_pipeline.events e where e.document_id = j.document_id and e.attempt = j.attempt order by e.event_id desc limit 1), j.status),
	coalesce(j.parser, ''), j.standby,
	coalesce(d.file_read_at > now() - interval '1 day' and (d.cold_since is null or d.file_read_at > d.cold_since), false), d.marks,
	j.xmin::text::bigint, d.xmin::text::bigint
	from upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
	where d.user_id = $1 and `

// ofDocument asks for one document.
const ofDocument = standingSQL + `d.document_id = $2`

// Standing reads where the owner's document is.
func (l *Library) Standing(ctx context.Context, who ports.Principal, id core.ID) (found ports.Standing, err error) {
	err = l.asReader(ctx, who, readsOnly, func(tx pgx.Tx, wrote *writers) error {
		found, err = scanStanding(tx.QueryRow(ctx, ofDocument, who.User, id), wrote)
		return err
	})
	return found, err
}

// standsAt is Standing at the primary: after a change, and before one.
func (l *Library) standsAt(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	return l.standing(ctx, who, ofDocument, id)
}

// Find looks for the owner's live document with that content.
func (l *Library) Find(ctx context.Context, who ports.Principal, sha256 [32]byte) (ports.Standing, error) {
	return l.standing(ctx, who, standingSQL+`d.file_sha256 = $2 and d.removed_at is null`, sha256[:])
}

func (l *Library) standing(ctx context.Context, who ports.Principal, sql string, arg any) (found ports.Standing, err error) {
	err = l.pool.batch(ctx, func() (*pgx.Batch, error) {
		batch := &pgx.Batch{}
		batch.Queue(setClaims, string(who.Claims))
		batch.Queue(asAuthenticated)
		batch.Queue(sql, who.User, arg).QueryRow(func(row pgx.Row) (err error) {
			found, err = scanStanding(row, new(writers))
			return err
		})
		return batch, nil
	})
	return found, trouble(err)
}

// scanStandings reads the rows of standingSQL.
func scanStandings(rows pgx.Rows, wrote *writers) ([]ports.Standing, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ports.Standing, error) { return scanStanding(row, wrote) })
}

// scanStanding reads one row of standingSQL, and notes who wrote it.
func scanStanding(row pgx.Row, wrote *writers) (s ports.Standing, err error) {
	var moved, kept uint32
	var digest, receipt, trouble, timings []byte
	err = row.Scan(&s.Document, &s.Job, &s.Key, &s.Name, &s.ContentType, &s.Size, &digest, &s.Pages, &s.CreatedAt,
		&s.Status, &s.Since, &s.Attempt, &receipt, &s.Chunks, &s.Embedded, &trouble, &timings, &s.UpdatedAt, &s.LastGood,
		&s.Parser, &s.Standby, &s.ReadNoted, &s.Marks, &moved, &kept)
	if err != nil {
		return ports.Standing{}, err
	}
	*wrote = append(*wrote, moved, kept)
	copy(s.SHA256[:], digest)
	s.Marks = core.SortMarks(s.Marks)
	if !s.Status.Failed() && s.Status != core.Cancelled {
		s.LastGood = s.Status
	}
	return s, unpack(&s, receipt, trouble, timings)
}

// unpack reads the attempt's JSON columns, which only this package writes.
func unpack(s *ports.Standing, receipt, trouble, timings []byte) error {
	if receipt != nil {
		s.Receipt = new(core.Receipt)
		if err := json.Unmarshal(receipt, s.Receipt); err != nil {
			return err
		}
	}
	if trouble != nil {
		s.Trouble = new(core.Trouble)
		if err := json.Unmarshal(trouble, s.Trouble); err != nil {
			return err
		}
	}
	spent := map[core.Status]int64{}
	if err := json.Unmarshal(timings, &spent); err != nil {
		return err
	}
	s.Timings = make(map[core.Status]time.Duration, len(spent))
	for status, ms := range spent {
		s.Timings[status] = time.Duration(ms) * time.Millisecond
	}
	return nil
}

// NoteRead notes that the file of the owner's document is read, so that it stays
// hot or becomes so again; who saw ReadNoted need not.
func (l *Library) NoteRead(ctx context.Context, who ports.Principal, id core.ID) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update upload_pipeline.documents set file_read_at = clock_timestamp() where document_id = $1 and user_id = $2`, id, who.User)
		return err
	})
}
