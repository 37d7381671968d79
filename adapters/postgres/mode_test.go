package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

var modes = []postgres.Mode{postgres.Direct, postgres.Session, postgres.Transaction}

// addresses are the same database's in each mode.
func addresses(t *testing.T, role string) map[postgres.Mode]string {
	t.Helper()
	house := dbtest.New(t, db.Schemas{})
	return map[postgres.Mode]string{
		postgres.Direct:      house.URL(role),
		postgres.Session:     house.Bouncer("session", role).URL(role),
		postgres.Transaction: house.Bouncer("transaction", role).URL(role),
	}
}

func TestFM020_TheModeIsFoundByAsking(t *testing.T) {
	t.Parallel()
	for mode, address := range addresses(t, "inav_app") {
		found, err := postgres.Probe(t.Context(), postgres.Options{URL: address, Role: "inav_app", Name: "test"})
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		if found.Mode != mode || found.Network != "IPv4" || found.TLS != "none" || found.Login != "inav_app" || found.Role != "inav_app" ||
			found.Place.UserForm() != "plain" || found.Place.Host != "127.0.0.1" || found.Place.Port == 0 || found.Server == "" {
			t.Errorf("%s: found %+v", mode, found)
		}
	}
}

func TestFM026_AnotherModeThanExpectedIsRefused(t *testing.T) {
	t.Parallel()
	for mode, address := range addresses(t, "inav_app") {
		for _, expected := range modes {
			pool, found, err := postgres.Connect(t.Context(), postgres.Options{URL: address, Role: "inav_app", Name: "test", MaxConns: 1, Expect: expected})
			if pool != nil {
				pool.Close()
			}
			var mismatch *postgres.Mismatch
			switch {
			case expected == mode && err != nil:
				t.Errorf("%s as expected: %v", mode, err)
			case expected == mode:
			case !errors.As(err, &mismatch) || !postgres.Final(err) || pool != nil:
				t.Errorf("%s where %s is expected: %v", mode, expected, err)
			case !strings.Contains(err.Error(), "set DATABASE_POOL_MODE="+string(mode)) || !strings.Contains(err.Error(), found.Place.String()):
				t.Errorf("the fix is not named: %v", err)
			}
		}
	}
}

