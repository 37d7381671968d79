package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Mode is what lies between a client and the server.
type Mode string

// The modes. Direct is the server itself; Session is a pooler that gives each
// client one server connection for as long as it is there; Transaction is one
// that gives it another with each transaction, so that nothing of a session
// (LISTEN, SET, named statements, advisory locks of a session) can be used.
const (
	Direct      Mode = "direct"
	Session     Mode = "session"
	Transaction Mode = "transaction"
)

// witness is one client connection and the servers that answered on it.
type witness struct {
	conn    *pgx.Conn
	servers map[uint32]bool
}

func newWitness(conn *pgx.Conn) *witness { return &witness{conn, map[uint32]bool{}} }

// ask notes which server process works the next transaction.
func (w *witness) ask(ctx context.Context) error {
	var pid uint32
	if err := w.conn.QueryRow(ctx, `select pg_backend_pid()`).Scan(&pid); err != nil {
		return err
	}
	w.servers[pid] = true
	return nil
}

// own reports whether the one server that answered is that which greeted: a
// pooler greets with a number of its own making.
func (w *witness) own() bool { return len(w.servers) == 1 && w.servers[w.conn.PgConn().PID()] }

// shares reports the proof of a transaction pooler: one client was worked by
// two servers, or one server worked two clients that are both still there.
func shares(a, b *witness) bool {
	if len(a.servers) > 1 || len(b.servers) > 1 {
		return true
	}
	for pid := range a.servers {
		if b.servers[pid] {
			return true
		}
	}
	return false
}

// rounds is how often a pooler is asked for the proof of sharing.
const rounds = 4

// detect finds the mode by two clients that are connected at once.
//
// Sharing is proof of a transaction pooler. Greetings that hold the server's
// own process number, on both, are proof of none (a false one needs two equal
// draws). What is left is a pooler that did not share while it was watched; it
// is a session pooler if a notification reaches the first client while that
// is idle, for in transaction mode an idle client has no server that could
// deliver it. Without that delivery it is taken for a transaction pooler: what
// works there works everywhere.
func detect(ctx context.Context, first, second *pgx.Conn) (Mode, error) {
	a, b := newWitness(first), newWitness(second)
	for range rounds {
		// Last out first in is seen by the second witness, turn by turn by the
		// first one's own second question.
		for _, w := range []*witness{a, a, b, a, b, b} {
			if err := w.ask(ctx); err != nil {
				return "", err
			}
		}
		if shares(a, b) {
			return Transaction, oneTransaction(ctx, first)
		}
		if a.own() && b.own() {
			return Direct, nil
		}
	}
	heard, err := hears(ctx, first, second)
	if err != nil || !heard {
		return Transaction, err
	}
	return Session, nil
}

// oneTransaction refuses a pooler in statement mode, which lets no transaction
// be opened at all.
func oneTransaction(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select 1`)
		return err
	})
}

// hearTime bounds the wait for a notification.
const hearTime = 5 * time.Second

// hears reports whether a notification sent by one client reaches the other.
// The connection that listens is the probe's own and closes after it.
func hears(ctx context.Context, listener, speaker *pgx.Conn) (bool, error) {
	if _, err := listener.Exec(ctx, `listen navigator_probe`); err != nil {
		return false, nil //nolint:nilerr // a pooler that forbids LISTEN has answered
	}
	word := rand.Text()
	if _, err := speaker.Exec(ctx, `select pg_notify('navigator_probe', $1)`, word); err != nil {
		return false, err
	}
	bounded, cancel := context.WithTimeout(ctx, hearTime)
	defer cancel()
	for {
		note, err := listener.WaitForNotification(bounded)
		if err != nil {
			return false, ctx.Err() // only the bound may have passed
		}
		if note.Payload == word {
			return true, nil
		}
	}
}

// Mismatch says that what was found is not what the settings expect.
type Mismatch struct {
	Place    Place
	Expected Mode
	Found    Mode
}

// Error names the fix.
func (m *Mismatch) Error() string { return m.Detail() + ": " + m.Advice() }

// Detail is what was expected, and what was found.
func (m *Mismatch) Detail() string {
	return fmt.Sprintf("DATABASE_POOL_MODE is %s, but %s was found at %s", m.Expected, described[m.Found], m.Place)
}

var described = map[Mode]string{
	Direct: "the server itself", Session: "a pooler in session mode", Transaction: "a pooler in transaction mode",
}

// Advice is the two ways out.
func (m *Mismatch) Advice() string {
	setting := fmt.Sprintf("or set DATABASE_POOL_MODE=%s, or leave it empty", m.Found)
	switch m.Expected {
	case Direct:
		return "use the server's own host (db.<project ref>.supabase.co, port 5432), " + setting
	case Session:
		return "use the pooler's host with port 5432, " + setting
	}
	return "use the pooler's host with port 6543, " + setting
}

// Advised is an error that says what to do: a Refusal or a Mismatch.
type Advised interface {
	error
	Detail() string // what was met
	Advice() string // what to do; empty where only time helps
}

// ErrPollOnly says that a worker would not be woken.
var ErrPollOnly = errors.New("goes through a transaction pooler, where LISTEN is lost: " +
	"give the worker the session pooler (port 5432) or the server itself, or set ALLOW_POLL_ONLY=true")

// ErrNoSession says that a migration has no session.
var ErrNoSession = errors.New("leads to a pooler in transaction mode, and a migration needs a session, which holds its lock: " +
	"set MIGRATE_DATABASE_URL to the session pooler (the same host, port 5432) or to the server itself")

// errRole says that sessions cannot change their role.
func errRole(p Place, role string) error {
	return &Refusal{Place: p, Final: true, text: "a pooler in transaction mode is there, where no session keeps a role",
		advice: "log in as " + role + " itself"}
}
