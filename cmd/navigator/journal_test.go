package main

import (
	"context"
	"sync"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// journal notes how the library's documents move. Each look moves them on.
type journal struct {
	library
	mu     sync.Mutex
	events map[core.ID][]ports.Event
}

func newJournal(l library) *journal { return &journal{library: l, events: map[core.ID][]ports.Event{}} }

func (j *journal) News(ctx context.Context, who ports.Principal, marks []ports.Mark) (news []ports.News, err error) {
	for _, m := range marks {
		if n := j.newsOf(ctx, who, m); n.Standing == nil || n.Mark != m {
			news = append(news, n)
		}
	}
	return news, nil
}

func (j *journal) newsOf(ctx context.Context, who ports.Principal, m ports.Mark) ports.News {
	n := ports.News{Mark: ports.Mark{Document: m.Document}}
	standing, err := j.Standing(ctx, who, m.Document)
	if err != nil {
		return n
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	events := j.events[m.Document]
	e := ports.Event{ID: int64(len(events)) + 1, Document: m.Document, Attempt: standing.Attempt, Status: standing.Status}
	if len(events) > 0 {
		e.Was = events[len(events)-1].Status
	}
	if e.Was != e.Status {
		events = append(events, e)
		j.events[m.Document] = events
	}
	n.Standing = &standing
	n.Mark.Event, n.Mark.Done, n.Mark.Total = int64(len(events)), standing.Embedded, standing.Chunks
	if m.Event >= 0 && m.Event < n.Mark.Event {
		n.Events = events[m.Event:]
	}
	return n
}
