package client

import (
	"context"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Reached is one status that a document came to.
type Reached struct {
	Status string
	After  time.Duration // from the attempt's start, by the service's clock
}

// Bounds of the time between two looks at a document.
const (
	quickLook = 100 * time.Millisecond
	slowLook  = 2 * time.Second
)

// Watch is told of a document's way; either may be nil.
type Watch struct {
	Step func(Document, Reached) // every status reached, once and in order
	Look func(Document)          // every answer, whether anything moved or not
}

// Wait looks at a document until its attempt ends, more often while it moves,
// and tells of every status reached, those passed between two looks included. A
// service that is away for a moment is waited for.
func (c *Client) Wait(ctx context.Context, id string, watch Watch) (Document, error) {
	return c.poll(ctx, id, &follower{watch: watch})
}

func (c *Client) poll(ctx context.Context, id string, f *follower) (Document, error) {
	one := statusCall(id)
	one.stubborn = true
	for wait := quickLook; ; {
		var doc Document
		header, err := c.do(ctx, one, &doc)
		if err != nil {
			return doc, err
		}
		moved := f.see(doc)
		if Ended(doc.Status) {
			return doc, nil
		}
		wait = nextLook(wait, moved)
		if err := c.Pause(ctx, max(wait, min(retryAfter(header, time.Now()), maxWait))); err != nil {
			return doc, err
		}
	}
}

// follower is what was seen of a document, by whichever way.
type follower struct {
	watch Watch
	way   trail
	doc   Document // as last seen
}

// see takes an answer and reports whether the document has moved.
func (f *follower) see(doc Document) bool {
	f.doc = doc
	news := f.way.news(doc)
	for _, r := range news {
		if f.watch.Step != nil {
			f.watch.Step(doc, r)
		}
	}
	if f.watch.Look != nil {
		f.watch.Look(doc)
	}
	return len(news) > 0
}

// nextLook is soon after a move, and ever later without one.
func nextLook(last time.Duration, moved bool) time.Duration {
	if moved {
		return quickLook
	}
	return min(last*3/2, slowLook)
}

// Ended reports whether nothing follows a status. A word we do not know, from a
// newer service, is no end.
func Ended(status string) bool { return core.Status(status).Terminal() }

// trail remembers what was told of an attempt.
type trail struct {
	attempt int
	told    []string
}

// news is what was reached since the last look.
func (t *trail) news(doc Document) []Reached {
	if doc.Attempt != t.attempt {
		t.attempt, t.told = doc.Attempt, nil
	}
	var news []Reached
	for _, r := range Path(doc) {
		if !slices.Contains(t.told, r.Status) {
			t.told = append(t.told, r.Status)
			news = append(news, r)
		}
	}
	return news
}

// Path is the statuses of a document's attempt so far, in order, each with the
// time at which it was reached.
func Path(doc Document) []Reached {
	var path []Reached
	var spent time.Duration
	for _, status := range core.Way() {
		ms, left := doc.Timings[string(status)]
		if left && string(status) != doc.Status {
			path = append(path, Reached{string(status), spent})
			spent += time.Duration(ms) * time.Millisecond
		}
	}
	return append(path, Reached{doc.Status, spent})
}
