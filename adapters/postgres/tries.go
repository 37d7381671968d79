package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/text/unicode/norm"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// allowance is how many tries a window holds, and how long the next one waits
// beyond: first, then twice that, up to most.
type allowance struct {
	tries       int
	window      time.Duration
	first, most time.Duration
}

// What an account, a client, and a client with an account may try. The holds of
// accounts end within a quarter of an hour, so that nobody is locked out.
var (
	perAccount = allowance{5, 15 * time.Minute, 30 * time.Second, 15 * time.Minute}
	perPair    = perAccount
	perClient  = allowance{30, 5 * time.Minute, time.Minute, 5 * time.Minute}
)

// trustFor is how long a client is known to an account that was signed in to
// from there.
const trustFor = 90 * 24 * time.Hour

// Tries is a ports.Tries.
type Tries struct {
	pool   Steady
	factor int
}

var _ ports.Tries = (*Tries)(nil)

// NewTries makes Tries over a pool whose sessions hold inav_app. The factor
// multiplies the free tries, as it does the request rates: 1 is production's.
func NewTries(pool *pgxpool.Pool, factor int) *Tries {
	return &Tries{pool: NewSteady(pool), factor: max(factor, 1)}
}

// triedKeys are what a try is counted under.
type triedKeys struct{ account, client, pair []byte }

func keysOf(t ports.Try) triedKeys {
	digest := func(parts ...string) []byte {
		sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
		return sum[:]
	}
	account := strings.ToLower(norm.NFC.String(strings.TrimSpace(t.Account)))
	return triedKeys{digest("account", account), digest("client", t.Client), digest("pair", account, t.Client)}
}

func (k triedKeys) all() [][]byte {
	all := [][]byte{k.account, k.client, k.pair}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// counter is one row, as it was and as it is to be.
type counter struct {
	key       []byte
	tries     int
	began     time.Time
	held      time.Time
	trusted   time.Time
	allowance allowance
}

// Begin implements ports.Tries. The rows are locked in one order, and never for
// longer than the three statements take.
func (s *Tries) Begin(ctx context.Context, t ports.Try) error {
	k := keysOf(t)
	return trouble(s.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		rows, now, err := s.lockTries(ctx, tx, k)
		if err != nil {
			return err
		}
		counted := []*counter{rows[string(k.client)], rows[string(k.pair)]}
		if pair := rows[string(k.pair)]; now.Sub(pair.trusted) > trustFor {
			counted = append(counted, rows[string(k.account)])
		}
		batch := &pgx.Batch{}
		for _, c := range counted {
			if wait := c.held.Sub(now); wait > 0 {
				return core.Wait(core.CodeRateLimited, wait, nil)
			}
			c.count(now)
			batch.Queue(`update upload_pipeline.sign_in_tries set tries = $2, began_at = $3, held_until = $4 where key = $1`,
				c.key, c.tries, c.began, timeOrNull(c.held))
		}
		return tx.SendBatch(ctx, batch).Close()
	}))
}

// count adds a try and says until when the next one has to wait.
func (c *counter) count(now time.Time) {
	if now.Sub(c.began) >= c.allowance.window {
		c.tries, c.began = 0, now
	}
	c.tries++
	if over := c.tries - c.allowance.tries; over >= 0 {
		c.held = now.Add(min(c.allowance.first<<min(over, 10), c.allowance.most))
	}
}

// lockTries reads the rows of a try, makes those that are missing, and tells
// the database's time.
func (s *Tries) lockTries(ctx context.Context, tx pgx.Tx, k triedKeys) (found map[string]*counter, now time.Time, err error) {
	if _, err := tx.Exec(ctx, `insert into upload_pipeline.sign_in_tries (key, tries, began_at)
		select key, 0, clock_timestamp() from unnest($1::bytea[]) key order by key on conflict do nothing`, k.all()); err != nil {
		return nil, now, err
	}
	rows, err := tx.Query(ctx, `select key, tries, began_at, coalesce(held_until, 'epoch'), coalesce(trusted_at, 'epoch'), clock_timestamp()
		from upload_pipeline.sign_in_tries where key = any ($1) order by key for update`, k.all())
	if err != nil {
		return nil, now, err
	}
	found = map[string]*counter{}
	allowances := map[string]allowance{string(k.account): perAccount, string(k.client): perClient, string(k.pair): perPair}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*counter, error) {
		c := &counter{}
		return c, row.Scan(&c.key, &c.tries, &c.began, &c.held, &c.trusted, &now)
	})
	for _, c := range list {
		c.allowance = allowances[string(c.key)]
		c.allowance.tries *= s.factor
		found[string(c.key)] = c
	}
	return found, now, err
}

// Settle implements ports.Tries.
func (s *Tries) Settle(ctx context.Context, t ports.Try, end ports.TryEnd) error {
	k := keysOf(t)
	return trouble(s.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		rows, now, err := s.lockTries(ctx, tx, k)
		if err != nil {
			return err
		}
		pair, account, client := rows[string(k.pair)], rows[string(k.account)], rows[string(k.client)]
		client.takeBack()
		switch {
		case end == ports.TryRight:
			pair.tries, pair.held, pair.trusted = 0, time.Time{}, now
			account.tries, account.held = 0, time.Time{}
		case now.Sub(pair.trusted) > trustFor:
			account.takeBack()
			fallthrough
		default:
			pair.takeBack()
		}
		batch := &pgx.Batch{}
		for _, c := range rows {
			batch.Queue(`update upload_pipeline.sign_in_tries set tries = $2, held_until = $3, trusted_at = $4 where key = $1`,
				c.key, c.tries, timeOrNull(c.held), known(c.trusted))
		}
		return tx.SendBatch(ctx, batch).Close()
	}))
}

// takeBack undoes one count, and the hold that it brought.
func (c *counter) takeBack() {
	c.tries = max(c.tries-1, 0)
	if c.tries < c.allowance.tries {
		c.held = time.Time{}
	}
}

// known is a time that was read, or null for the epoch that stood for none.
func known(t time.Time) *time.Time {
	if t.Unix() <= 0 {
		return nil
	}
	return &t
}
