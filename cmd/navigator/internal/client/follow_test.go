package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// tape is a service whose stream plays one connection after the other, the last
// for ever; what is looked at is always the same.
type tape struct {
	t           *testing.T
	connections []func(*play)
	doc         map[string]any

	mu     sync.Mutex
	opened []string // Last-Event-ID of each connection
	tokens []string
	looks  int
}

// play is one connection under way.
type play struct {
	http.ResponseWriter
	*http.Request
}

func (p *play) say(text string) {
	p.ResponseWriter.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprint(p.ResponseWriter, text)
	_ = http.NewResponseController(p.ResponseWriter).Flush()
}

// cut breaks the connection.
func (p *play) cut(t *testing.T) {
	conn, _, err := http.NewResponseController(p.ResponseWriter).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}

func (s *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if strings.HasSuffix(r.URL.Path, "/status") {
		s.looks++
		s.mu.Unlock()
		answer(w, 200, s.doc)
		return
	}
	next := s.connections[min(len(s.opened), len(s.connections)-1)]
	s.opened = append(s.opened, r.Header.Get("Last-Event-ID"))
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	s.mu.Unlock()
	next(&play{w, r})
}

// status and the others are messages as the service writes them.
func status(id int, word string, timings string) string {
	return fmt.Sprintf("id: %d\nevent: status\ndata: {\"document_id\":\"d\",\"status\":%q,\"attempt\":1,\"timings\":%s}\n\n", id, word, timings)
}

func moved(id int, was, is string) string {
	return fmt.Sprintf("id: %d\nevent: move\ndata: {\"event_id\":%d,\"document_id\":\"d\",\"attempt\":1,\"was\":%q,\"status\":%q,\"code\":null,\"lasted_ms\":7}\n\n", id, id, was, is)
}

func ends(why string) string { return "event: end\ndata: {\"reason\":\"" + why + "\"}\n\n" }

const beat = ": a comment\n\nevent: heartbeat\ndata: {\"at\":\"2026-01-31T09:00:00Z\"}\n\n"

func (s *tape) client(o client.Options) *client.Client {
	if o.Pause == nil {
		o.Pause = (&pauses{}).pause
	}
	s.doc = at("complete", map[string]int{"uploaded": 10, "parse_queued": 20})
	return serve(s.t, s.ServeHTTP, o)
}

// follow follows, and gives the statuses reached.
func (s *tape) follow(o client.Options) (words []string, doc client.Document, err error) {
	s.t.Helper()
	doc, err = s.client(o).Follow(s.t.Context(), "d", client.Watch{Step: func(_ client.Document, r client.Reached) { words = append(words, r.Status) }})
	return words, doc, err
}

func TestFollowListens(t *testing.T) {
	t.Parallel()
	s := &tape{t: t, connections: []func(*play){func(p *play) {
		p.say(status(1, "uploaded", "{}") + beat + moved(2, "uploaded", "parse_queued"))
		p.say(status(2, "parse_queued", `{"uploaded":10}`) + status(3, "complete", `{"uploaded":10,"parse_queued":20}`) + ends("ended"))
	}}}
	words, doc, err := s.follow(client.Options{})
	if diff := cmp.Diff([]string{"uploaded", "parse_queued", "complete"}, words); diff != "" || err != nil || doc.Status != "complete" {
		t.Errorf("%v, %+v: %s", err, doc, diff)
	}
	if s.looks != 0 {
		t.Errorf("looked %d times beside the stream", s.looks)
	}
}

// A service without the stream, and one that refuses it, is looked at.
func TestFollowLooksWhereThereIsNoStream(t *testing.T) {
	t.Parallel()
	for _, code := range []int{404, 405, 406, 429, 503, 500} {
		s := &tape{t: t, connections: []func(*play){func(p *play) { refuse(p.ResponseWriter, code, "x") }}}
		words, _, err := s.follow(client.Options{})
		if diff := cmp.Diff([]string{"uploaded", "parse_queued", "complete"}, words); diff != "" || err != nil {
			t.Errorf("%d: %v, %s", code, err, diff)
		}
		if want := map[bool]int{true: 1, false: 4}[code < 407]; len(s.opened) != want || s.looks != 1 {
			t.Errorf("%d: %d streams opened, %d looks", code, len(s.opened), s.looks)
		}
	}
}

