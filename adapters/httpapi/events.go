package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// EventsInput is a document whose events are wanted, and from where on. Both
// numbers are read by hand: what they may be is said in our own words.
type EventsInput struct {
	DocumentInput

	LastEventID      string `header:"Last-Event-ID" doc:"The id of the last event received: the moves after it come first. A number that is ahead of the document's means from now on. Goes before last_event_id" example:"4711"`
	LastEventIDQuery string `query:"last_event_id" doc:"The same, for clients that cannot set headers" example:"4711"`
}

// after is the number from which on moves are wanted, or ports.Latest. An
// empty value is none: EventSource has no other way to say so.
func (in *EventsInput) after() (int64, error) {
	place, text := "header.Last-Event-ID", in.LastEventID
	if text == "" {
		place, text = "query.last_event_id", in.LastEventIDQuery
	}
	if text == "" {
		return ports.Latest, nil
	}
	if strings.Trim(text, "0123456789") != "" {
		return 0, invalid(http.StatusUnprocessableEntity, place, "a whole number, 0 or more: the id of the last event received")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // digits, and too many of them: ahead of every document
		return ports.Latest, nil
	}
	return n, nil
}

// eventStreams is the streams of this process.
type eventStreams struct {
	*api
	hub *hub
}

// events answers a stream of what happens to a document. Huma's own sse package
// is not used: it flushes no headers before the first event, sets neither
// Cache-Control nor X-Accel-Buffering, ignores failed writes of an event's
// parts, and prints to stderr.
func (a *eventStreams) events(ctx context.Context, in *EventsInput) (*huma.StreamResponse, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	if !a.hub.enter(who.User) {
		return nil, &refusal{err: core.Fail(core.CodeRateLimited, nil), detail: fmt.Sprintf(
			"%d event streams of this account are open, as many as may be: close one, or ask for its documents' status.", a.Limits.MaxStreams)}
	}
	first, err := a.begin(ctx, who, id, after)
	if core.HasCode(err, core.CodeNotFound) {
		err = a.notBegun(ctx, who, id, err)
	}
	if err != nil {
		a.hub.leave(who.User)
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer a.hub.leave(who.User)
		r, w := humago.Unwrap(hctx)
		if over(first, after) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		s := &stream{eventStreams: a, who: who, token: requestOf(ctx).token, out: newEventWriter(w, a.Limits)}
		s.serve(r, first)
	}}, nil
}

// begin reads where the document stands and what happened after a number.
func (a *eventStreams) begin(ctx context.Context, who ports.Principal, id core.ID, after int64) (ports.News, error) {
	news, err := a.Journal.News(ctx, who, []ports.Mark{{Document: id, Event: after, Done: ports.Unseen}})
	if err != nil {
		return ports.News{}, err
	}
	if len(news) != 1 || news[0].Standing == nil || news[0].Standing.Status == core.Deleting {
		return ports.News{}, core.Fail(core.CodeNotFound, nil)
	}
	return news[0], nil
}

// notBegun tells an announced upload whose file is awaited from what is not
// there: nothing happens to it that a stream could tell.
func (a *eventStreams) notBegun(ctx context.Context, who ports.Principal, id core.ID, unknown error) error {
	up, err := a.Uploads.Announced(ctx, who, id)
	switch {
	case core.HasCode(err, core.CodeNotFound):
		return unknown
	case err != nil:
		return err
	case up.State != core.UploadAwaited:
		return unknown
	}
	return &refusal{err: core.Fail(core.CodeConflict, nil),
		detail: "No file has arrived yet. Ask for the status until one has, then come back."}
}

// over reports that a client which comes back has had all there will be.
func over(first ports.News, after int64) bool {
	return after != ports.Latest && first.Standing.Status.Terminal() && len(first.Events) == 0
}
