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

// Wait looks at a document until its attempt ends, more often while it moves,
// and tells step of every status reached, once and in order, those passed
// between two looks included; look is told of every answer. Either may be nil.
// A service that is away for a moment is waited for.
func (c *Client) Wait(ctx context.Context, id string, step func(Document, Reached), look func(Document)) (Document, error) {
	one := statusCall(id)
	one.stubborn = true
	var way trail
	for wait := quickLook; ; {
		var doc Document
		header, err := c.do(ctx, one, &doc)
		if err != nil {
			return doc, err
		}
		news := way.news(doc)
		for _, r := range news {
			if step != nil {
				step(doc, r)
			}
		}
		if look != nil {
			look(doc)
		}
		if Ended(doc.Status) {
			return doc, nil
		}
		wait = nextLook(wait, len(news) > 0)
		if err := c.Pause(ctx, max(wait, min(retryAfter(header, time.Now()), maxWait))); err != nil {
			return doc, err
		}
	}
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