func TestFollowGivesUpWhereItMayNot(t *testing.T) {
	t.Parallel()
	s := &tape{t: t, connections: []func(*play){func(p *play) { refuse(p.ResponseWriter, 403, "denied") }}}
	if _, _, err := s.follow(client.Options{}); !client.HasCode(err, "denied") || s.looks != 0 || len(s.opened) != 1 {
		t.Errorf("%v, %d looks", err, s.looks)
	}
}

// A stream that breaks, stops or takes too long is resumed behind what was
// told, without a word being told twice.
func TestFollowResumes(t *testing.T) {
	t.Parallel()
	waits := &pauses{}
	s := &tape{t: t, connections: []func(*play){
		func(p *play) { p.say(status(1, "uploaded", "{}")); p.cut(t) },
		func(p *play) { p.cut(t) },
		func(p *play) { p.say(status(2, "parse_queued", `{"uploaded":10}`) + ends("stopping")) },
		func(p *play) { refuse(p.ResponseWriter, 503, "internal") },
		func(p *play) { p.say(status(2, "parse_queued", `{"uploaded":10}`) + ends("too_long")) },
		func(p *play) { p.say(status(9, "failed_parse", `{"uploaded":10,"parse_queued":20}`) + ends("ended")) },
	}}
	words, doc, err := s.follow(client.Options{Pause: waits.pause})
	if diff := cmp.Diff([]string{"uploaded", "parse_queued", "failed_parse"}, words); diff != "" || err != nil || doc.Status != "failed_parse" {
		t.Errorf("%v, %+v: %s", err, doc, diff)
	}
	if diff := cmp.Diff([]string{"", "1", "1", "2", "2", "2"}, s.opened); diff != "" {
		t.Error(diff)
	}
	ms := time.Millisecond
	if diff := cmp.Diff([]time.Duration{250 * ms, 500 * ms, 250 * ms, 500 * ms, 1000 * ms}, waits.list); diff != "" || s.looks != 0 {
		t.Errorf("%d looks, waits: %s", s.looks, diff)
	}
}

func TestFollowLooksWhereTheStreamKeepsBreaking(t *testing.T) {
	t.Parallel()
	s := &tape{t: t, connections: []func(*play){func(p *play) { p.cut(t) }}}
	if words, _, err := s.follow(client.Options{}); err != nil || len(words) != 3 || s.looks != 1 || len(s.opened) < 4 {
		t.Errorf("%v, %v after %d streams and %d looks", words, err, len(s.opened), s.looks)
	}
}

func TestFollowTakesAnotherToken(t *testing.T) {
	t.Parallel()
	waits := &pauses{}
	s := &tape{t: t, connections: []func(*play){
		func(p *play) { p.say(status(1, "uploaded", "{}") + ends("token_expired")) },
		func(p *play) { refuse(p.ResponseWriter, 401, "token_expired") },
		func(p *play) { p.say(status(2, "complete", `{"uploaded":10}`) + ends("ended")) },
	}}
	if words, _, err := s.follow(client.Options{Tokens: &chain{[]client.Secret{"old", "new"}}, Pause: waits.pause}); err != nil || len(words) != 2 {
		t.Errorf("%v, %v", words, err)
	}
	if diff := cmp.Diff([]string{"Bearer old", "Bearer old", "Bearer new"}, s.tokens); diff != "" || len(waits.list) != 0 {
		t.Errorf("waited %v: %s", waits.list, diff)
	}
}

// 204 says that nothing follows what was told: the end is looked up.
func TestFollowOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]func(*play){
		"no content": func(p *play) { p.WriteHeader(http.StatusNoContent) },
		"ended":      func(p *play) { p.say(ends("ended")) },
	} {
		s := &tape{t: t, connections: []func(*play){func(p *play) { p.say(status(1, "uploaded", "{}")); p.cut(t) }, last}}
		if words, doc, err := s.follow(client.Options{}); err != nil || doc.Status != "complete" || len(words) != 3 || s.looks != 1 {
			t.Errorf("%s: %v, %v, %d looks", name, words, err, s.looks)
		}
	}
}

