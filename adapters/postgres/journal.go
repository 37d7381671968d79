package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// pulseSQL compares what is known of documents with what there is: a row for
// each that differs or is not there. The limits hold the planner to two looks
// by index a document, however many documents the owner has.
const pulseSQL = `select k.document_id, coalesce(e.event_id, 0), coalesce(s.done, 0), coalesce(s.total, 0)
	from unnest($2::uuid[], $3::bigint[], $4::int[], $5::int[]) k (document_id, event_id, done, total)
	left join lateral (select j.chunks_embedded as done, j.chunks_total as total
		from upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
		where d.document_id = k.document_id and d.user_id = $1 limit 1) s on true
	left join lateral (select event_id from upload_pipeline.events
		where document_id = k.document_id and user_id = $1 order by event_id desc limit 1) e on true
	where s.done is null
	or (coalesce(e.event_id, 0), s.done, s.total) is distinct from (k.event_id, k.done, k.total)`

// movesSQL reads the events after a number. That none with a smaller number
// can become visible later rests on two locks: an event gets its number in a
// trigger, when the transaction already holds the row of its attempt, and a new
// attempt as well as a deletion hold the document's row too.
const movesSQL = `select e.event_id, e.document_id, e.attempt, coalesce(e.was, ''), e.status, e.at, coalesce(e.lasted_ms, 0), coalesce(e.code, '')
	from unnest($2::uuid[], $3::bigint[]) k (document_id, event_id)
	join upload_pipeline.events e on e.document_id = k.document_id and e.event_id > k.event_id
	where e.user_id = $1 order by e.document_id, e.event_id`

// News reads what differs from the marks. One snapshot serves all its queries,
// so a standing never runs ahead of the events beside it.
func (l *Library) News(ctx context.Context, who ports.Principal, marks []ports.Mark) (news []ports.News, err error) {
	if len(marks) == 0 {
		return nil, nil
	}
	snapshot := pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	err = l.asReader(ctx, who, snapshot, func(tx pgx.Tx, wrote *writers) error {
		news, err = pulses(ctx, tx, who, marks)
		if err != nil || len(news) == 0 {
			return err
		}
		return tell(ctx, tx, who, marks, news, wrote)
	})
	return news, err
}

// pulses finds the documents that have news, without the news itself.
func pulses(ctx context.Context, tx pgx.Tx, who ports.Principal, marks []ports.Mark) ([]ports.News, error) {
	n := len(marks)
	ids, events, done, total := make([]core.ID, n), make([]int64, n), make([]int, n), make([]int, n)
	for i, m := range marks {
		ids[i], events[i], done[i], total[i] = m.Document, m.Event, m.Done, m.Total
	}
	rows, err := tx.Query(ctx, pulseSQL, who.User, ids, events, done, total)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n ports.News, err error) {
		return n, row.Scan(&n.Mark.Document, &n.Mark.Event, &n.Mark.Done, &n.Mark.Total)
	})
}

// tell fills in the standings and the events.
func tell(ctx context.Context, tx pgx.Tx, who ports.Principal, marks []ports.Mark, news []ports.News, wrote *writers) error {
	index := make(map[core.ID]*ports.News, len(news))
	ids := make([]core.ID, len(news))
	for i := range news {
		ids[i] = news[i].Mark.Document
		index[ids[i]] = &news[i]
	}
	rows, err := tx.Query(ctx, standingSQL+`d.document_id = any ($2)`, who.User, ids)
	if err != nil {
		return err
	}
	found, err := scanStandings(rows, wrote)
	if err != nil {
		return err
	}
	for i := range found {
		index[found[i].Document].Standing = &found[i]
	}
	return tellMoves(ctx, tx, who, marks, index)
}

func tellMoves(ctx context.Context, tx pgx.Tx, who ports.Principal, marks []ports.Mark, index map[core.ID]*ports.News) error {
	var ids []core.ID
	var after []int64
	for _, m := range marks {
		if n := index[m.Document]; n != nil && m.Event != ports.Latest && n.Mark.Event > m.Event {
			ids, after = append(ids, m.Document), append(after, m.Event)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, movesSQL, who.User, ids, after)
	if err != nil {
		return err
	}
	events, err := pgx.CollectRows(rows, scanEvent)
	for _, e := range events {
		n := index[e.Document]
		n.Events = append(n.Events, e)
	}
	return err
}

func scanEvent(row pgx.CollectableRow) (e ports.Event, err error) {
	var lasted int64
	err = row.Scan(&e.ID, &e.Document, &e.Attempt, &e.Was, &e.Status, &e.At, &lasted, &e.Code)
	e.Lasted = time.Duration(lasted) * time.Millisecond
	return e, err
}

var _ ports.Journal = (*Library)(nil)
