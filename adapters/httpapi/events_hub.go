package httpapi

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// hub counts each user's streams and asks the journal for all of them at once:
// one question a tick and user, whatever the number of streams. It asks rather
// than listens because a pooler in transaction mode loses notifications.
type hub struct {
	journal ports.Journal
	limits  Limits
	logger  *slog.Logger

	mu    sync.Mutex
	users map[core.ID]*poller
}

func newHub(journal ports.Journal, l Limits, logger *slog.Logger) *hub {
	return &hub{journal: journal, limits: l, logger: logger, users: map[core.ID]*poller{}}
}

// poller is one user's streams. The hub's lock guards it.
type poller struct {
	hub     *hub
	user    core.ID
	open    int // streams, also those that are not watching yet
	watches map[core.ID]*watch
	stop    context.CancelFunc // nil while nothing is watched
	quiet   int                // rounds without news
}

// watch is one document with the streams that show it. Mark is at most as new
// as what the oldest of them has been told.
type watch struct {
	mark ports.Mark
	subs map[*subscription]struct{}
}

// subscription is what one stream has not told yet.
type subscription struct {
	who      ports.Principal
	document core.ID
	signal   chan struct{} // holds one token while there is news

	mu   sync.Mutex
	news []ports.News
}

// take empties the subscription.
func (s *subscription) take() []ports.News {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := s.news
	s.news = nil
	return news
}

// put never waits for the stream.
func (s *subscription) put(news ports.News) {
	s.mu.Lock()
	s.news = append(s.news, news)
	s.mu.Unlock()
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// enter counts one more stream of the user, or refuses it.
func (h *hub) enter(user core.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[user]
	if p == nil {
		p = &poller{hub: h, user: user, watches: map[core.ID]*watch{}}
		h.users[user] = p
	}
	if p.open >= h.limits.MaxStreams {
		return false
	}
	p.open++
	return true
}

// leave undoes enter.
func (h *hub) leave(user core.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[user]
	if p.open--; p.open == 0 {
		delete(h.users, user)
	}
}

// watch brings, from now on, all that happens to the document after the mark;
// a little of what happened before may come too. The user has entered.
func (h *hub) watch(who ports.Principal, mark ports.Mark) *subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[who.User]
	w := p.watches[mark.Document]
	if w == nil {
		w = &watch{mark: mark, subs: map[*subscription]struct{}{}}
		p.watches[mark.Document] = w
	}
	if newer(w.mark, mark) { // this stream's first look was earlier than the last round
		w.mark = mark
	}
	sub := &subscription{who: who, document: mark.Document, signal: make(chan struct{}, 1)}
	w.subs[sub] = struct{}{}
	p.quiet = 0
	if p.stop == nil {
		ctx, cancel := context.WithCancel(context.Background()) // outlives the request that came first
		p.stop = cancel
		go p.run(ctx)
	}
	return sub
}

// unwatch ends a subscription, and with the user's last one the questions.
func (h *hub) unwatch(sub *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[sub.who.User]
	w := p.watches[sub.document]
	delete(w.subs, sub)
	if len(w.subs) == 0 {
		delete(p.watches, sub.document)
	}
	if len(p.watches) == 0 {
		p.stop()
		p.stop = nil
	}
}

// The pace: after this many rounds without news the user's streams are idle.
const quietRounds = 20

// run asks in rounds until nobody watches any more.
func (p *poller) run(ctx context.Context) {
	timer := time.NewTimer(p.hub.limits.StreamTick)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := p.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if failed := err != nil; failed != failing {
			failing = failed
			p.hub.logger.LogAttrs(ctx, slog.LevelWarn, "events", slog.Bool("failing", failed), slog.String("error_class", codeWord(err)))
		}
		timer.Reset(p.pace(failing))
	}
}

func codeWord(err error) string {
	if err == nil {
		return ""
	}
	return string(core.AsError(err).Code)
}

// pace is how long to wait for the next round.
func (p *poller) pace(failing bool) time.Duration {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if failing || p.quiet >= quietRounds {
		return max(p.hub.limits.StreamIdleTick, p.hub.limits.StreamTick)
	}
	return p.hub.limits.StreamTick
}

// round asks once for all documents. A failed round costs the wait alone: the
// marks stay, and the next one brings what was missed.
func (p *poller) round(ctx context.Context) error {
	who, asked := p.question()
	if len(asked) == 0 {
		return nil
	}
	marks := make([]ports.Mark, 0, len(asked))
	for _, mark := range asked {
		marks = append(marks, mark)
	}
	within, cancel := context.WithTimeout(ctx, p.hub.limits.StreamPollTime)
	defer cancel()
	news, err := p.hub.journal.News(within, who, marks)
	if err == nil {
		p.publish(ctx, asked, news)
	}
	return err
}

// question is the marks of all documents, and one of their watchers to ask as.
func (p *poller) question() (who ports.Principal, asked map[core.ID]ports.Mark) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	asked = make(map[core.ID]ports.Mark, len(p.watches))
	for id, w := range p.watches {
		asked[id] = w.mark
		for sub := range w.subs {
			who = sub.who
			break
		}
	}
	return who, asked
}

// publish hands the news on. Where the mark is no longer the one asked with, a
// stream has joined that knows less: the next round answers for it too.
func (p *poller) publish(ctx context.Context, asked map[core.ID]ports.Mark, news []ports.News) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if ctx.Err() != nil { // cancelled under this lock: another run has the watches
		return
	}
	p.quiet++
	for _, n := range news {
		w := p.watches[n.Mark.Document]
		if w == nil || w.mark != asked[n.Mark.Document] {
			continue
		}
		p.quiet = 0
		w.mark = n.Mark
		for sub := range w.subs {
			sub.put(n)
		}
	}
}
