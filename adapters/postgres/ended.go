package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// EndedSessions is a ports.EndedSessions. Nothing is cached: what one process
// ends, every other refuses from the commit on.
type EndedSessions struct{ pool Steady }

var _ ports.EndedSessions = (*EndedSessions)(nil)

// NewEndedSessions makes EndedSessions over a pool whose sessions hold inav_app.
func NewEndedSessions(pool *pgxpool.Pool) *EndedSessions {
	return &EndedSessions{pool: NewSteady(pool)}
}

// End implements ports.EndedSessions.
func (s *EndedSessions) End(ctx context.Context, user core.ID, session string) error {
	id, err := core.ParseID(session)
	if err != nil {
		return core.Fail(core.CodeUnauthenticated, err)
	}
	_, err = s.pool.Exec(ctx, `insert into upload_pipeline.ended_sessions (account_id, session_id)
		select $1, $2 where not exists (select from upload_pipeline.ended_sessions where account_id = $1 and session_id = $2)`, user, id)
	return trouble(err)
}

// EndOthers implements ports.EndedSessions.
func (s *EndedSessions) EndOthers(ctx context.Context, user core.ID, keep string) error {
	var kept *core.ID
	if id, err := core.ParseID(keep); err == nil {
		kept = &id
	}
	_, err := s.pool.Exec(ctx, `insert into upload_pipeline.ended_sessions (account_id, keep_id) values ($1, $2)`, user, kept)
	return trouble(err)
}

// Alive implements ports.EndedSessions. A token of another session is taken from
// the second after the others were ended: its own time is in whole seconds.
func (s *EndedSessions) Alive(ctx context.Context, p ports.Principal) (bool, error) {
	var token struct {
		IssuedAt float64 `json:"iat"`
	}
	id, err := core.ParseID(p.Session)
	if err != nil || json.Unmarshal(p.Claims, &token) != nil {
		return false, nil //nolint:nilerr // what names no session is of none
	}
	var ended bool
	err = s.pool.QueryRow(ctx, `select exists (select from upload_pipeline.ended_sessions where account_id = $1
		and (session_id = $2 or (session_id is null and keep_id is distinct from $2 and ended_at >= to_timestamp($3::float8))))`,
		p.User, id, token.IssuedAt).Scan(&ended)
	return !ended, trouble(err)
}
