package localauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// kind is what a mail is for.
type kind string

const (
	confirmMail kind = "confirm" // whoever signed up follows its link
	recoverMail kind = "recover" // whoever forgot the password does
	takenMail   kind = "taken"   // somebody signed up with the address of an account
)

// How many mails one account is sent, whoever asks for them.
const (
	mailPause  = time.Minute // between two of a kind
	takenPause = time.Hour
	mailsADay  = 20
)

// What RFC 7636 says of a challenge and of a verifier.
var (
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	verifierForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
)

// challengeOf is a verifier's challenge (S256).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return encodeSecret(sum[:])
}

// Recover implements ports.Mails. It is one statement, whether the address has
// an account or not.
func (a *Accounts) Recover(ctx context.Context, email string, to ports.Return) error {
	email, err := normalEmail(email)
	if err != nil || to.Redirect == "" || !challengeForm.MatchString(to.Challenge) {
		return core.Fail(core.CodeInvalid, err)
	}
	return fault(ctx, queueMail(ctx, a.pool, email, recoverMail, mailPause, to))
}

// Resend implements ports.Mails: the link leads where that of the sign-up does.
// It is one statement, whether the address waits for its confirmation or not.
func (a *Accounts) Resend(ctx context.Context, email string) error {
	email, err := normalEmail(email)
	if err != nil {
		return core.Fail(core.CodeInvalid, err)
	}
	_, err = a.pool.Exec(ctx, `
		insert into local_auth.mails (id, account_id, kind, redirect, challenge)
		select $1, a.id, 'confirm', coalesce(last.redirect, ''), coalesce(last.challenge, '')
		from local_auth.accounts a left join lateral (
			select redirect, challenge from local_auth.mails m where m.account_id = a.id and m.kind = 'confirm'
			order by m.created_at desc limit 1) last on true
		where a.email = $2 and a.email_confirmed_at is null and `+mayMail,
		[16]byte(core.NewID()), email, "confirm", mailPause, mailsADay)
	return fault(ctx, err)
}

// mayMail is whether the account a may be sent another mail of kind $3: $4 after
// the last one, and no more than $5 in a day.
const mayMail = `not exists (select from local_auth.mails m
		where m.account_id = a.id and m.kind = $3 and m.created_at > clock_timestamp() - $4::interval)
	and (select count(*) from local_auth.mails m where m.account_id = a.id and m.created_at > clock_timestamp() - interval '1 day') < $5`

// queueMail makes a mail that is to be sent, where the address has an account
// that may be sent one.
func queueMail(ctx context.Context, q querier, email string, k kind, pause time.Duration, to ports.Return) error {
	_, err := q.Exec(ctx, `
		insert into local_auth.mails (id, account_id, kind, redirect, challenge)
		select $1, a.id, $3, $6, $7 from local_auth.accounts a where a.email = $2 and `+mayMail,
		[16]byte(core.NewID()), email, string(k), pause, mailsADay, to.Redirect, to.Challenge)
	return err
}

// reserve makes the account of a sign-up that waits for its mail, and the mail,
// in one transaction. An account that nobody confirmed or signed in to yet is
// made anew, and the links before it end; of one in use nothing changes, and its
// owner is told. The answer is the same.
func (a *Accounts) reserve(ctx context.Context, s ports.SignUp, hash string) error {
	return a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		var id core.ID
		err := tx.QueryRow(ctx, `
			insert into local_auth.accounts as a (id, email, name, password_hash, consent_version, consent_timestamp)
			values ($1, $2, $6, $7, $8, $9)
			on conflict (email) do update set name = excluded.name, password_hash = excluded.password_hash, updated_at = now(),
				consent_version = excluded.consent_version, consent_timestamp = excluded.consent_timestamp
			where a.email_confirmed_at is null and a.last_sign_in_at is null and `+mayMail+`
			returning a.id`, [16]byte(core.NewID()), s.Email, string(confirmMail), mailPause, mailsADay,
			s.Name, hash, s.ConsentVersion, s.ConsentTimestamp).Scan((*[16]byte)(&id))
		if errors.Is(err, pgx.ErrNoRows) {
			return tellOwner(ctx, tx, s.Email)
		}
		if err != nil {
			return err
		}
		if err := endMails(ctx, tx, id, confirmMail); err != nil {
			return err
		}
		return queueMail(ctx, tx, s.Email, confirmMail, 0, s.Return)
	})
}

