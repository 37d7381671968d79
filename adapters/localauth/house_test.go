package localauth_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/plans"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	issuer   = "https://navigator.example/auth/v1"
	email    = "ada@navigator.example"
	password = "seven quiet herons at dusk"
)

func TestMain(m *testing.M) { os.Exit(plans.Main(m, "localauth")) }

// house is one test's own database and accounts on it, as the services run
// them: logged in as inav_app, so that grants and policies are proved too.
type house struct {
	*localauth.Accounts
	t     *testing.T
	db    *dbtest.DB
	super *pgx.Conn
	pool  localauth.Plain
	keys  *localauth.Keys
}

func newHouse(t *testing.T, c localauth.Config) *house {
	t.Helper()
	own := dbtest.New(t, db.Schemas{})
	h := &house{t: t, db: own, super: own.SuperConn(), pool: localauth.Plain{Pool: newPool(t, own.URL("inav_app"))}, keys: newKeys(t)}
	if c.Issuer == "" {
		c.Issuer = issuer
	}
	var err error
	if h.Accounts, err = localauth.New(h.pool, h.keys, c); err != nil {
		t.Fatal(err)
	}
	return h
}

func newPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	plans.Watch(config)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func newKeys(t *testing.T, former ...string) *localauth.Keys {
	t.Helper()
	pem, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := localauth.ParseKeys(pem, former...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (h *house) signUp() ports.Session {
	h.t.Helper()
	session, err := h.SignUp(h.t.Context(), ports.SignUp{Email: email, Password: password, Name: "Ada"})
	if err != nil {
		h.t.Fatalf("sign up: %v", err)
	}
	return session
}

func (h *house) refresh(token string) ports.Session {
	h.t.Helper()
	session, err := h.Refresh(h.t.Context(), token)
	if err != nil {
		h.t.Fatalf("refresh: %v", err)
	}
	return session
}

// wantCode fails unless err is the code, as a *core.Error that says no more.
func wantCode(t *testing.T, err error, code core.Code) {
	t.Helper()
	if !core.HasCode(err, code) || err.Error() != string(code) {
		t.Fatalf("error %v, want exactly %s", err, code)
	}
}

// exec changes the database as the superuser, past all policies.
func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.super.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

func (h *house) count(sql string, args ...any) int {
	h.t.Helper()
	var n int
	if err := h.super.QueryRow(h.t.Context(), sql, args...).Scan(&n); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// claims reads an access token without proving it.
func claims(t *testing.T, token string) (header map[string]any, claims jwt.MapClaims) {
	t.Helper()
	claims = jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(token, claims)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header, claims
}

func principal(t *testing.T, s ports.Session) ports.Principal {
	t.Helper()
	_, c := claims(t, s.AccessToken)
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return ports.Principal{User: s.Account.ID, Session: c["session_id"].(string), Email: s.Account.Email, Claims: raw}
}
