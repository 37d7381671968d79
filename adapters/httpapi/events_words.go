package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The events of a stream.
const (
	eventStatus    = "status"
	eventMove      = "move"
	eventHeartbeat = "heartbeat"
	eventEnd       = "end"
)

// endReason is why the service closes a stream.
type endReason string

// The ends of a stream. After all but ended and deleted a client comes back
// with the id of its last event.
const (
	endEnded    endReason = "ended"         // the document's attempt is at its end
	endTooLong  endReason = "too_long"      // MaxStreamTime is over
	endStopping endReason = "stopping"      // the process is about to stop
	endExpired  endReason = "token_expired" // the access token is
	endSignOut  endReason = "signed_out"    // the session was ended, or the API key revoked
	endDeleted  endReason = "deleted"       // there is no document any more
)

// Schema is the enum of every end.
func (endReason) Schema(r huma.Registry) *huma.Schema {
	return namedEnum(r, "EndReason", []endReason{endEnded, endTooLong, endStopping, endExpired, endSignOut, endDeleted})
}

// MoveEvent is one change of a document's status.
type MoveEvent struct {
	EventID    int64          `json:"event_id" minimum:"1" doc:"Grows along the document's changes; the event's id"`
	DocumentID string         `json:"document_id" format:"uuid"`
	Attempt    int            `json:"attempt" doc:"1 for the first"`
	Was        *string        `json:"was" nullable:"true" doc:"The status before; null for an attempt's first"`
	Status     documentStatus `json:"status"`
	Progress   int            `json:"progress" minimum:"0" maximum:"100" doc:"Percent; after a failure the last good value"`
	At         time.Time      `json:"at"`
	LastedMS   *int64         `json:"lasted_ms" nullable:"true" doc:"Milliseconds in the status left; null where was is"`
	Code       *string        `json:"code" nullable:"true" doc:"Why it failed, one of the codes of problems; read_by_standby where the text that has come is the standby's; else null"`
}

// HeartbeatEvent says that the stream is alive.
type HeartbeatEvent struct {
	At time.Time `json:"at"`
}

// EndEvent says why the stream closes: nothing follows it.
type EndEvent struct {
	Reason endReason `json:"reason" doc:"ended: the attempt is at its end, coming back with the last id is 204. deleted: the document is gone, coming back is 404. After any other reason come back with the last id, after token_expired or signed_out with a new token"`
}

func moveOf(e ports.Event) MoveEvent {
	move := MoveEvent{
		EventID: e.ID, DocumentID: e.Document.String(), Attempt: e.Attempt, Status: documentStatus(e.Status),
		Progress: e.Status.Progress(), At: e.At.UTC(),
	}
	if e.Was != "" {
		was, lasted := string(e.Was), e.Lasted.Milliseconds()
		move.Was, move.LastedMS = &was, &lasted
	}
	if e.Status.Failed() || e.Status == core.Cancelled {
		move.Progress = e.Was.Progress()
	}
	if e.Code != "" {
		code := string(e.Code)
		move.Code = &code
	}
	return move
}
