package localauth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	secretBytes = 32
	// grace is how long a token may be traded again once it was used, because
	// the answer was lost or two tabs asked at once.
	grace = 10 * time.Second
)

// opened is a session with a refresh token nobody has seen yet.
type opened struct {
	id      core.ID
	began   time.Time // when the person was proved
	method  method
	refresh string
	account ports.Account
}

// newSecret is 32 random bytes as base64url.
func newSecret() string { return encodeSecret(random()) }

func random() []byte {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return b
}

func encodeSecret(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// tokenHash is what the database knows of a refresh token. A plain hash
// suffices for 256 random bits. ok is false for what we never issued.
func tokenHash(token string) (hash []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != secretBytes || len(token) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return nil, false
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], true
}

// child derives the token that follows parent. The salt is fresh and random,
// so the child is as good as random to anyone without both; and a second trade
// of the parent within the grace yields the same child, not a second branch.
func child(parent string, salt []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(parent))
	return encodeSecret(mac.Sum(nil))
}

// open starts a session for an account whose person was just proved.
func (a *Accounts) open(ctx context.Context, tx pgx.Tx, account core.ID, by method) (opened, error) {
	o := opened{id: core.NewID(), refresh: newSecret(), method: by}
	var err error
	if o.account, err = noteSignIn(ctx, tx, account); err != nil {
		return opened{}, err
	}
	if o.began, err = insertSession(ctx, tx, o, account); err != nil {
		return opened{}, err
	}
	return o, a.insertToken(ctx, tx, o.id, o.refresh, nil)
}

func (a *Accounts) insertToken(ctx context.Context, tx pgx.Tx, session core.ID, token string, parent []byte) error {
	hash, _ := tokenHash(token) // of our own making
	_, err := tx.Exec(ctx, `
		insert into local_auth.refresh_tokens (token_hash, session_id, parent_hash, expires_at)
		values ($1, $2, $3, clock_timestamp() + $4::interval)`,
		hash, [16]byte(session), parent, a.config.RefreshTTL)
	return err
}

// Refresh trades a refresh token. All who trade one token at once get the same
// child, so that a session never has two live tokens.
func (a *Accounts) Refresh(ctx context.Context, refreshToken string) (ports.Session, error) {
	hash, ok := tokenHash(refreshToken)
	if !ok {
		return ports.Session{}, core.Fail(core.CodeUnauthenticated, errors.New("not a refresh token"))
	}
	var o opened
	var reused bool
	err := a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
		o, err = a.trade(ctx, tx, refreshToken, hash)
		if reused = core.HasCode(err, core.CodeTokenReused); reused {
			return nil // the end of the session is to be kept
		}
		return err
	})
	switch {
	case err != nil:
		return ports.Session{}, fault(ctx, err)
	case reused:
		return ports.Session{}, core.Fail(core.CodeTokenReused, nil)
	}
	return a.session(o)
}

// trade moves the session's chain on by one, under the session's lock.
func (a *Accounts) trade(ctx context.Context, tx pgx.Tx, token string, hash []byte) (opened, error) {
	o, err := lockSession(ctx, tx, hash)
	if err != nil {
		return opened{}, unknown(err)
	}
	link, err := readLink(ctx, tx, hash)
	if err != nil {
		return opened{}, unknown(err)
	}
	switch {
	case link.expired:
		return opened{}, core.Fail(core.CodeUnauthenticated, errors.New("refresh token expired"))
	case !link.used:
		o.refresh, err = a.extend(ctx, tx, o.id, token, hash)
	case link.again:
		o.refresh = child(token, link.salt)
	default:
		err = deleteSession(ctx, tx, o.id, o.account.ID)
		if err == nil {
			err = core.Fail(core.CodeTokenReused, nil)
		}
	}
	return o, err
}

func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return core.Fail(core.CodeUnauthenticated, errors.New("unknown refresh token"))
	}
	return err
}

// lockSession finds the token's session and holds it until the transaction
// ends. Everything that changes a session's tokens takes this lock first.
func lockSession(ctx context.Context, tx pgx.Tx, hash []byte) (o opened, err error) {
	var account core.ID
	err = tx.QueryRow(ctx, `
		select id, account_id, created_at, method from local_auth.sessions
		where id = (select session_id from local_auth.refresh_tokens where token_hash = $1)
		for update`, hash).Scan((*[16]byte)(&o.id), (*[16]byte)(&account), &o.began, &o.method)
	if err != nil {
		return opened{}, err
	}
	o.account, err = readAccount(ctx, tx, account)
	return o, err
}

// link is a token's place in its session's chain.
type link struct {
	used    bool
	expired bool
	again   bool // used a moment ago, and still with a salt: its child is the live token
	salt    []byte
}

// readLink is a statement of its own: begun after the lock was got, it sees
// what the lock's last holder wrote.
func readLink(ctx context.Context, tx pgx.Tx, hash []byte) (l link, err error) {
	err = tx.QueryRow(ctx, `
		select t.used_at is not null,
			t.expires_at <= clock_timestamp(),
			t.child_salt is not null and t.used_at > clock_timestamp() - $2::interval,
			t.child_salt
		from local_auth.refresh_tokens t where t.token_hash = $1
		for update of t`, hash, grace).Scan(&l.used, &l.expired, &l.again, &l.salt)
	return l, err
}

// extend uses the live token and makes its child the live one. The salt of the
// token before is wiped: a thief of old tokens and of the database together
// must not be able to follow the chain.
func (a *Accounts) extend(ctx context.Context, tx pgx.Tx, session core.ID, token string, hash []byte) (string, error) {
	salt := random()
	next := child(token, salt)
	if _, err := tx.Exec(ctx, `
		update local_auth.refresh_tokens set child_salt = null
		where session_id = $1 and child_salt is not null`, [16]byte(session)); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `
		update local_auth.refresh_tokens set used_at = clock_timestamp(), child_salt = $2
		where token_hash = $1`, hash, salt); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `
		update local_auth.sessions set refreshed_at = clock_timestamp() where id = $1`, [16]byte(session)); err != nil {
		return "", err
	}
	return next, a.insertToken(ctx, tx, session, next, hash)
}
