package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tmaxmax/go-sse"
)

// How a stream ended, as the service says; quiet and broken are ours.
const (
	endEnded   = "ended"         // nothing follows
	endDeleted = "deleted"       // the document is gone
	endExpired = "token_expired" // come again with another token
	endBroken  = "broken"
)

// quietTime is how long a stream may say nothing, not even a heartbeat, until
// it counts as broken; the service beats every 15 seconds or more often.
const quietTime = 45 * time.Second

// maxEvent bounds one message of a stream.
const maxEvent = 1 << 20

// The kinds of messages.
const (
	kindStatus = "status"
	kindMove   = "move"
	kindBeat   = "heartbeat"
	kindEnd    = "end"
)

// stream is a document's messages over as many connections as it takes.
type stream struct {
	id     string
	last   string                           // what a new connection resumes behind
	heard  bool                             // this connection told something
	status func(doc Document, number int64) // number is the last move's
	move   func(Move)                       // nil where statuses alone are wanted
	beat   func(kind string) (stop bool)    // told behind every message
}

// errEnough says that the reader has what it wanted.
var errEnough = errors.New("enough was read")

// errQuiet marks a stream that fell silent.
var errQuiet = errors.New("the stream fell silent")

// listen reads one connection to its end, and says how it ended. A refusal is
// a *Problem.
func (c *Client) listen(ctx context.Context, s *stream) (end string, err error) {
	s.heard = false
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(c.Quiet, func() { cancel(errQuiet) })
	defer quiet.Stop()
	answer, err := c.openStream(ctx, s)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // what matters of it was read
	if answer.StatusCode == http.StatusNoContent {
		return endEnded, nil
	}
	body := &awake{Reader: answer.Body, heard: func() { quiet.Reset(c.Quiet) }}
	for event, err := range sse.Read(body, &sse.ReadConfig{MaxEventSize: maxEvent}) {
		if err != nil {
			return endBroken, c.brokenStream(ctx, err)
		}
		if end, err := s.take(event); end != "" || err != nil {
			return end, err
		}
	}
	return endBroken, c.brokenStream(ctx, io.ErrUnexpectedEOF)
}

// openStream asks for the stream, and once more with another token where the
// first was not taken.
func (c *Client) openStream(ctx context.Context, s *stream) (answer *http.Response, err error) {
	one := call{method: http.MethodGet, path: "/documents/" + url.PathEscape(s.id) + "/events"}
	err = c.withToken(ctx, false, func(token Secret) error {
		request, err := c.request(ctx, one, token)
		if err != nil {
			return err
		}
		request.Header.Set("Accept", "text/event-stream, application/problem+json")
		if s.last != "" {
			request.Header.Set("Last-Event-ID", s.last)
		}
		got, err := c.http.Do(request) //nolint:bodyclose // closed by listen, or just below
		if err != nil {
			return c.brokenStream(ctx, err)
		}
		if got.StatusCode != http.StatusOK && got.StatusCode != http.StatusNoContent {
			defer got.Body.Close() //nolint:errcheck // the refusal was read
			return problemOf(got)
		}
		answer = got
		return nil
	})
	return answer, err
}

// brokenStream is what a failed read means; the end of the caller's own context
// stays what it is.
func (c *Client) brokenStream(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errQuiet) {
		return c.unreachable(context.WithoutCancel(ctx), context.DeadlineExceeded)
	}
	return c.unreachable(ctx, err)
}

// take reads one message; end is how the stream ends with it, "" to go on.
func (s *stream) take(event sse.Event) (end string, err error) {
	s.heard = true
	number, failed := strconv.ParseInt(event.LastEventID, 10, 64)
	// Moves that a status counts may still be on their way.
	if failed == nil && (s.move == nil || event.Type == kindMove) {
		s.last = event.LastEventID
	}
	switch event.Type {
	case kindStatus:
		err = told(event.Data, func(doc Document) { s.status(doc, number) })
	case kindMove:
		if s.move != nil {
			err = told(event.Data, s.move)
		}
	case kindEnd:
		err = told(event.Data, func(e ending) { end = e.Reason })
	}
	if err == nil && end == "" && s.beat(event.Type) {
		err = errEnough
	}
	return end, err
}

// ending is the last message.
type ending struct {
	Reason string `json:"reason"`
}

// told decodes a message for whom it is meant.
func told[T any](data string, to func(T)) error {
	var value T
	if err := json.Unmarshal([]byte(data), &value); err != nil {
		return errors.New("a message of the stream cannot be read: is it this service, and this version?")
	}
	to(value)
	return nil
}

// awake tells of every sign of life, comments too.
type awake struct {
	io.Reader
	heard func()
}

func (a *awake) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.heard()
	}
	return n, err
}

// streamless reports whether the service has no such route, or does not serve
// it to us; a document that is not there is found out by the next question.
func streamless(err error) bool {
	return slices.ContainsFunc([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable},
		func(status int) bool { return HasStatus(err, status) })
}

// passing reports whether another connection may do better.
func passing(err error) bool {
	var gone *Unreachable
	var p *Problem
	return err == nil || errors.As(err, &gone) || busy(err) || (errors.As(err, &p) && p.Status >= http.StatusInternalServerError)
}
