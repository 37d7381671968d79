package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	pathSessions = "/auth/sessions"
	pathSession  = "/auth/sessions/{id}"
)

// maxClientBytes is of what is passed on of a client's own name.
const maxClientBytes = 200

// ClientName is what the client of the request in hand calls itself; empty
// outside a request. It is the client's word, and for its person's eyes alone.
func ClientName(ctx context.Context) string {
	if req := requestOf(ctx); req != nil {
		return req.agent
	}
	return ""
}

// SessionList is where one is signed in.
type SessionList struct {
	Sessions []SessionEntry `json:"sessions" nullable:"false" doc:"The latest first"`
}

// SessionEntry is one session.
type SessionEntry struct {
	ID          string     `json:"id" format:"uuid"`
	Current     bool       `json:"current" doc:"Whether it is the session that asks"`
	CreatedAt   time.Time  `json:"created_at" doc:"When the person signed in"`
	RefreshedAt *time.Time `json:"refreshed_at" nullable:"true" doc:"When its refresh token was last traded"`
	Client      string     `json:"client" doc:"What the client called itself then (User-Agent); not to be relied on"`
}

type (
	sessionsOutput struct{ Body SessionList }
	sessionInput   struct {
		ID string `path:"id" format:"uuid" doc:"The session's id" example:"0198f1b5-0a1b-7c2d-8e3f-405162738495"`
	}
)

func (a *api) registerSessions(h huma.API) {
	tags := []string{"Accounts"}
	const hosted = " 404 with not_offered where accounts are kept by a provider that does not tell."
	route(h, huma.Operation{
		OperationID: "list-sessions", Method: http.MethodGet, Path: pathSessions, Tags: tags,
		Summary:     "Where one is signed in",
		Description: "Every live session of the account." + hosted,
		Errors:      []int{404, 503},
	}, a.listSessions)
	route(h, huma.Operation{
		OperationID: "end-session", Method: http.MethodDelete, Path: pathSession, Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary:     "End one session",
		Description: "From the answer on none of its tokens is taken, by any process; its event streams end by their next heartbeat." + hosted,
		Errors:      []int{404, 422, 503},
	}, a.endSession)
	route(h, huma.Operation{
		OperationID: "end-other-sessions", Method: http.MethodDelete, Path: pathSessions, Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary:     "End every other session",
		Description: "All but the one that asks. From the answer on none of their tokens is taken, by any process.",
		Errors:      []int{503},
	}, a.endOthers)
}

func (a *api) listSessions(ctx context.Context, _ *noInput) (*sessionsOutput, error) {
	entries, err := a.sessionEntries(ctx)
	if err != nil {
		return nil, err
	}
	return &sessionsOutput{Body: SessionList{Sessions: entries}}, nil
}

func (a *api) sessionEntries(ctx context.Context) ([]SessionEntry, error) {
	req := requestOf(ctx)
	rows, err := a.Accounts.Sessions(ctx, req.caller, req.token)
	if err != nil {
		return nil, err
	}
	entries := make([]SessionEntry, len(rows))
	for i, row := range rows {
		entries[i] = sessionEntry(row, req.caller.Session)
	}
	return entries, nil
}

func sessionEntry(row ports.SessionRow, current string) SessionEntry {
	entry := SessionEntry{ID: row.ID.String(), Current: row.ID.String() == current, CreatedAt: row.CreatedAt.UTC(), Client: row.Client}
	if !row.RefreshedAt.IsZero() {
		at := row.RefreshedAt.UTC()
		entry.RefreshedAt = &at
	}
	return entry
}

func (a *api) endSession(ctx context.Context, in *sessionInput) (*noOutput, error) {
	id, err := core.ParseID(in.ID)
	if err != nil {
		return nil, core.Fail(core.CodeNotFound, err)
	}
	req := requestOf(ctx)
	err = a.Accounts.EndSession(ctx, req.caller, req.token, id)
	if core.HasCode(err, core.CodeNotFound) {
		return nil, &refusal{err: core.AsError(err), detail: "Your account has no such session."}
	}
	return &noOutput{}, a.recordIf(ctx, err, core.AuditSessionRevoked, "session:"+id.String())
}

func (a *api) endOthers(ctx context.Context, _ *noInput) (*noOutput, error) {
	req := requestOf(ctx)
	err := a.Accounts.EndOthers(ctx, req.caller, req.token)
	return &noOutput{}, a.recordIf(ctx, err, core.AuditSessionRevoked, "others")
}
