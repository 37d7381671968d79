package pgproxy_test

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/cmd/internal/pgproxy"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// tape is a hook that writes down what it was asked, and cuts at one of it.
type tape struct {
	mu   sync.Mutex
	told []string
	cut  string
}

func (r *tape) hook(phase pgproxy.Phase, what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := string(phase) + " " + what
	r.told = append(r.told, line)
	return line != r.cut
}

func (r *tape) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

// through connects by way of a proxy, and directly.
func through(t *testing.T, r *tape) (near, far *pgx.Conn) {
	t.Helper()
	db := dbtest.New(t, nil)
	far = db.SuperConn()
	if _, err := far.Exec(t.Context(), `create schema s; create table s.a (n int); create table s.b (n int); create table s.other (n int)`); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(db.SuperURL())
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := pgproxy.Listen(t.Context(), address.Host, pgproxy.Watched{"s.a", "s.b"}, r.hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	address.Host = proxy.Addr()
	if near, err = pgx.Connect(t.Context(), address.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(context.Background()) })
	return near, far
}

func rows(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), `select (select count(*) from s.a) + (select count(*) from s.b)`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// work is a transaction, a rolled-back one, a batch, a single statement, and
// one that fails.
func work(ctx context.Context, conn *pgx.Conn) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`insert into s.a values ($1)`, 1)
		batch.Queue(`insert into "s"."b" values ($1)`, 1)
		batch.Queue(`insert into s.other values ($1)`, 1)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into s.a values ($1)`, 2); err != nil {
		return err
	}
	if err := tx.Rollback(ctx); err != nil {
		return err
	}
	_, _ = conn.Exec(ctx, `insert into s.a values (1 / 0)`) // refused
	if _, err := conn.Exec(ctx, `insert into s.other values ($1)`, 3); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `with x as (delete from s.b) update s.a set n = $1`, 3)
	return err
}

func TestTheHookIsAskedAtEachSideOfEachCommit(t *testing.T) {
	t.Parallel()
	r := &tape{}
	near, far := through(t, r)
	if err := work(t.Context(), near); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"before insert a, insert b", "after insert a, insert b",
		"before insert a", // the one that is refused
		"before delete b, update a", "after delete b, update a",
	}
	if diff := cmp.Diff(want, r.all()); diff != "" {
		t.Errorf("asked:\n%s", diff)
	}
	if n := rows(t, far); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// Cut before, nothing is there; cut after, all of it is, and the program does
// not know.
func TestACommitIsCutAtEitherSide(t *testing.T) {
	t.Parallel()
	for cut, want := range map[string]int{"before insert a, insert b": 0, "after insert a, insert b": 2} {
		near, far := through(t, &tape{cut: cut})
		if err := work(t.Context(), near); err == nil {
			t.Errorf("%s: the program was answered", cut)
		}
		if n := rows(t, far); n != want {
			t.Errorf("%s: %d rows, want %d", cut, n, want)
		}
	}
}