// Not even a heartbeat: the connection is dead, though nothing says so.
func TestFollowNoticesSilence(t *testing.T) {
	t.Parallel()
	s := &tape{t: t, connections: []func(*play){
		func(p *play) { p.say(status(1, "uploaded", "{}")); <-p.Context().Done() },
		func(p *play) { p.say(status(2, "complete", `{"uploaded":10}`) + ends("ended")) },
	}}
	if words, _, err := s.follow(client.Options{Quiet: 50 * time.Millisecond}); err != nil || len(words) != 2 || len(s.opened) != 2 {
		t.Errorf("%v, %v", words, err)
	}
}

func TestFollowOfNonsense(t *testing.T) {
	t.Parallel()
	s := &tape{t: t, connections: []func(*play){func(p *play) { p.say("event: status\ndata: <html>\n\n") }}}
	if _, _, err := s.follow(client.Options{}); err == nil || !strings.Contains(err.Error(), "is it this service") {
		t.Errorf("got %v", err)
	}
}

func TestFollowStopsWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &tape{t: t, connections: []func(*play){func(p *play) { p.say(status(1, "uploaded", "{}")); <-p.Context().Done() }}}
	_, err := s.client(client.Options{}).Follow(ctx, "d", client.Watch{Look: func(client.Document) { cancel() }})
	if err == nil || ctx.Err() == nil || s.looks != 0 {
		t.Errorf("got %v after %d looks", err, s.looks)
	}
}

// moves reads a document's moves, each as its number and status.
func (s *tape) moves(follow bool) (got []string, err error) {
	s.t.Helper()
	err = s.client(client.Options{}).Moves(s.t.Context(), "d", follow, func(m client.Move) {
		got = append(got, fmt.Sprintf("%d %s>%s", m.EventID, m.Was, m.Status))
	})
	return got, err
}

func TestMovesSoFar(t *testing.T) {
	t.Parallel()
	wait := func(p *play) { <-p.Context().Done() }
	for name, tells := range map[string]func(*play){
		"moves first": func(p *play) {
			p.say(moved(1, "", "uploaded") + moved(2, "uploaded", "parse_queued") + status(2, "parse_queued", "{}"))
			wait(p)
		},
		"status first": func(p *play) {
			p.say(status(2, "parse_queued", "{}") + moved(1, "", "uploaded") + moved(2, "uploaded", "parse_queued"))
			wait(p)
		},
		"heartbeat": func(p *play) {
			p.say(status(9, "parse_queued", "{}") + moved(1, "", "uploaded") + moved(2, "uploaded", "parse_queued") + beat)
			wait(p)
		},
	} {
		s := &tape{t: t, connections: []func(*play){tells}}
		got, err := s.moves(false)
		if diff := cmp.Diff([]string{"1 >uploaded", "2 uploaded>parse_queued"}, got); diff != "" || err != nil || s.looks != 0 {
			t.Errorf("%s: %v, %s", name, err, diff)
		}
		if s.opened[0] != "0" {
			t.Errorf("%s: asked for the moves behind %q", name, s.opened[0])
		}
	}
}

func TestMovesAreFollowedOverABreak(t *testing.T) {
	t.Parallel()
	s := &tape{t: t, connections: []func(*play){
		func(p *play) { p.say(moved(4, "", "uploaded") + status(5, "parse_queued", "{}")); p.cut(t) },
		func(p *play) {
			p.say(moved(4, "", "uploaded") + moved(5, "uploaded", "parse_queued") + status(5, "parse_queued", "{}") + beat)
			p.say(moved(6, "parse_queued", "cancelled") + status(6, "cancelled", "{}") + ends("ended"))
		},
	}}
	got, err := s.moves(true)
	if diff := cmp.Diff([]string{"4 >uploaded", "5 uploaded>parse_queued", "6 parse_queued>cancelled"}, got); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	if diff := cmp.Diff([]string{"0", "4"}, s.opened); diff != "" {
		t.Error(diff)
	}
}

// Without a stream the attempt's moves are read off its status.
func TestMovesWithoutAStream(t *testing.T) {
	t.Parallel()
	for _, follow := range []bool{false, true} {
		s := &tape{t: t, connections: []func(*play){func(p *play) { refuse(p.ResponseWriter, 404, "not_found") }}}
		got, err := s.moves(follow)
		if diff := cmp.Diff([]string{"0 >uploaded", "0 uploaded>parse_queued", "0 parse_queued>complete"}, got); diff != "" || err != nil {
			t.Errorf("%v, %s", err, diff)
		}
	}
}
