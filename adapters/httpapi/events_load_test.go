package httpapi

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Nothing that a test started outlives the tests: neither a stream nor the
// questions for it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A client that takes nothing is let go by the deadline of a single event.
func TestEventsOfAClientThatReadsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick(func(d *APIDeps) { d.Limits.StreamWriteTime = 50 * time.Millisecond }))
	id := b.journal.upload(ada.ID)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it is broken by then
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", eventsPath(id), adaToken); err != nil {
		t.Fatal(err)
	}
	bulk := strings.Repeat("x", 256<<10)
	deadline := time.After(60 * time.Second)
	for n := 1; ; n++ {
		b.journal.embed(id, n, 1<<30, bulk)
		select {
		case o := <-b.seen:
			if o.Route != "GET "+pathEvents || o.BytesOut < int64(len(bulk)) {
				t.Errorf("%+v", o)
			}
			return
		case <-deadline:
			t.Fatal("the stream is held open")
		case <-time.After(time.Millisecond): // the next event
		}
	}
}

// However many streams one user has, a round asks once for all of them, and
// nobody asks once they are gone. The log says what idle streams cost.
func TestEventsOfOneUserAreAskedForAtOnce(t *testing.T) {
	t.Parallel()
	const streams = 100
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxStreams = streams })
	var list []*listener
	for range streams {
		id := b.journal.upload(ada.ID)
		l := b.listen(eventsPath(id), adaToken)
		l.is(eventStatus, b.journal.last)
		list = append(list, l)
	}
	before, began := len(b.journal.rounds()), time.Now()
	var rounds []int
	for deadline := time.Now().Add(60 * time.Second); len(rounds) < 24; {
		if time.Now().After(deadline) {
			t.Fatalf("only %d rounds", len(rounds))
		}
		time.Sleep(10 * time.Millisecond) // counted while the poller runs by its own clock; bounded by the deadline above
		rounds = b.journal.rounds()[before:]
	}
	took := time.Since(began)
	for _, n := range rounds {
		if n != streams {
			t.Errorf("a round asked for %d documents of %d", n, streams)
		}
	}
	t.Logf("%d idle streams of one user: %d queries in %s, %.2f a second, %d goroutines in the process", streams, len(rounds),
		took.Round(time.Millisecond), float64(len(rounds))/took.Seconds(), runtime.NumGoroutine())
	for _, l := range list {
		l.cut()
		b.observed("GET " + pathEvents)
	}
	if got := b.get(eventsPath(core.NewID()), adaToken); got.status != http.StatusNotFound {
		t.Errorf("%d", got.status)
	}
}

// A stream may join while a round is under way that asked from further on than
// the stream has been told: that round's news is not for it, the next one's is.
func TestEventsOfAStreamThatJoinsDuringARound(t *testing.T) {
	t.Parallel()
	journal, who := newJournal(), ports.Principal{User: ada.ID}
	h := newHub(journal, Limits{StreamTick: time.Hour}.orDefaults(), slog.New(slog.DiscardHandler))
	id := journal.upload(ada.ID)
	first := journal.last
	second := journal.move(id, core.ParseQueued)
	for range 2 {
		if !h.enter(who.User) {
			t.Fatal("no place")
		}
		defer h.leave(who.User)
	}
	ahead := h.watch(who, ports.Mark{Document: id, Event: second})
	defer h.unwatch(ahead)
	p := h.users[who.User]
	_, asked := p.question()
	third := journal.move(id, core.Parsed)
	news, _ := journal.News(t.Context(), who, []ports.Mark{asked[id]})
	behind := h.watch(who, ports.Mark{Document: id, Event: first})
	defer h.unwatch(behind)
	p.publish(t.Context(), asked, news)
	if got := behind.take(); len(got) != 0 {
		t.Fatalf("it is told %+v", got)
	}
	if err := p.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []*subscription{ahead, behind} {
		got := sub.take()
		if len(got) != 1 || len(got[0].Events) != 2 || got[0].Events[0].ID != second || got[0].Mark.Event != third {
			t.Errorf("it is told %+v", got)
		}
	}
}
