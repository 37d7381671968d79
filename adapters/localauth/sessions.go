package localauth

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// method is how the person of a session was proved; the token's amr says so.
type method string

const (
	byPassword method = "password"
	byMail     method = "recovery"
	bySite     method = "oauth"
)

// For how long after that a session counts as proof of the person by itself.
const (
	mailFresh   = 15 * time.Minute
	signInFresh = 5 * time.Minute
)

// maxClientBytes is of what a client calls itself.
const maxClientBytes = 200

// clientWord is what is kept of a client's own name: printable, and short.
func clientWord(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	for len(s) > maxClientBytes {
		s = s[:strings.LastIndexFunc(s, func(rune) bool { return true })]
	}
	return s
}

// Sessions implements ports.Sessions: those whose refresh token is still good.
func (a *Accounts) Sessions(ctx context.Context, p ports.Principal, _ string) ([]ports.SessionRow, error) {
	rows, err := a.pool.Query(ctx, `
		select s.id, s.created_at, s.refreshed_at, s.client from local_auth.sessions s
		where s.account_id = $1 and exists (
			select from local_auth.refresh_tokens t where t.session_id = s.id and t.used_at is null and t.expires_at > clock_timestamp())
		order by s.created_at desc, s.id`, [16]byte(p.User))
	if err != nil {
		return nil, fault(ctx, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s ports.SessionRow, err error) {
		var refreshed *time.Time
		err = row.Scan((*[16]byte)(&s.ID), &s.CreatedAt, &refreshed, &s.Client)
		if refreshed != nil {
			s.RefreshedAt = *refreshed
		}
		return s, err
	})
	return list, fault(ctx, err)
}

// EndSession implements ports.Sessions.
func (a *Accounts) EndSession(ctx context.Context, p ports.Principal, _ string, session core.ID) error {
	ended, err := deleteSession(ctx, a.pool, session, p.User)
	if err == nil && !ended {
		return core.Fail(core.CodeNotFound, nil)
	}
	return fault(ctx, err)
}

// EndOthers implements ports.Sessions.
func (a *Accounts) EndOthers(ctx context.Context, p ports.Principal, _ string) error {
	session, err := core.ParseID(p.Session)
	if err != nil {
		return core.Fail(core.CodeUnauthenticated, err)
	}
	return fault(ctx, deleteOtherSessions(ctx, a.pool, session, p.User))
}

// proved holds that the principal's session was opened in one of the ways, and
// no longer ago than age by the database's clock.
func (a *Accounts) proved(ctx context.Context, p ports.Principal, age time.Duration, ways ...method) error {
	session, err := core.ParseID(p.Session)
	if err != nil {
		return core.Fail(core.CodeUnauthenticated, err)
	}
	names := make([]string, len(ways))
	for i, way := range ways {
		names[i] = string(way)
	}
	var fresh bool
	err = a.pool.QueryRow(ctx, `
		select exists (select from local_auth.sessions
			where id = $1 and account_id = $2 and method = any ($3) and created_at > clock_timestamp() - $4::interval)`,
		[16]byte(session), [16]byte(p.User), names, age).Scan(&fresh)
	if err == nil && !fresh {
		return core.Fail(core.CodeBadCredentials, nil)
	}
	return fault(ctx, err)
}

func insertSession(ctx context.Context, tx pgx.Tx, o opened, account core.ID, client string) (began time.Time, err error) {
	err = tx.QueryRow(ctx, `
		insert into local_auth.sessions (id, account_id, method, client) values ($1, $2, $3, $4) returning created_at`,
		[16]byte(o.id), [16]byte(account), string(o.method), client).Scan(&began)
	return began, err
}

// deleteSession takes the session's tokens with it, and tells whether there was
// one. It leaves other people's sessions alone.
func deleteSession(ctx context.Context, q querier, id, account core.ID) (ended bool, err error) {
	tag, err := q.Exec(ctx, `delete from local_auth.sessions where id = $1 and account_id = $2`,
		[16]byte(id), [16]byte(account))
	return tag.RowsAffected() > 0, err
}

// deleteOtherSessions leaves the one session that it was asked from.
func deleteOtherSessions(ctx context.Context, q querier, keep, account core.ID) error {
	_, err := q.Exec(ctx, `delete from local_auth.sessions where account_id = $1 and id <> $2`, [16]byte(account), [16]byte(keep))
	return err
}
