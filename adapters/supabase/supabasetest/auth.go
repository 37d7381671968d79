package supabasetest

import (
	"crypto/ecdsa"
	"maps"
	"path/filepath"
	"sync"
	"time"
)

// AuthOptions shapes the project's Auth; the zero value confirms addresses by
// itself, gives tokens for an hour, and rotates refresh tokens as version 1.
type AuthOptions struct {
	ConfirmEmail  bool          // addresses have to be confirmed: see Confirm and Link
	MinPassword   int           // characters; 8 when 0
	AccessLife    time.Duration // of access tokens; an hour when 0
	RefreshTokens int           // version of their algorithm: 1 (when 0) or 2
	ReuseInterval time.Duration // in which an old refresh token still works; 10 s when 0
	Burst         int           // requests at once from one address; 30 when 0
	Issuer        string        // of tokens; http://<host>/auth/v1 when empty
	SharedSecret  bool          // signs with JWTSecret (HS256), as older projects do, and publishes no key
	Sites         []string      // that people sign in through; github when nil
	SiteURL       string        // where links lead that may not lead elsewhere
	Redirects     []string      // where links may lead; nil allows every address
}

// defaultSite is a project's address that nobody has set.
const defaultSite = "http://127.0.0.1:3000"

// The operations of Auth.
const (
	OpSignUp   Op = "signup"
	OpToken    Op = "token"
	OpUser     Op = "user"
	OpLogout   Op = "logout"
	OpRecover  Op = "recover"
	OpResend   Op = "resend"
	OpAdmin    Op = "admin"
	OpSettings Op = "settings"
	OpHealth   Op = "auth_health"
	OpOpen     Op = "open" // needs no key: the signing keys, links, other sites
	mailEvery     = time.Minute
)

// user is an account as it is kept.
type user struct {
	ID          string         `json:"id"`
	Email       string         `json:"email"`
	Hash        []byte         `json:"hash"`
	Metadata    map[string]any `json:"metadata"`
	App         map[string]any `json:"app"`  // beside provider and providers
	Site        string         `json:"site"` // empty for a password
	Confirmed   time.Time      `json:"confirmed"`
	MailedAt    time.Time      `json:"mailed_at"`
	RecoveredAt time.Time      `json:"recovered_at"` // a recovery mail was sent
	SignedIn    time.Time      `json:"signed_in"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	BannedUntil time.Time      `json:"banned_until"`
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

	mu     sync.Mutex
	state  authState
	limits map[string]*allowance
	key    *ecdsa.PrivateKey // signs
	others []signingKey      // published beside it: the next one, and former ones
	mails  map[string]mail   // the last one to each address
	flows  map[string]flow   // by state, then by code
}

func openAuth(o Options) (*auth, error) {
	a := &auth{
		opts: o.Auth.filled(), limits: map[string]*allowance{}, mails: map[string]mail{}, flows: map[string]flow{},
		state: authState{Users: map[string]user{}, Sessions: map[string]session{}},
	}
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
	if o.Sites == nil {
		o.Sites = []string{"github"}
	}
	if o.SiteURL == "" {
		o.SiteURL = defaultSite
	}
	return o
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