// tellOwner mails whoever has the account that somebody signed up with the
// address. One that is only waiting for its confirmation was mailed already.
func tellOwner(ctx context.Context, tx pgx.Tx, email string) error {
	_, err := tx.Exec(ctx, `
		insert into local_auth.mails (id, account_id, kind, redirect, challenge)
		select $1, a.id, $3, '', '' from local_auth.accounts a
		where a.email = $2 and (a.email_confirmed_at is not null or a.last_sign_in_at is not null) and `+mayMail,
		[16]byte(core.NewID()), email, string(takenMail), takenPause, mailsADay)
	return err
}

// endMails ends the links of a kind that were sent, and sends none that wait.
func endMails(ctx context.Context, tx pgx.Tx, account core.ID, k kind) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from local_auth.mail_links l using local_auth.mails m
		where l.mail_id = m.id and m.account_id = $1 and m.kind = $2`, [16]byte(account), string(k))
	batch.Queue(`update local_auth.mails set sent_at = clock_timestamp() where account_id = $1 and kind = $2 and sent_at is null`,
		[16]byte(account), string(k))
	return tx.SendBatch(ctx, batch).Close()
}

// Exchange implements ports.OtherSites for codes out of mails, and for those of
// visits to other sites. A verifier that is none spoils no code.
func (a *Accounts) Exchange(ctx context.Context, code, verifier string) (ports.Session, error) {
	if !verifierForm.MatchString(verifier) {
		return ports.Session{}, core.Fail(core.CodeBadSignInCode, errors.New("not a verifier"))
	}
	o, err := a.mailed(ctx, code, verifier)
	if core.HasCode(err, core.CodeBadSignInCode) && len(a.config.Sites) > 0 {
		o, err = a.returned(ctx, code, verifier)
	}
	if err != nil {
		return ports.Session{}, err
	}
	return a.session(o)
}

// mailed trades the code of a mail: whoever comes with one and its verifier
// reads the account's mail and asked for it.
func (a *Accounts) mailed(ctx context.Context, code, verifier string) (o opened, err error) {
	err = a.follow(ctx, code, func(tx pgx.Tx, m followed) (err error) {
		if !m.answers(verifier) {
			return core.Fail(core.CodeBadSignInCode, errors.New("another verifier's"))
		}
		by := byPassword // it was given as the account was made
		if m.kind == recoverMail {
			by = byMail
		}
		o, err = a.open(ctx, tx, m.account, by)
		return err
	})
	return o, err
}

// Confirm takes the secret of a link that leads to us and not to the client:
// the address is confirmed, and nobody is signed in by it. CodeBadSignInCode.
func (a *Accounts) Confirm(ctx context.Context, secret string) error {
	return a.follow(ctx, secret, func(_ pgx.Tx, m followed) error {
		if m.challenge != "" {
			return core.Fail(core.CodeBadSignInCode, errors.New("a link that leads elsewhere"))
		}
		return nil
	})
}

// followed is the mail whose link somebody came by.
type followed struct {
	account   core.ID
	kind      kind
	challenge string
}

// answers reports whether the verifier is the one of the mail's challenge.
func (m followed) answers(verifier string) bool {
	return m.challenge != "" && subtle.ConstantTimeCompare([]byte(challengeOf(verifier)), []byte(m.challenge)) == 1
}

// follow uses a link up, confirms the account's address, for the mail reached
// it, and does what the link is for, in one transaction.
func (a *Accounts) follow(ctx context.Context, secret string, act func(pgx.Tx, followed) error) error {
	hash, ok := tokenHash(secret)
	if !ok {
		return core.Fail(core.CodeBadSignInCode, errors.New("no code of ours"))
	}
	return fault(ctx, a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		var m followed
		err := tx.QueryRow(ctx, `
			select m.account_id, m.kind, m.challenge from local_auth.mails m join local_auth.mail_links l on l.mail_id = m.id
			where l.token_hash = $1 and l.expires_at > clock_timestamp() for update`, hash).
			Scan((*[16]byte)(&m.account), &m.kind, &m.challenge)
		if errors.Is(err, pgx.ErrNoRows) {
			return core.Fail(core.CodeBadSignInCode, err)
		}
		if err != nil {
			return err
		}
		if err := endMails(ctx, tx, m.account, m.kind); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update local_auth.accounts set email_confirmed_at = coalesce(email_confirmed_at, now()) where id = $1`,
			[16]byte(m.account)); err != nil {
			return err
		}
		return act(tx, m)
	}))
}
