package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// streamTries is how many connections in a row may tell nothing until looking
// takes the place of listening.
const streamTries = 4

// maxStreamWait bounds the time between two connections.
const maxStreamWait = 8 * time.Second

// Follow is Wait over the document's stream of messages: each change is told as
// it happens. A stream that ends early is resumed where it was; where there is
// none, or it keeps breaking, the document is looked at instead.
func (c *Client) Follow(ctx context.Context, id string, watch Watch) (Document, error) {
	f := &follower{watch: watch}
	s := &stream{id: id, status: func(doc Document, _ int64) { f.see(doc) }, beat: func(string) bool { return Ended(f.doc.Status) }}
	err := c.listenOn(ctx, s)
	switch {
	case errors.Is(err, errEnough):
		return f.doc, nil
	case err == nil || streamless(err) || passing(err):
		return c.poll(ctx, id, f)
	}
	return f.doc, err
}

// listenOn listens over as many connections as it takes. It ends with nil when
// nothing follows, and with an error that says why listening is of no use.
func (c *Client) listenOn(ctx context.Context, s *stream) error {
	wait := firstWait
	for tries := 1; ; tries++ {
		before := s.last
		end, err := c.listen(ctx, s)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case end == endEnded || end == endDeleted:
			return nil
		case !passing(err):
			return err
		case s.heard:
			tries = 1
		case tries == streamTries:
			return err
		}
		if s.last != before {
			wait = firstWait
		}
		if end == endExpired && s.heard {
			continue // only the token was old
		}
		if err := c.Pause(ctx, wait); err != nil {
			return err
		}
		wait = min(wait*2, maxStreamWait)
	}
}

// Moves tells of every change of a document so far, in order, and where follow
// is set of those that come until the attempt ends. A service without such a
// stream is asked where the document stands; what that tells is of the attempt
// at hand, and without numbers.
func (c *Client) Moves(ctx context.Context, id string, follow bool, move func(Move)) error {
	h := &history{follow: follow, tell: move}
	s := &stream{id: id, last: "0", status: h.status, move: h.move, beat: h.enough}
	err := c.listenOn(ctx, s)
	if h.told > 0 && (err == nil || errors.Is(err, errEnough)) {
		return nil
	}
	if err == nil || errors.Is(err, errEnough) || streamless(err) || passing(err) {
		return c.derived(ctx, id, h)
	}
	return err
}

// history is the moves as they come in.
type history struct {
	follow bool
	tell   func(Move)
	told   int64 // the last one's number
	goal   int64 // the last one's number when the document was last shown
	doc    *Document
}

func (h *history) status(doc Document, number int64) { h.doc, h.goal = &doc, number }

func (h *history) move(m Move) {
	if m.EventID > h.told { // else it was told before the stream broke
		h.told = m.EventID
		h.tell(m)
	}
}

// enough reports whether all is told that was asked for. A heartbeat says that
// nothing waits to be told.
func (h *history) enough(kind string) bool {
	if h.doc == nil || (h.told < h.goal && kind != kindBeat) {
		return false
	}
	return !h.follow || Ended(h.doc.Status)
}

// derived makes moves of what the document's status tells.
func (c *Client) derived(ctx context.Context, id string, h *history) error {
	if h.follow {
		was := ""
		_, err := c.Wait(ctx, id, Watch{Step: func(doc Document, r Reached) {
			h.tell(moveOf(doc, r, was))
			was = r.Status
		}})
		return err
	}
	doc, err := c.Status(ctx, id)
	if err != nil {
		return err
	}
	was := ""
	for _, r := range Path(doc) {
		h.tell(moveOf(doc, r, was))
		was = r.Status
	}
	return nil
}

// moveOf dates a status back from the last change.
func moveOf(doc Document, r Reached, was string) Move {
	path := Path(doc)
	m := Move{DocumentID: doc.DocumentID, Attempt: doc.Attempt, Was: was, Status: r.Status, Progress: progressOf(doc, r),
		At: doc.UpdatedAt.Add(r.After - path[len(path)-1].After)}
	if at := slices.IndexFunc(path, func(p Reached) bool { return p.Status == r.Status }); at > 0 {
		m.LastedMS = (path[at].After - path[at-1].After).Milliseconds()
	}
	if e := doc.LastError; e != nil && r.Status == doc.Status {
		m.Code = e.Code
	}
	return m
}

// progressOf is how far a status is; an end that is not complete is as far as
// the document came.
func progressOf(doc Document, r Reached) int {
	if r.Status == doc.Status {
		return doc.Progress
	}
	return core.Status(r.Status).Progress()
}
