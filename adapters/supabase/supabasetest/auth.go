package supabasetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// AuthOptions shapes the project's Auth; the zero value confirms addresses by
// itself and gives tokens for an hour.
type AuthOptions struct {
	ConfirmEmail  bool          // addresses have to be confirmed: see Confirm
	MinPassword   int           // characters; 8 when 0
	AccessLife    time.Duration // of access tokens; an hour when 0
	ReuseInterval time.Duration // in which an old refresh token still works; 10 s when 0
	Burst         int           // requests at once from one address; 30 when 0
	Issuer        string        // of tokens; http://<host>/auth/v1 when empty
}

// The operations of Auth.
const (
	OpSignUp  Op = "signup"
	OpToken   Op = "token"
	OpUser    Op = "user"
	OpLogout  Op = "logout"
	OpHealth  Op = "auth_health"
	OpOpen    Op = "open" // needs no key: the signing keys
	mailEvery    = time.Minute
)

// user is an account as it is kept.
type user struct {
	ID          string         `json:"id"`
	Email       string         `json:"email"`
	Hash        []byte         `json:"hash"`
	Metadata    map[string]any `json:"metadata"`
	Confirmed   time.Time      `json:"confirmed"`
	MailedAt    time.Time      `json:"mailed_at"`
	SignedIn    time.Time      `json:"signed_in"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	BannedUntil time.Time      `json:"banned_until"`
}

// session is one sign-in: its refresh tokens, the newest last.
type session struct {
	ID     string    `json:"id"`
	User   string    `json:"user"`
	Tokens []string  `json:"tokens"`
	TurnAt time.Time `json:"turn_at"` // when the newest token was made
}

// authState is what outlives a restart.
type authState struct {
	Key      []byte             `json:"key"` // PKCS #8; belongs to a fake
	KeyID    string             `json:"kid"`
	Users    map[string]user    `json:"users"`    // by e-mail address
	Sessions map[string]session `json:"sessions"` // by id
}

type auth struct {
	opts AuthOptions
	file string
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	state  authState
	limits map[string]*allowance
}

func openAuth(o Options) (*auth, error) {
	a := &auth{opts: o.Auth.filled(), limits: map[string]*allowance{}, state: authState{Users: map[string]user{}, Sessions: map[string]session{}}}
	if o.Dir != "" {
		a.file = filepath.Join(o.Dir, "auth.json")
		if err := readJSON(a.file, &a.state); err != nil {
			return nil, err
		}
	}
	return a, a.openKey()
}

func (o AuthOptions) filled() AuthOptions {
	if o.MinPassword == 0 {
		o.MinPassword = 8
	}
	if o.AccessLife == 0 {
		o.AccessLife = time.Hour
	}
	if o.ReuseInterval == 0 {
		o.ReuseInterval = 10 * time.Second
	}
	if o.Burst == 0 {
		o.Burst = 30
	}
	return o
}

// openKey takes the kept signing key, or makes one.
func (a *auth) openKey() error {
	if len(a.state.Key) > 0 {
		parsed, err := x509.ParsePKCS8PrivateKey(a.state.Key)
		if err != nil {
			return err
		}
		a.key, _ = parsed.(*ecdsa.PrivateKey)
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	a.key, a.state.KeyID = key, core.NewID().String()
	if a.state.Key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return err
	}
	return a.keep()
}

// keep writes the state; the caller holds the lock.
func (a *auth) keep() error {
	if a.file == "" {
		return nil
	}
	return writeJSON(a.file, a.state)
}

// Confirm does what following the link in the mail does; ok is false when the
// address has no account.
func (s *Server) Confirm(email string) (ok bool) {
	return s.auth.edit(email, func(u *user) { u.Confirmed = s.opts.Now() })
}

// Ban keeps an account out until the time.
func (s *Server) Ban(email string, until time.Time) (ok bool) {
	return s.auth.edit(email, func(u *user) { u.BannedUntil = until })
}

func (a *auth) edit(email string, change func(*user)) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	u, ok := a.state.Users[email]
	if !ok {
		return false
	}
	change(&u)
	a.state.Users[email] = u
	return a.keep() == nil
}

// Sessions is how many sign-ins are alive.
func (s *Server) Sessions() int {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	return len(s.auth.state.Sessions)
}

// userByID looks an account up; the caller holds the lock.
func (a *auth) userByID(id string) (user, bool) {
	for u := range maps.Values(a.state.Users) {
		if u.ID == id {
			return u, true
		}
	}
	return user{}, false
}

// allowance is one address's token bucket.
type allowance struct {
	left float64
	at   time.Time
}

// allow takes one request from an address's burst, refilled at perSecond.
func (a *auth) allow(key string, perSecond float64, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.limits[key]
	if !ok {
		l = &allowance{left: float64(a.opts.Burst), at: now}
		a.limits[key] = l
	}
	l.left = min(float64(a.opts.Burst), l.left+now.Sub(l.at).Seconds()*perSecond)
	l.at = now
	if l.left < 1 {
		return false
	}
	l.left--
	return true
}
