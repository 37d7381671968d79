package supabase_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

const ourReturn = "https://app.example.org/auth/callback"

// clock is the fake's and the adapter's.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time        { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) later(d time.Duration) { c.ahead.Add(int64(d)) }

func TestAccountsConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]supabasetest.AuthOptions{
		"refresh tokens of version 1": {RefreshTokens: 1}, "refresh tokens of version 2": {RefreshTokens: 2}, "a shared secret": {SharedSecret: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			portstest.Accounts(t, func(t *testing.T) portstest.People { return people(t, o, nil) })
		})
	}
}

// people is a project with the adapter to it; client may be nil.
func people(t *testing.T, o supabasetest.AuthOptions, client *http.Client) portstest.People {
	t.Helper()
	c := &clock{}
	o.Redirects = []string{ourReturn}
	fake, address := project(t, supabasetest.Options{Now: c.now, Auth: o})
	ended := &endedSessions{now: c.now}
	a, err := supabase.NewAccounts(supabase.AccountsConfig{
		URL: address, AnonKey: supabasetest.DefaultPublishableKey, ServiceKey: supabasetest.DefaultSecretKey,
		Sites: []string{"github"}, Now: c.now, HTTPClient: client, Ended: ended,
	})
	if err != nil {
		t.Fatal(err)
	}
	return portstest.People{
		Accounts: a, Later: c.later, Principal: portstest.SpokenFor, Site: "github", Return: returning, Visit: codeAt,
		Unlisted: true, Alive: func(p ports.Principal) (bool, error) { return ended.Alive(t.Context(), p) },
		Follow: func(t *testing.T, email string) string {
			t.Helper()
			link, ok := fake.Link(email)
			if !ok {
				t.Fatalf("no mail to %s", email)
			}
			return codeAt(t, address+link)
		},
	}
}

// endedSessions is what the adapter told, as the database keeps it.
type endedSessions struct {
	now  func() time.Time
	mu   sync.Mutex
	rows []endedRow
}

type endedRow struct {
	user          core.ID
	session, keep string
	at            time.Time
}

func (e *endedSessions) add(r endedRow) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.at = e.now()
	e.rows = append(e.rows, r)
	return nil
}

func (e *endedSessions) End(_ context.Context, user core.ID, session string) error {
	return e.add(endedRow{user: user, session: session})
}

func (e *endedSessions) EndOthers(_ context.Context, user core.ID, keep string) error {
	return e.add(endedRow{user: user, keep: keep})
}

func (e *endedSessions) Alive(_ context.Context, p ports.Principal) (bool, error) {
	var token struct {
		IssuedAt int64 `json:"iat"`
	}
	if err := json.Unmarshal(p.Claims, &token); err != nil {
		return false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.rows {
		if r.user == p.User && (r.session == p.Session || (r.session == "" && r.keep != p.Session && r.at.Unix() >= token.IssuedAt)) {
			return false, nil
		}
	}
	return true, nil
}

func returning(verifier string) ports.Return { return portstest.Returning(ourReturn, verifier) }

// codeAt is the code that a browser brings to our own page.
func codeAt(t *testing.T, address string) string {
	t.Helper()
	code, err := supabasetest.CodeAt(t.Context(), address, ourReturn)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
