package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// stream is one client's view of one document. Seen is what the client has
// been told: no move up to its number is sent again, and no standing older
// than it.
type stream struct {
	*eventStreams
	who   ports.Principal
	token string // the access token or API key that opened it: a secret
	out   *eventWriter
	seen  ports.Mark
}

// serve tells what there is, and then what comes, until the document, the
// stream's time, the token, the process or the client ends.
func (s *stream) serve(r *http.Request, first ports.News) {
	if r.Method == http.MethodHead {
		return
	}
	// A deadline from a body that was sent along would end the request.
	_ = s.out.control.SetReadDeadline(time.Time{})
	if s.tell(first) {
		return
	}
	sub := s.hub.watch(s.who, s.seen)
	defer s.hub.unwatch(sub)
	s.follow(r, sub)
}

func (s *stream) follow(r *http.Request, sub *subscription) {
	limits := s.Limits
	beat := time.NewTicker(limits.StreamHeartbeat)
	defer beat.Stop()
	tooLong := time.NewTimer(limits.MaxStreamTime)
	defer tooLong.Stop()
	expired, stop := alarm(s.who.ExpiresAt)
	defer stop()
	for {
		over := false
		select {
		case <-r.Context().Done():
			return
		case <-sub.signal:
			over = s.tellAll(sub.take())
		case now := <-beat.C:
			over = s.beat(r.Context(), now)
		case <-tooLong.C:
			over = s.end(endTooLong)
		case <-expired:
			over = s.end(endExpired)
		case <-s.Stopping:
			over = s.end(endStopping)
		}
		if over {
			return
		}
	}
}

// beat gives a sign of life, unless the session was ended, or the key revoked,
// since the last one.
func (s *stream) beat(ctx context.Context, now time.Time) bool {
	if s.ended(ctx) {
		return s.end(endSignOut)
	}
	return s.out.send(eventHeartbeat, 0, HeartbeatEvent{At: now.UTC()}) != nil
}

// ended reports whether what opened the stream is taken no more. Where that
// cannot be looked up the stream goes on: the token's own end bounds it.
func (s *stream) ended(ctx context.Context) bool {
	var err error
	if digest, key := core.APIKeyDigest(s.token); key {
		_, err = s.APIKeys.Bearer(ctx, digest)
	} else {
		_, err = s.Verifier.Verify(ctx, s.token)
	}
	return core.HasCode(err, core.CodeUnauthenticated)
}

// alarm rings at a moment; at the zero moment never.
func alarm(at time.Time) (<-chan time.Time, func() bool) {
	if at.IsZero() {
		return nil, func() bool { return true }
	}
	timer := time.NewTimer(time.Until(at))
	return timer.C, timer.Stop
}

// tellAll tells news in order; it reports whether the stream is over.
func (s *stream) tellAll(list []ports.News) bool {
	for _, news := range list {
		if newer(news.Mark, s.seen) || news.Standing == nil {
			if s.tell(news) {
				return true
			}
		}
	}
	return false
}

// newer orders two marks of one document: an attempt's chunks only grow, and a
// new attempt is an event.
func newer(a, b ports.Mark) bool {
	return a.Event > b.Event || (a.Event == b.Event && a.Done > b.Done)
}

// tell sends the moves that are not told yet, the standing, and the end where
// this is one; it reports whether the stream is over.
func (s *stream) tell(news ports.News) bool {
	for _, e := range news.Events {
		if e.ID > s.seen.Event {
			if s.out.send(eventMove, e.ID, moveOf(e)) != nil {
				return true
			}
		}
	}
	s.seen = news.Mark
	if news.Standing == nil {
		return s.end(endDeleted)
	}
	if s.out.send(eventStatus, news.Mark.Event, documentOf(*news.Standing)) != nil {
		return true
	}
	switch status := news.Standing.Status; {
	case status == core.Deleting:
		return s.end(endDeleted)
	case status.Terminal():
		return s.end(endEnded)
	default:
		return false
	}
}

// end says why and is always the end.
func (s *stream) end(why endReason) bool {
	_ = s.out.send(eventEnd, 0, EndEvent{Reason: why}) // a client that is gone needs no reason
	return true
}
