package localauth

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// How long a link lives from its mail on, and how long a mail is tried.
const (
	confirmTTL = 24 * time.Hour
	recoverTTL = time.Hour
	mailTTL    = 24 * time.Hour
)

// ConfirmPath is where links lead that no client asked for an address of its
// own for: a page of ours.
const ConfirmPath = "/auth/confirm"

// sendTime bounds one try. It is shorter than the least wait before the next,
// so that no mail is sent by two at once.
const sendTime = 20 * time.Second

// Postman sends the mails that accounts are to get. Any number of processes may
// run one.
type Postman struct {
	pool   Database
	mailer ports.Mailer
	own    string // our public address
}

// NewPostman needs the accounts' database, logged in to as inav_app, and our
// public address.
func NewPostman(pool Database, mailer ports.Mailer, own string) *Postman {
	return &Postman{pool: pool, mailer: mailer, own: strings.TrimSuffix(own, "/")}
}

// Round sends what is due, until nothing is or the mailer takes nothing now. A
// mail that it could not take is tried again after a while, a day long; one that
// it refuses is not. It answers how many were taken, and the first fault.
func (p *Postman) Round(ctx context.Context) (sent int, err error) {
	for {
		m, err := p.claim(ctx)
		if errors.Is(err, pgx.ErrNoRows) {
			return sent, nil
		}
		if err != nil {
			return sent, fault(ctx, err)
		}
		switch err := p.send(ctx, m); {
		case err == nil:
			sent++
		case !core.HasCode(err, core.CodeMailRefused):
			return sent, fault(ctx, err)
		}
	}
}

// letter is a mail in hand.
type letter struct {
	id, account core.ID
	kind        kind
	redirect    string
}

// claim takes the mail that is due longest. The row is not held while it is
// sent: its next try is set, far enough ahead.
func (p *Postman) claim(ctx context.Context) (m letter, err error) {
	err = p.pool.QueryRow(ctx, `
		update local_auth.mails set tries = tries + 1,
			due_at = clock_timestamp() + least(interval '1 minute' * power(2, least(tries, 10)), interval '1 hour')
		where id = (select id from local_auth.mails
			where sent_at is null and due_at <= clock_timestamp() and created_at > clock_timestamp() - $1::interval
			order by due_at limit 1 for update skip locked)
		returning id, account_id, kind, redirect`, mailTTL).
		Scan((*[16]byte)(&m.id), (*[16]byte)(&m.account), &m.kind, &m.redirect)
	return m, err
}

// send makes the link's secret, keeps its hash, and hands the mail over. Each
// try has a secret of its own, and none ends the one before: that may have
// arrived.
func (p *Postman) send(ctx context.Context, m letter) error {
	var to string
	err := p.pool.QueryRow(ctx, `select email from local_auth.accounts where id = $1`, [16]byte(m.account)).Scan(&to)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // the account was deleted, and the mail with it
	}
	if err != nil {
		return err
	}
	link, err := p.link(ctx, m)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	mail := write(m.kind, link)
	mail.ID, mail.To = m.id.String(), to
	err = p.mailer.Send(bounded, mail)
	if err != nil && !core.HasCode(err, core.CodeMailRefused) {
		return err
	}
	if _, failed := p.pool.Exec(ctx, `update local_auth.mails set sent_at = clock_timestamp() where id = $1`, [16]byte(m.id)); failed != nil {
		return failed
	}
	return err
}

// link makes a secret and the address that carries it.
func (p *Postman) link(ctx context.Context, m letter) (string, error) {
	life := map[kind]time.Duration{confirmMail: confirmTTL, recoverMail: recoverTTL}[m.kind]
	if life == 0 {
		return "", nil
	}
	secret := newSecret()
	hash, _ := tokenHash(secret)
	_, err := p.pool.Exec(ctx, `
		insert into local_auth.mail_links (token_hash, mail_id, expires_at)
		select $1, id, clock_timestamp() + $3::interval from local_auth.mails where id = $2 and sent_at is null`, hash, [16]byte(m.id), life)
	if err != nil {
		return "", err
	}
	return address(p.own, m.redirect, secret), nil
}

// address is where a link leads: to the client with a code, or to our own page.
func address(own, redirect, secret string) string {
	if redirect == "" {
		return own + ConfirmPath + "?token=" + secret
	}
	u, err := url.Parse(redirect)
	if err != nil { // it was checked letter by letter before it was kept
		return own + ConfirmPath + "?token=" + secret
	}
	query := u.Query()
	query.Set("code", secret)
	u.RawQuery = query.Encode()
	return u.String()
}

// write is what people read.
func write(k kind, link string) ports.Mail {
	switch k {
	case confirmMail:
		return ports.Mail{Subject: "Confirm your e-mail address", Text: "Hello,\n\n" +
			"an Insurance Navigator account was made with this address. Follow the link to confirm it:\n\n" + link + "\n\n" +
			"The link works for one day, once. If it was not you, do nothing: without the link the account cannot be used.\n"}
	case recoverMail:
		return ports.Mail{Subject: "Set a new password", Text: "Hello,\n\n" +
			"somebody asked for a new password for your Insurance Navigator account. Follow the link to set one, in the browser that you asked from:\n\n" +
			link + "\n\nThe link works for one hour, once. If it was not you, do nothing: your password stays as it is.\n"}
	default:
		return ports.Mail{Subject: "You have an account already", Text: "Hello,\n\n" +
			"somebody tried to make an Insurance Navigator account with this address, which has one. If it was you, sign in, " +
			"or ask for a new password where you sign in. If it was not you, do nothing: nothing was changed.\n"}
	}
}
