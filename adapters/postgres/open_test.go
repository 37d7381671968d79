package postgres_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// greeting is what a client sends first: a wish for TLS, or its parameters.
type greeting struct {
	tls    bool
	params map[string]string
}

// greeted listens as a server without TLS that hangs up once it was told who
// comes, and returns all that it was told.
func greeted(t *testing.T, network string) (address string, heard func() []greeting) {
	t.Helper()
	host := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network]
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), network, host)
	if err != nil {
		t.Skipf("this machine has no %s: %v", network, err)
	}
	all := make(chan []greeting, 1)
	go func() {
		var list []greeting
		for {
			conn, err := listener.Accept()
			if err != nil {
				all <- list
				return
			}
			list = append(list, greet(conn)...)
		}
	}()
	return listener.Addr().String(), func() []greeting { _ = listener.Close(); return <-all }
}

func greet(conn net.Conn) (list []greeting) {
	defer conn.Close() //nolint:errcheck // the client goes first or is cut off
	for {
		var head [8]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return list
		}
		if binary.BigEndian.Uint32(head[4:]) == 80877103 { // SSLRequest
			list = append(list, greeting{tls: true})
			if _, err := conn.Write([]byte("N")); err != nil {
				return list
			}
			continue
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:4])-8)
		if _, err := io.ReadFull(conn, body); err != nil || binary.BigEndian.Uint16(head[4:]) != 3 {
			return list // a cancellation is no greeting
		}
		words := strings.Split(strings.TrimRight(string(body), "\x00"), "\x00")
		params := map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			params[words[i]] = words[i+1]
		}
		return append(list, greeting{params: params})
	}
}

func TestFM043b_TheAddressIsReadByTheDriver(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp4", "tcp6"} {
		address, heard := greeted(t, network)
		opened := fmt.Sprintf("postgres://inav%%5Fapp.ref%%40x:p%%40ss%%2F%%3A6543@%s/da%%20ta?sslmode=disable&application_name=theirs", address)
		if _, err := postgres.Open(t.Context(), postgres.Options{URL: opened, Name: "ours", Role: "inav_worker"}); err == nil {
			t.Fatal("a server that hangs up was opened")
		} else if strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "p%40ss") || strings.Contains(err.Error(), "inav_app") {
			t.Errorf("the error tells the login: %v", err)
		}
		greetings := heard()
		if len(greetings) == 0 {
			t.Errorf("%s: nobody came to %s", network, address)
		}
		for _, got := range greetings {
			// Nothing else: a pooler refuses what it does not know.
			want := map[string]string{"user": "inav_app.ref@x", "database": "da ta", "application_name": "ours"}
			if diff := cmp.Diff(want, got.params); diff != "" {
				t.Errorf("%s: %s", network, diff)
			}
		}
	}
}

func TestFM043b_TheTLSModeIsWhatTheAddressSays(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{"disable": "plain", "require": "tls", "verify-ca": "tls", "verify-full": "tls", "prefer": "tls plain", "": "tls plain"} {
		address, heard := greeted(t, "tcp4")
		_, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://u:canary@" + address + "/d?sslmode=" + mode})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("sslmode=%s: %v", mode, err)
		}
		var ways []string
		for _, g := range heard() {
			way := map[bool]string{true: "tls", false: "plain"}[g.tls]
			if len(ways) == 0 || ways[len(ways)-1] != way {
				ways = append(ways, way)
			}
		}
		if diff := cmp.Diff(want, strings.Join(dedup(ways), " ")); diff != "" {
			t.Errorf("sslmode=%q:\n%s", mode, diff)
		}
	}
}

// dedup keeps the first of each word.
func dedup(words []string) (kept []string) {
	seen := map[string]bool{}
	for _, w := range words {
		if !seen[w] {
			seen[w], kept = true, append(kept, w)
		}
	}
	return kept
}

func TestFM043b_AnAddressThatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"postgres://u:canary@h:port/d", "postgres://u:canary@[::1/d", "mysql://u:canary@h/d", "postgres://u:can%zzary@h/d",
		"postgres://u:canary@h/d?sslmode=canary", "canary"} {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: address})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A real server takes escaped names, and refuses without telling the password.
func TestFM020_ALoginThatFailsTellsTheServerOnly(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	good, err := url.Parse(house.URL("inav_app"))
	if err != nil {
		t.Fatal(err)
	}
	escaped := strings.Replace(good.String(), "inav_app", "%69nav%5Fapp", 1)
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: escaped, Role: "inav_app", MaxConns: 1})
	if err != nil {
		t.Fatalf("an escaped login: %v", err)
	}
	pool.Close()
	bad := *good
	bad.User = url.UserPassword("nobody_canary", "canary-word")
	bad.Path = "/no_such_database" // refused even by a server that trusts every login
	_, err = postgres.Open(t.Context(), postgres.Options{URL: bad.String()})
	if err == nil {
		t.Fatal("a login to no database was let in")
	}
	if strings.Contains(err.Error(), "canary-word") || !strings.Contains(err.Error(), good.Host) {
		t.Errorf("the error is %v, want the server and no password", err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.Open(ctx, postgres.Options{URL: "postgres://u:p@127.0.0.1:1/d"}); !errors.Is(err, context.Canceled) {
		t.Errorf("opened after the end: %v", err)
	}
}
