package postgres

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
)

// Governor fills ports.Governor. Its pool's sessions hold inav_worker, or
// inav_app, which may pay for questions alone.
type Governor struct{ pool Steady }

// NewGovernor makes a Governor over a pool.
func NewGovernor(pool *pgxpool.Pool) *Governor { return &Governor{pool: NewSteady(pool)} }

// Begin is ports.Governor: one round trip. A parse is waited for until it is on
// the disk: the submission that follows must be known to have begun. Any other
// call is asked again without harm, and its row's lock is let go the sooner.
func (g *Governor) Begin(ctx context.Context, c core.Call, p core.Pace) (core.Turn, error) {
	var verdict string
	var wait *float64
	err := g.as(ctx, c.Payer.User, func(batch *pgx.Batch) {
		if c.Payer.Kind != core.PaidParse {
			batch.Queue(unhurried)
		}
		batch.Queue(`select verdict, wait from upload_pipeline.begin_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
		$13, $14, $15, $16, $17, $18, $19)`,
			c.ID, c.Provider, c.Account, string(cmp.Or(c.Payer.Lane, core.Interactive)), string(c.Payer.Kind), orNull(c.Payer.User), orNull(c.Payer.Document),
			c.Payer.Attempt, c.Pages, c.Tokens, int64(c.Cost), c.Price,
			float64(p.Requests), p.Window.Seconds(), float64(p.Tokens), p.Calls, p.Jobs, p.Lease, int64(p.Budget)).
			QueryRow(func(row pgx.Row) error { return row.Scan(&verdict, &wait) })
	})
	if err != nil {
		return core.Turn{}, err
	}
	turn := core.Turn{Go: verdict == "go", Spent: verdict == "spent"}
	if wait != nil {
		turn.Wait = time.Duration(*wait * float64(time.Second))
	}
	return turn, nil
}

// as sends what queue adds as one transaction of the user who pays: the policies
// of inav_app look at it. An operator's is nobody's.
func (g *Governor) as(ctx context.Context, user core.ID, queue func(*pgx.Batch)) error {
	return trouble(g.pool.batch(ctx, func() (*pgx.Batch, error) {
		batch := &pgx.Batch{}
		batch.Queue(setClaims, `{"sub":"`+user.String()+`"}`)
		queue(batch)
		return batch, nil
	}))
}

func orNull(id core.ID) *core.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}

// untold is what end_call takes for a limit that the provider said nothing of.
const untold = -1.0

// End is ports.Governor: one round trip, unhurried. Where a crash of the database
// takes it, the call's reservation is settled when its lease ends (Abandoned).
func (g *Governor) End(ctx context.Context, c core.Call, b core.Bill) error {
	room := core.Room{Requests: untold, Tokens: untold}
	if b.Room != nil {
		room = *b.Room
	}
	return g.as(ctx, c.Payer.User, func(batch *pgx.Batch) {
		batch.Queue(unhurried)
		batch.Queue(`select upload_pipeline.end_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			c.ID, c.Provider, c.Account, string(c.Payer.Kind), orNull(c.Payer.User), orNull(c.Payer.Document), c.Payer.Attempt,
			b.Pages, b.Tokens, int64(b.Cost), c.Price, cmp.Or(b.Ref, c.ID.String()), string(b.State),
			b.Closed.Seconds(), c.Window.Seconds(), room.Requests, room.Tokens)
	})
}

// Spending is ports.Governor.
func (g *Governor) Spending(ctx context.Context) (core.Spending, error) {
	var s core.Spending
	err := g.as(ctx, core.ID{}, func(batch *pgx.Batch) {
		s = core.Spending{By: map[string]core.NanoUSD{}}
		batch.Queue(`select date_trunc('month', now() at time zone 'UTC') at time zone 'UTC',
		(select coalesce(sum(nanousd), 0)::bigint from upload_pipeline.provider_calls)`).QueryRow(func(row pgx.Row) error {
			return row.Scan(&s.Month, &s.Reserved)
		})
		batch.Queue(`select provider, sum(nanousd)::bigint from upload_pipeline.spending
		where month = date_trunc('month', now() at time zone 'UTC')::date group by provider`).Query(func(rows pgx.Rows) error {
			var provider string
			var amount core.NanoUSD
			_, err := pgx.ForEachRow(rows, []any{&provider, &amount}, func() error {
				s.By[provider] = amount
				s.Spent += amount
				return nil
			})
			return err
		})
	})
	s.Month = s.Month.UTC()
	return s, err
}

// Abandoned settles up to limit calls whose process died before it could. A
// parser's job is found again by its document; any other call is entered as if
// it had been billed.
func (g *Governor) Abandoned(ctx context.Context, limit int) (settled int, err error) {
	err = g.pool.QueryRow(ctx, `with gone as (
			delete from upload_pipeline.provider_calls where call_id in (
				select call_id from upload_pipeline.provider_calls where expires_at < now() order by expires_at limit $1 for update skip locked)
			returning *),
		entered as (
			insert into upload_pipeline.costs (provider, ref, kind, user_id, document_id, attempt, pages, tokens, nanousd, price, state)
			select provider, call_id::text, kind, user_id, document_id, attempt, pages, tokens, nanousd, price, 'assumed'
			from gone where kind <> 'parse' on conflict (provider, ref) do nothing)
		select count(*) from gone`, limit).Scan(&settled)
	return settled, trouble(err)
}

// Payer is what one owner has cost in the month.
type Payer struct {
	User      *core.ID // nil: the operator
	Documents int
	Spent     core.NanoUSD
}

// Payers lists those who cost most this month.
func (g *Governor) Payers(ctx context.Context, limit int) ([]Payer, error) {
	rows, err := g.pool.Query(ctx, `select user_id, count(distinct document_id), sum(nanousd)::bigint from upload_pipeline.costs
		where at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
		group by user_id order by 3 desc, 1 limit $1`, limit)
	if err != nil {
		return nil, trouble(err)
	}
	payers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Payer])
	return payers, trouble(err)
}

// queueCharge enters what a kept result has cost in the provider's own words, in
// place of the estimate. It is entered once, however often the step is kept.
func queueCharge(batch *pgx.Batch, doc core.Document, c core.Charge) {
	batch.Queue(`insert into upload_pipeline.costs as c (provider, ref, kind, user_id, document_id, attempt, pages, credits, nanousd, price, state)
		values ($1, $2, 'parse', $3, $4, $5, $6, $7::double precision::numeric, $8, $9, 'charged')
		on conflict (provider, ref) do update set pages = excluded.pages, credits = excluded.credits, nanousd = excluded.nanousd,
			price = excluded.price, state = 'charged' where c.state <> 'charged'`,
		c.Provider, c.Ref, doc.User, doc.ID, doc.Attempt, c.Pages, c.Credits, int64(c.Cost), c.Price)
}
