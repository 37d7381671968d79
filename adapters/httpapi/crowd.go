package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// crowd bounds how many requests a door has in hand at once: what comes beyond
// is refused while it costs nothing, and what is in hand ends in time. A nil
// crowd has no bound.
type crowd struct {
	places chan struct{}
	only   map[string]bool // the routes that it counts; nil: all that are not apart
}

func newCrowd(most int) *crowd { return &crowd{places: make(chan struct{}, most)} }

// fileRoutes carry whole files. A slow client holds such a request for minutes,
// and they may not take the places of those who only ask.
var fileRoutes = map[string]bool{"POST " + pathUpload: true, "POST " + pathDocuments: true, putRoute: true, "GET /documents/{id}/file": true}

func newTransfers(most int) *crowd {
	c := newCrowd(most)
	c.only = fileRoutes
	return c
}

// apart is the routes that take no place: the platform's questions, which have
// to be answered in a crowd above all, and streams, which stay for long, cost
// little, and have a bound of their own.
var apart = map[string]bool{
	"GET /health": true, "GET /livez": true, "GET /readyz": true,
	"GET " + pathEvents: true,
}

// crowdWait is when a refused caller is to come back.
const crowdWait = 2 * time.Second

// enter takes a place, and gives back how to leave it: CodeOverloaded where
// there is none.
func (c *crowd) enter(route string) (leave func(), err error) {
	if c == nil || apart[route] || (c.only != nil && !c.only[route]) {
		return func() {}, nil
	}
	select {
	case c.places <- struct{}{}:
		return func() { <-c.places }, nil
	default:
		return nil, core.Wait(core.CodeOverloaded, crowdWait, nil)
	}
}

// turn waits for a place, in the order of coming and at most so long:
// CodeOverloaded where none became free, CodeNotReady where the process is about
// to stop before one did. A context that ends meanwhile is its own error.
func (c *crowd) turn(ctx context.Context, most time.Duration, stopping <-chan struct{}) (leave func(), err error) {
	leave = func() { <-c.places }
	select {
	case c.places <- struct{}{}: // a free place is taken, whatever else is the case
		return leave, nil
	default:
	}
	patience := time.NewTimer(most)
	defer patience.Stop()
	select {
	case c.places <- struct{}{}:
		return leave, nil
	case <-patience.C:
		return nil, core.Wait(core.CodeOverloaded, crowdWait, nil)
	case <-stopping:
		return nil, core.Wait(core.CodeNotReady, crowdWait, nil)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// takes is how often the deadline of an answer's next byte is moved on.
const takes = time.Second

// pacedAnswer moves the deadline by which a client has to have taken what was
// written, so that one which reads nothing, or drop by drop, does not hold its
// request for ever. The streams of events set their own.
type pacedAnswer struct {
	control *http.ResponseController
	limits  Limits
	began   time.Time // of the answer's first byte
	moved   time.Time
	off     bool
}

// next is called before that many more bytes are written behind sent.
func (p *pacedAnswer) next(sent int64, more int) {
	now := time.Now()
	if p.off || now.Sub(p.moved) < takes {
		return
	}
	if p.began.IsZero() {
		p.began = now
	}
	p.moved = now
	earned := time.Duration(float64(sent+int64(more)) / float64(p.limits.MinDownloadRate) * float64(time.Second))
	// Without deadlines there is no connection to hold. net/http takes it back at
	// the request's end.
	_ = p.control.SetWriteDeadline(p.began.Add(p.limits.DownloadGrace + earned))
}
