// Package localauth keeps accounts on PostgreSQL alone: for development, tests
// and self-hosting. Passwords are argon2id hashes, access tokens are short
// ES256 JWTs of the same claims a hosted provider issues, and refresh tokens
// are used once: each trade makes a child, and a replay ends the session.
//
// Its tables live in the schema local_auth and belong to no other adapter. No
// password, token or address is ever part of an error.
package localauth

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// What a zero Config field stands for.
const (
	DefaultAccessTTL   = 15 * time.Minute
	DefaultRefreshTTL  = 30 * 24 * time.Hour
	DefaultMinPassword = 12
)

// Config is the policy of the accounts.
type Config struct {
	// Issuer is the iss of every access token: our own public address. Required.
	Issuer string
	// AccessTTL is an access token's life, RefreshTTL that of a refresh token
	// nobody uses.
	AccessTTL, RefreshTTL time.Duration
	// MinPassword is in characters; the most is 72 bytes, always.
	MinPassword int
	// AutoConfirm calls every new address confirmed. Development only.
	AutoConfirm bool
	// Confirm lets nobody in before a mail's link was followed: sign-ups are
	// answered alike, whether the address has an account or not.
	Confirm bool
	// Client says what a session's client calls itself, for its owner to know it
	// by; nil leaves that empty.
	Client func(ctx context.Context) string
	// Sites are other sites that people may sign in through, by the name that
	// clients call each; Callback is our own address that all of them lead back to.
	Sites    map[string]ports.Site
	Callback string
	// Now is the clock of access tokens; nil is time.Now. The age of refresh
	// tokens is measured by the database's clock, one for all replicas.
	Now func() time.Time
}

func (c Config) filled() Config {
	if c.AccessTTL == 0 {
		c.AccessTTL = DefaultAccessTTL
	}
	if c.RefreshTTL == 0 {
		c.RefreshTTL = DefaultRefreshTTL
	}
	if c.MinPassword == 0 {
		c.MinPassword = DefaultMinPassword
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Client == nil {
		c.Client = func(context.Context) string { return "" }
	}
	return c
}

// Accounts is a ports.Accounts.
type Accounts struct {
	pool   Database
	keys   *Keys
	config Config
	hasher *hasher
	dummy  string // a hash no password fits, for addresses without account
}

var _ ports.Accounts = (*Accounts)(nil)

// New needs a database that is logged in to as inav_app, and the keys to sign
// with. It hashes once, and does not touch the database.
func New(pool Database, keys *Keys, c Config) (*Accounts, error) {
	c = c.filled()
	switch {
	case pool == nil || keys == nil:
		return nil, errors.New("localauth: a pool and keys are required")
	case c.Issuer == "":
		return nil, errors.New("localauth: an issuer is required")
	case c.AccessTTL < 0 || c.RefreshTTL < c.AccessTTL:
		return nil, errors.New("localauth: a refresh token has to outlive the access token")
	case c.MinPassword < 8 || c.MinPassword > maxPasswordBytes:
		return nil, errors.New("localauth: the least password length has to be 8 to 72")
	}
	h := newHasher()
	dummy, err := h.hash(context.Background(), newSecret())
	if err != nil {
		return nil, err
	}
	return &Accounts{pool: pool, keys: keys, config: c, hasher: h, dummy: dummy}, nil
}

// SignUp makes the account and signs it in, or mails the link that does. It
// hashes before it asks whether the address is taken, so that both answers take
// as long.
func (a *Accounts) SignUp(ctx context.Context, s ports.SignUp) (ports.Session, error) {
	s, err := a.checkSignUp(s)
	if err != nil {
		return ports.Session{}, err
	}
	hash, err := a.hasher.hash(ctx, s.Password)
	if err != nil {
		return ports.Session{}, fault(ctx, err)
	}
	if a.config.Confirm {
		return ports.Session{Account: ports.Account{Email: s.Email, Name: s.Name}}, fault(ctx, a.reserve(ctx, s, hash))
	}
	var o opened
	err = a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		id, err := insertAccount(ctx, tx, s, hash, a.config.AutoConfirm)
		if err != nil {
			return err
		}
		o, err = a.open(ctx, tx, id, byPassword)
		return err
	})
	if err != nil {
		return ports.Session{}, fault(ctx, err)
	}
	return a.session(o)
}

// SignIn answers an unknown address as it answers a wrong password, after the
// same work.
func (a *Accounts) SignIn(ctx context.Context, email, password string) (ports.Session, error) {
	email, err := normalEmail(email)
	if err != nil {
		return ports.Session{}, core.Fail(core.CodeBadCredentials, nil)
	}
	password, err = normalPassword(password)
	if err != nil {
		return ports.Session{}, core.Fail(core.CodeBadCredentials, nil)
	}
	id, err := a.prove(ctx, email, password)
	if err != nil {
		return ports.Session{}, fault(ctx, err)
	}
	var o opened
	err = a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
		o, err = a.open(ctx, tx, id, byPassword)
		if err == nil && a.config.Confirm && !o.account.EmailConfirmed {
			err = core.Fail(core.CodeEmailUnconfirmed, nil) // and no session is made
		}
		return err
	})
	if err != nil {
		return ports.Session{}, fault(ctx, err)
	}
	return a.session(o)
}

// prove finds the account whose password it is, and renews a hash made with
// weaker parameters than today's.
func (a *Accounts) prove(ctx context.Context, email, password string) (core.ID, error) {
	id, hash, err := credentials(ctx, a.pool, email)
	known := !errors.Is(err, pgx.ErrNoRows)
	if err != nil && known {
		return core.ID{}, err
	}
	if !known {
		hash = a.dummy
	}
	ok, old, err := a.hasher.verify(ctx, password, hash)
	if err != nil {
		return core.ID{}, err
	}
	if !ok || !known {
		return core.ID{}, core.Fail(core.CodeBadCredentials, nil)
	}
	if !old {
		return id, nil
	}
	renewed, err := a.hasher.hash(ctx, password)
	if err != nil {
		return core.ID{}, err
	}
	return id, replaceHash(ctx, a.pool, id, hash, renewed)
}

// SignOut ends the session. One that is gone already is no error.
func (a *Accounts) SignOut(ctx context.Context, p ports.Principal, _ string) error {
	session, err := core.ParseID(p.Session)
	if err != nil {
		return core.Fail(core.CodeUnauthenticated, err)
	}
	_, err = deleteSession(ctx, a.pool, session, p.User)
	return fault(ctx, err)
}

// Account reads the principal's account. One that was deleted meanwhile is
// CodeUnauthenticated: its token outlived it.
func (a *Accounts) Account(ctx context.Context, p ports.Principal, _ string) (ports.Account, error) {
	account, err := readAccount(ctx, a.pool, p.User)
	if errors.Is(err, pgx.ErrNoRows) {
		return ports.Account{}, core.Fail(core.CodeUnauthenticated, err)
	}
	return account, fault(ctx, err)
}

// SessionAlive says whether the session still exists. A verifier that asks it
// makes a sign-out act at once, on every replica.
func (a *Accounts) SessionAlive(ctx context.Context, p ports.Principal) (bool, error) {
	id, err := core.ParseID(p.Session)
	if err != nil {
		return false, nil //nolint:nilerr // what is no id names no session
	}
	alive, err := sessionExists(ctx, a.pool, id, p.User)
	return alive, fault(ctx, err)
}

// Healthy makes one cheap query that needs the tables and the grants.
func (a *Accounts) Healthy(ctx context.Context) error {
	_, err := sessionExists(ctx, a.pool, core.ID{}, core.ID{})
	return fault(ctx, err)
}