// A pooler in statement mode opens no transaction; one in transaction mode
// keeps no role.
func TestFM026_WhatAPoolerCannotDoIsRefused(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	transaction, statement := house.Bouncer("transaction", "inav_app", "inav_worker"), house.Bouncer("statement", "inav_app")
	for name, c := range map[string]struct {
		url, role, want string
	}{
		"statements":    {statement.URL("inav_app"), "inav_app", "set its pool_mode to session or transaction"},
		"role":          {transaction.URL("inav_worker"), "inav_app", "log in as inav_app itself"},
		"user":          {strings.Replace(transaction.URL("inav_app"), "inav_app", "inav_apq", 1), "inav_app", "check user and password"},
		"password":      {strings.Replace(transaction.URL("inav_app"), "inav_app:", "inav_app:canary", 1), "inav_app", "check user and password"},
		"database":      {strings.Replace(transaction.URL("inav_app"), house.Name, "nothing", 1), "inav_app", "check the name at the address's end"},
		"old parameter": {transaction.URL("inav_app") + "&statement_timeout=5", "inav_app", "take the address's parameters away"},
	} {
		_, _, err := postgres.Connect(t.Context(), postgres.Options{URL: c.url, Role: c.role, Name: "test", MaxConns: 1})
		if err == nil || !postgres.Final(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// In transaction mode nothing is said at the login, and the login's own
// settings hold.
func TestL003_TheSearchPathIsEmptyInEachMode(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"inav_app", "inav_worker"} {
		for mode, address := range addresses(t, role) {
			pool, found, err := postgres.Connect(t.Context(), postgres.Options{URL: address, Role: role, Name: "test", MaxConns: 2})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			var path, statement, lock, idle, user string
			err = pool.QueryRow(t.Context(), `select current_setting('search_path'), current_setting('statement_timeout'), current_setting('lock_timeout'),
				current_setting('idle_in_transaction_session_timeout'), current_user`).Scan(&path, &statement, &lock, &idle, &user)
			if err != nil || (path != "" && path != `""`) || statement != "30s" || lock != "5s" || idle != "30s" || user != role || len(found.Notes) != 0 {
				t.Errorf("%s, %s: %q %s %s %s %s %v (%v)", mode, role, path, statement, lock, idle, user, found.Notes, err)
			}
		}
	}
}

// values is one of each kind that the store sends and reads.
type values struct {
	Vector  pgvector.Vector
	Number  pgtype.Numeric
	Fields  map[string]any
	Words   []string
	Bytes   []byte
	ID      uuid
	At      time.Time
	Share   float64
	Whole   int64
	Nothing *string
}

type uuid = [16]byte

func sample() values {
	v := values{Number: pgtype.Numeric{Int: big.NewInt(123456789), Exp: -4, Valid: true}, Fields: map[string]any{"a": "ä", "n": 1.5, "l": []any{"x"}},
		Words: []string{"deductible", `a "quoted", word`, ""}, Bytes: []byte{0, 1, 255}, ID: uuid{1, 2, 3}, At: time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC),
		Share: 0.1, Whole: 1 << 40}
	long := make([]float32, core.Dimensions)
	for i := range long {
		long[i] = float32(i) / 7
	}
	v.Vector = pgvector.NewVector(long)
	return v
}

// The statement mode of a pooled connection sends and reads every type as the
// server's own does: a vector of all dimensions, numbers without rounding, JSON
// from a map.
func TestP010_L024_EveryTypeComesBackInEachMode(t *testing.T) {
	t.Parallel()
	for mode, address := range addresses(t, "inav_app") {
		pool, err := postgres.Open(t.Context(), postgres.Options{URL: address, Role: "inav_app", Name: "test", MaxConns: 4, Expect: mode})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		want := sample()
		for range 3 { // described, then from the cache
			var got values
			err = pool.QueryRow(t.Context(), `select $1::extensions.vector, $2::numeric, $3::jsonb, $4::text[], $5::bytea, $6::uuid, $7::timestamptz,
				$8::float8, $9::int8, $10::text`, want.Vector, want.Number, want.Fields, want.Words, want.Bytes, want.ID, want.At, want.Share, want.Whole, want.Nothing).
				Scan(&got.Vector, &got.Number, &got.Fields, &got.Words, &got.Bytes, &got.ID, &got.At, &got.Share, &got.Whole, &got.Nothing)
			if err != nil {
				t.Fatalf("%s: %v", mode, err)
			}
			got.At = got.At.UTC()
			compare := cmp.Options{cmp.Comparer(func(a, b pgvector.Vector) bool { return slices.Equal(a.Slice(), b.Slice()) }),
				cmp.Comparer(func(a, b pgtype.Numeric) bool { return a.Exp == b.Exp && a.Int.Cmp(b.Int) == 0 })}
			if diff := cmp.Diff(want, got, compare); diff != "" {
				t.Errorf("%s: %s", mode, diff)
			}
		}
	}
}

// Fifty clients that each keep a connection to the pooler share two to the
// server, with many statements and transactions that set what is theirs.
func TestP010_FiftyClientsShareTwoConnections(t *testing.T) {
	t.Parallel()
	const clients, turns = 50, 40
	house := dbtest.New(t, db.Schemas{})
	bouncer := house.Bouncer("transaction", "inav_app")
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: bouncer.URL("inav_app"), Role: "inav_app", Name: "test", MaxConns: clients})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var held []*pgxpool.Conn
	for range clients {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	var group sync.WaitGroup
	var failed atomic.Int64
	for i, conn := range held {
		group.Go(func() {
			for n := range turns {
				if err := turn(t.Context(), conn, i, n); err != nil && failed.Add(1) == 1 {
					t.Errorf("client %d, turn %d: %v", i, n, err)
				}
			}
		})
	}
	group.Wait()
	connected, servers := bouncer.Connected()
	t.Logf("%d clients over %d connections: %d of %d turns failed", connected, servers, failed.Load(), clients*turns)
	if connected < clients || servers > dbtest.ServerConns {
		t.Errorf("%d clients had %d connections", connected, servers)
	}
	for _, conn := range held {
		conn.Release()
	}
}

// turn is one statement of several, and a transaction whose claims are seen in
// it alone.
func turn(ctx context.Context, conn *pgxpool.Conn, client, n int) error {
	statements := []string{`select $1::int + 1`, `select $1::int + 2`, `select $1::int + 3`, `select $1::int + 4`, `select $1::int + 5`}
	which := (client + n) % len(statements)
	var got int
	if err := conn.QueryRow(ctx, statements[which], n).Scan(&got); err != nil || got != n+which+1 {
		return errors.Join(err, fmt.Errorf("%d", got))
	}
	mine := fmt.Sprintf(`{"client":%d}`, client)
	var seen, after string
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('request.jwt.claims', $1, true)`, mine); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select current_setting('request.jwt.claims')`).Scan(&seen)
	})
	if err != nil || seen != mine {
		return errors.Join(err, fmt.Errorf("saw %q", seen))
	}
	if err := conn.QueryRow(ctx, `select coalesce(current_setting('request.jwt.claims', true), '')`).Scan(&after); err != nil || after != "" {
		return errors.Join(err, fmt.Errorf("left %q", after))
	}
	return nil
}
