package pgproxy_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

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
	near, far, _ = by(t, r)
	return near, far
}

// by is through, and gives the proxy too.
func by(t *testing.T, r *tape) (near, far *pgx.Conn, proxy *pgproxy.Proxy) {
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
	proxy, err = pgproxy.Listen(t.Context(), address.Host, pgproxy.Watched{"s.a", "s.b"}, r.hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	address.Host = proxy.Addr()
	if near, err = pgx.Connect(t.Context(), address.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(context.Background()) })
	return near, far, proxy
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

// What River fetches is told after it, with the queue; a fetch of nothing is not.
func TestTheHookIsToldOfEachFetch(t *testing.T) {
	t.Parallel()
	r := &tape{}
	near, far := through(t, r)
	if _, err := far.Exec(t.Context(), `create schema river; create table river.river_job (queue text, state text); insert into river.river_job values ('parse', 'available')`); err != nil {
		t.Fatal(err)
	}
	fetch := `with locked as (select $1::int, $2::int, $3::text) update "river"."river_job"
		set state = 'running' where queue = $4 and state = 'available' returning queue`
	for range 2 {
		if _, err := near.Exec(t.Context(), fetch, 1, 2, "me", "parse"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"after fetch parse"}, r.all()); diff != "" {
		t.Errorf("told:\n%s", diff)
	}
}

// While all is silent nothing is answered; afterwards what was under way goes
// on, once.
func TestWhatIsSilentGoesOnAfterwards(t *testing.T) {
	t.Parallel()
	near, far, proxy := by(t, &tape{})
	speak := proxy.Hush()
	done := make(chan error, 1)
	go func() {
		_, err := near.Exec(t.Context(), `insert into s.a values (1)`)
		done <- err
	}()
	lost, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // of a connection that comes to nothing
	defer cancel()
	if _, err := pgx.Connect(lost, near.Config().ConnString()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a new connection ended with %v", err)
	}
	if n := rows(t, far); n != 0 || len(done) != 0 {
		t.Errorf("%d rows came through the silence", n)
	}
	speak()
	if err := <-done; err != nil || rows(t, far) != 1 {
		t.Errorf("afterwards: %v, %d rows", err, rows(t, far))
	}
}

// Only what listens falls silent, and what listens anew is heard.
func TestListenersFallSilentAlone(t *testing.T) {
	t.Parallel()
	near, far, proxy := by(t, &tape{})
	other, err := pgx.Connect(t.Context(), near.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background()) //nolint:errcheck // nothing is pending
	if _, err := near.Exec(t.Context(), `LISTEN news`); err != nil {
		t.Fatal(err)
	}
	if n := proxy.HushListeners(); n != 1 || proxy.Listeners() != 0 {
		t.Fatalf("%d fell silent, %d are left", n, proxy.Listeners())
	}
	if _, err := other.Exec(t.Context(), `listen news`); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Exec(t.Context(), `notify news`); err != nil {
		t.Fatal(err)
	}
	if _, err := other.WaitForNotification(t.Context()); err != nil || proxy.Listeners() != 1 {
		t.Errorf("the new listener heard nothing: %v", err)
	}
	deaf, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // the news has come to the other already
	defer cancel()
	if n, err := near.WaitForNotification(deaf); err == nil {
		t.Errorf("the silent one heard %v", n)
	}
}

// Every answer waits as long as is drawn.
func TestAnswersAreSlow(t *testing.T) {
	t.Parallel()
	near, _, proxy := by(t, &tape{})
	drawn := 0
	proxy.Slow(func() time.Duration { drawn++; return time.Millisecond })
	if err := work(t.Context(), near); err != nil {
		t.Fatal(err)
	}
	proxy.Slow(nil)
	if drawn < 8 {
		t.Errorf("%d answers were held back", drawn)
	}
}
