package inprocess

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// DefaultActors is how many actors are told apart in production within a minute.
const DefaultActors = 10_000

// rowEvery is how often at most one actor's events of a kind become a row.
const rowEvery = time.Minute

// mostNamed is how many documents one row of events names.
const mostNamed = 50

// Security counts security events by kind and actor until they are flushed. It
// fills ports.Security: an attack costs memory for so many actors and no more,
// and a row a minute for each.
type Security struct {
	now     func() time.Time
	actors  int
	counted func(core.SecurityKind)

	mu      sync.Mutex
	tallies map[securityActor]*tally
}

// securityActor is who is behind events: a user, a network, or, beyond the
// actors that can be told apart, anybody.
type securityActor struct {
	kind    core.SecurityKind
	service string
	user    core.ID
	network string
}

type tally struct {
	count     int // since the last row
	documents []core.ID
	what      string
	request   core.ID // of the first since the last row
	written   time.Time
}

// NewSecurity makes a Security that tells that many actors apart. Counted is told
// of every event, for metrics.
func NewSecurity(actors int, counted func(core.SecurityKind)) *Security {
	return newSecurity(actors, counted, time.Now)
}

func newSecurity(actors int, counted func(core.SecurityKind), now func() time.Time) *Security {
	return &Security{now: now, actors: actors, counted: counted, tallies: map[securityActor]*tally{}}
}

// Note counts an event of the context's origin.
func (s *Security) Note(ctx context.Context, e core.SecurityEvent) {
	s.counted(e.Kind)
	from := core.OriginOf(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	actor := securityActor{e.Kind, from.Service, e.User, from.Network}
	t := s.tallies[actor]
	if t == nil && len(s.tallies) >= s.actors {
		actor = securityActor{kind: e.Kind, service: from.Service}
		t = s.tallies[actor]
	}
	if t == nil {
		t = &tally{}
		s.tallies[actor] = t
	}
	if t.count == 0 {
		t.request, t.what, t.documents = from.Request, e.What, nil
	}
	t.count++
	for _, id := range e.Documents {
		if len(t.documents) < mostNamed && !slices.Contains(t.documents, id) {
			t.documents = append(t.documents, id)
		}
	}
}

// Flush writes a row for each actor that has events and had no row for a minute;
// with all, for each that has events. What write refuses is kept for the next
// time. Actors that were silent for a minute are forgotten.
func (s *Security) Flush(ctx context.Context, all bool, write func(context.Context, core.AuditEntry) error) error {
	for _, row := range s.due(all) {
		if err := write(core.From(ctx, row.from), row.AuditEntry); err != nil {
			return err
		}
		s.written(row)
	}
	return nil
}

// securityRow is an entry that is to be written, with its origin and its tally.
type securityRow struct {
	core.AuditEntry
	from  core.Origin
	actor securityActor
}

// due makes the rows, and forgets who was silent.
func (s *Security) due(all bool) (rows []securityRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for actor, t := range s.tallies {
		rested := now.Sub(t.written) >= rowEvery
		switch {
		case t.count == 0 && rested:
			delete(s.tallies, actor)
		case t.count > 0 && (rested || all):
			rows = append(rows, rowOf(actor, t))
		}
	}
	return rows
}

func rowOf(actor securityActor, t *tally) securityRow {
	e := core.AuditEntry{Actor: core.ActorUser, User: actor.user, Action: core.AuditAction(actor.kind), What: t.what,
		Documents: slices.Clone(t.documents), Outcome: core.AuditRefused, Times: t.count}
	if actor.user.IsZero() {
		e.Actor = core.ActorNobody
	}
	return securityRow{e, core.Origin{Service: actor.service, Network: actor.network, Request: t.request}, actor}
}

// written takes what a row told off its tally; what came meanwhile stays.
func (s *Security) written(row securityRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tallies[row.actor]; t != nil {
		t.count -= row.Times
		t.written = s.now()
	}
}

var _ ports.Security = (*Security)(nil)
