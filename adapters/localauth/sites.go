package localauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	visitTime = 10 * time.Minute // for a person to sign in at the other site
	codeTime  = 5 * time.Minute  // for the client to trade the code
)

// visitOf is what follows from a state: so the table of visits holds no secret,
// and a nonce or a verifier belongs to one state by its making.
func (a *Accounts) visitOf(state string) ports.Visit {
	return ports.Visit{Callback: a.config.Callback, State: state, Nonce: derived(state, "nonce"), Verifier: derived(state, "verifier")}
}

func derived(state, what string) string {
	mac := hmac.New(sha256.New, []byte(state))
	mac.Write([]byte(what))
	return encodeSecret(mac.Sum(nil))
}

// Authorize begins a visit: what it needs to end is kept for ten minutes under
// a digest of the state. Visits and codes that nobody came back for go first.
func (a *Accounts) Authorize(ctx context.Context, name string, to ports.Return) (string, error) {
	if len(a.config.Sites) == 0 {
		return "", notOffered()
	}
	site, known := a.config.Sites[name]
	if !known || to.Redirect == "" || !challengeForm.MatchString(to.Challenge) {
		return "", core.Fail(core.CodeInvalid, nil)
	}
	state := newSecret()
	address, err := site.Begin(ctx, a.visitOf(state))
	if err != nil {
		return "", err
	}
	hash, _ := tokenHash(state) // of our own making
	err = a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		batch := &pgx.Batch{} // a batch is sent once; the work may run again
		batch.Queue(`delete from local_auth.site_flows where expires_at < now()`)
		batch.Queue(`delete from local_auth.site_codes where expires_at < now()`)
		batch.Queue(`insert into local_auth.site_flows (state_sha256, site, redirect_to, challenge, expires_at)
			values ($1, $2, $3, $4, now() + $5::interval)`, hash, name, to.Redirect, to.Challenge, visitTime)
		return tx.SendBatch(ctx, batch).Close()
	})
	return address, fault(ctx, err)
}

// Arrive ends a visit. Its state is good once; what the other site says is then
// asked for and proved before anything is written.
func (a *Accounts) Arrive(ctx context.Context, state, code, refused string) (string, error) {
	if len(a.config.Sites) == 0 {
		return "", notOffered()
	}
	name, to, err := a.takeFlow(ctx, state)
	if err != nil {
		return "", err
	}
	site, known := a.config.Sites[name]
	switch {
	case !known:
		return leadBack(to.Redirect, core.Fail(core.CodeNotOffered, nil))
	case refused != "" || code == "":
		return leadBack(to.Redirect, core.Fail(core.CodeDenied, nil))
	}
	who, err := site.Finish(ctx, code, a.visitOf(state))
	if err != nil {
		return leadBack(to.Redirect, err)
	}
	ours := newSecret()
	err = a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		account, err := vouched(ctx, tx, who, a.dummy)
		if err != nil {
			return err
		}
		hash, _ := tokenHash(ours) // of our own making
		_, err = tx.Exec(ctx, `insert into local_auth.site_codes (code_sha256, account_id, challenge, expires_at)
			values ($1, $2, $3, now() + $4::interval)`, hash, [16]byte(account), to.Challenge, codeTime)
		return err
	})
	if err != nil {
		return leadBack(to.Redirect, fault(ctx, err))
	}
	return withQuery(to.Redirect, url.Values{"code": {ours}})
}

// takeFlow finds the visit that the state names, and ends it for everybody else.
func (a *Accounts) takeFlow(ctx context.Context, state string) (site string, to ports.Return, err error) {
	hash, ok := tokenHash(state)
	if !ok {
		return "", to, core.Fail(core.CodeBadSignInCode, errors.New("not a state"))
	}
	err = a.pool.QueryRow(ctx, `delete from local_auth.site_flows where state_sha256 = $1 and expires_at > now()
		returning site, redirect_to, challenge`, hash).Scan(&site, &to.Redirect, &to.Challenge)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", to, core.Fail(core.CodeBadSignInCode, errors.New("nobody is awaited"))
	}
	return site, to, fault(ctx, err)
}

// leadBack is the way back to the client with an error, in OAuth's words and in
// ours. A request that was given up leads nowhere.
func leadBack(redirect string, err error) (string, error) {
	var ours *core.Error
	if !errors.As(err, &ours) {
		return "", err
	}
	word := "access_denied"
	if ours.Kind == core.Transient {
		word = "temporarily_unavailable"
	}
	return withQuery(redirect, url.Values{"error": {word}, "error_code": {string(ours.Code)}})
}

func withQuery(address string, more url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", core.Fail(core.CodeInternal, err) // it was one of the configured ones
	}
	query := u.Query()
	for name, values := range more {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// vouched finds or makes the account of a person. One who is known by the
// site's own subject is that account's, whatever the address is by now. Else the
// address decides, and only where both sides have proved it: the site that says
// so, and the account that has it. Otherwise whoever signs up first with
// somebody's address would be let into that person's account later, or they into
// his. nobody is a hash that no password fits.
func vouched(ctx context.Context, tx pgx.Tx, who ports.Identity, nobody string) (account core.ID, err error) {
	err = tx.QueryRow(ctx, `update local_auth.identities set last_used_at = now() where issuer = $1 and subject = $2 returning account_id`,
		who.Issuer, who.Subject).Scan((*[16]byte)(&account))
	if !errors.Is(err, pgx.ErrNoRows) {
		return account, err
	}
	email, err := normalEmail(who.Email)
	if err != nil || !who.EmailVerified {
		return core.ID{}, core.Fail(core.CodeEmailUnconfirmed, err)
	}
	var confirmed bool
	err = tx.QueryRow(ctx, `select id, email_confirmed_at is not null from local_auth.accounts where email = $1 for update`, email).
		Scan((*[16]byte)(&account), &confirmed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		account, err = insertAccount(ctx, tx, ports.SignUp{Email: email, Name: storableName(who.Name)}, nobody, true)
	case err == nil && !confirmed:
		err = core.Fail(core.CodeEmailUnconfirmed, errors.New("the account's own address is not proved"))
	}
	if err != nil {
		return core.ID{}, err
	}
	err = tx.QueryRow(ctx, `insert into local_auth.identities (issuer, subject, account_id) values ($1, $2, $3)
		on conflict (issuer, subject) do update set last_used_at = now() returning account_id`,
		who.Issuer, who.Subject, [16]byte(account)).Scan((*[16]byte)(&account))
	return account, err
}

// storableName is the name that a site gave, or none where it is no plain text
// or too long.
func storableName(name string) string {
	if !storable(name) || len(name) > maxNameRunes {
		return ""
	}
	return name
}

// returned trades the code of a visit. Another's verifier leaves the code to
// whose it is.
func (a *Accounts) returned(ctx context.Context, code, verifier string) (o opened, err error) {
	hash, ok := tokenHash(code)
	if !ok {
		return opened{}, core.Fail(core.CodeBadSignInCode, errors.New("no code of ours"))
	}
	err = a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		var account core.ID
		err := tx.QueryRow(ctx, `delete from local_auth.site_codes where code_sha256 = $1 and challenge = $2 and expires_at > now()
			returning account_id`, hash, challengeOf(verifier)).Scan((*[16]byte)(&account))
		if errors.Is(err, pgx.ErrNoRows) {
			return core.Fail(core.CodeBadSignInCode, err)
		}
		if err != nil {
			return err
		}
		o, err = a.open(ctx, tx, account, bySite)
		return err
	})
	return o, fault(ctx, err)
}

func notOffered() error { return core.Fail(core.CodeNotOffered, nil) }
