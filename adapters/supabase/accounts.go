package supabase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// AccountsConfig is what the accounts need to know.
type AccountsConfig struct {
	URL        string // the project's address: SUPABASE_URL
	AnonKey    string // sb_publishable_... or the legacy anon key
	ServiceKey string // optional; only an sb_secret_ key may tell the service whom a call is for
	// ClientAddress finds in a request's context whom it is made for; the zero
	// Addr says unknown. Without it, or without an sb_secret_ key, all people
	// share our own address's rate limit at the service.
	ClientAddress func(context.Context) netip.Addr
	Sites         []string // that the project signs people in through: google, github, ...
	// Ended is told of every session that ends, for the service's own access
	// tokens live on until they expire. Nil: nobody is told.
	Ended      ports.EndedSessions
	Now        func() time.Time
	HTTPClient *http.Client // nil for one with sound limits; redirects are never followed
}

// Accounts signs people up and in at Supabase Auth. It is safe for concurrent use.
type Accounts struct {
	client  *client
	public  apiKey // of calls that carry a person's own token
	trusted apiKey // of calls made before there is one
	service apiKey // deletes accounts; zero where there is none
	ended   ports.EndedSessions
	address func(context.Context) netip.Addr
	sites   []string
	now     func() time.Time
	trades  singleflight.Group // of refresh tokens
}

var _ ports.Accounts = (*Accounts)(nil)

// NewAccounts checks the configuration without calling anything. Its errors
// name the variable at fault.
func NewAccounts(c AccountsConfig) (*Accounts, error) {
	made, urlErr := newClient(c.URL, c.HTTPClient)
	public, keyErr := parseAnonKey(c.AnonKey)
	trusted := public
	var serviceErr error
	var service apiKey
	if c.ServiceKey != "" {
		if service, serviceErr = parseServiceKey(c.ServiceKey); service.secret() {
			trusted = service
		}
	}
	if err := errors.Join(urlErr, keyErr, serviceErr); err != nil {
		return nil, err
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	ended := c.Ended
	if ended == nil {
		ended = nobodyTold{}
	}
	return &Accounts{client: made, public: public, trusted: trusted, service: service, ended: ended, address: c.ClientAddress, sites: slices.Clone(c.Sites), now: now}, nil
}

// SignUp implements ports.Accounts. Where addresses have to be confirmed, the
// answer is the same for an address that is new, has an account, or was mailed
// a moment ago: it holds what was sent and no id. The service invents an
// account for the second, which is never kept.
func (a *Accounts) SignUp(ctx context.Context, s ports.SignUp) (ports.Session, error) {
	in := challenged(s.Return, map[string]any{
		"email": s.Email, "password": s.Password,
		"data": map[string]string{"full_name": s.Name, "consent_version": s.ConsentVersion, "consent_timestamp": s.ConsentTimestamp},
	})
	var out sessionBody
	err := a.own(ctx, "signup", leadBack(s.Return.Redirect), in, &out)
	if err != nil && !mailed(err) {
		return ports.Session{}, err
	}
	if out.AccessToken == "" {
		return ports.Session{Account: ports.Account{Email: s.Email, Name: s.Name}}, nil
	}
	return out.session()
}

// SignIn implements ports.Accounts. CodeEmailUnconfirmed says that the password
// was right and the address is not confirmed.
func (a *Accounts) SignIn(ctx context.Context, email, password string) (ports.Session, error) {
	return a.token(ctx, "password", map[string]string{"email": email, "password": password})
}

// SignOut implements ports.Accounts: it ends this session and no other of the
// account. A session that has ended already is no error.
func (a *Accounts) SignOut(ctx context.Context, p ports.Principal, accessToken string) error {
	if err := a.ended.End(ctx, p.User, p.Session); err != nil {
		return err
	}
	return a.endAtService(ctx, "local", accessToken)
}

// endAtService ends the token's own session, or all of the account but that.
func (a *Accounts) endAtService(ctx context.Context, scope, accessToken string) error {
	r := request{method: http.MethodPost, path: authPath + "logout", query: url.Values{"scope": {scope}}}
	err := a.asUser(ctx, "logout", 1, r, accessToken, nil)
	var f *refusal
	if errors.As(err, &f) && f.code == "session_not_found" {
		return nil
	}
	return err
}

// Account implements ports.Accounts. It asks the service, which also knows
// whether the session was ended: CodeUnauthenticated then.
func (a *Accounts) Account(ctx context.Context, p ports.Principal, accessToken string) (ports.Account, error) {
	var out userBody
	r := request{method: http.MethodGet, path: authPath + "user"}
	if err := a.asUser(ctx, "user", maxTries, r, accessToken, &out); err != nil {
		return ports.Account{}, err
	}
	account, err := out.account()
	if err == nil && account.ID != p.User {
		return ports.Account{}, core.Fail(core.CodeUnauthenticated, errors.New("the token speaks for another account"))
	}
	return account, err
}

// Healthy implements ports.Accounts.
func (a *Accounts) Healthy(ctx context.Context) error {
	var out struct {
		Name string `json:"name"`
	}
	r := request{method: http.MethodGet, path: authPath + "health", header: http.Header{}}
	a.public.apply(r.header)
	return a.ask(ctx, "health", 1, r, &out)
}

func (a *Accounts) token(ctx context.Context, grant string, in any) (ports.Session, error) {
	var out sessionBody
	if err := a.own(ctx, "token", url.Values{"grant_type": {grant}}, in, &out); err != nil {
		return ports.Session{}, err
	}
	return out.session()
}

// own makes a call before there is a token, and tells whom it is for where the
// service believes us.
func (a *Accounts) own(ctx context.Context, route string, query url.Values, in, out any) error {
	r := request{method: http.MethodPost, path: authPath + route, query: query, in: in, header: http.Header{}}
	a.trusted.apply(r.header)
	if a.address != nil && a.trusted.secret() {
		if address := a.address(ctx); address.IsValid() {
			r.header.Set("Sb-Forwarded-For", address.Unmap().WithZone("").String())
		}
	}
	return a.ask(ctx, route, 1, r, out)
}

// asUser makes a call in a person's name.
func (a *Accounts) asUser(ctx context.Context, step string, tries int, r request, token string, out any) error {
	if token == "" {
		return core.Fail(core.CodeUnauthenticated, nil)
	}
	r.header = http.Header{}
	r.header.Set("Apikey", a.public.value)
	r.header.Set("Authorization", "Bearer "+token)
	return a.ask(ctx, step, tries, r, out)
}

// authPath is where the gateway keeps the service.
const authPath = "/auth/v1/"

// apiVersion makes error codes strings.
const apiVersion = "2024-01-01"

func (a *Accounts) ask(ctx context.Context, step string, tries int, r request, out any) error {
	r.header.Set("X-Supabase-Api-Version", apiVersion)
	for n := 0; ; n++ {
		err := a.try(ctx, step, r, out)
		var f *refusal
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("accounts: %w", context.Cause(ctx))
		case errors.As(err, &f) && (n+1 >= tries || !f.again()):
			return f.coreError()
		}
		if err := pause(ctx, n); err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
	}
}

// try makes one try; its error is a *refusal.
func (a *Accounts) try(ctx context.Context, step string, r request, out any) error {
	got, err := a.client.send(ctx, r)
	switch {
	case err != nil:
		return &refusal{step: step, cause: err}
	case got.status < 200 || got.status > 299:
		return refused(step, got)
	case out == nil:
		return nil
	case !isJSON(got.body) || json.Unmarshal(got.body, out) != nil:
		return &refusal{step: step, http: got.status}
	}
	return nil
}
