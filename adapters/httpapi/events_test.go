package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
)

// The standing comes at once, before anything happens, and is what GET answers.
func TestEventsBeginWithTheStanding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.journal.upload(ada.ID)
	b.journal.embed(id, 0, 0, "a <b>\nc & \u2028.pdf")
	b.library.put(ada.ID, *b.journal.docs[id].standing)
	l := b.listen(eventsPath(id), adaToken)
	first := l.is(eventStatus, b.journal.last)
	var want map[string]any
	b.get("/documents/"+id.String(), adaToken).json(t, &want)
	if diff := cmp.Diff(want, first.json(t)); diff != "" || first.retry != "2000" {
		t.Errorf("retry %q, %s", first.retry, diff)
	}
	for name, value := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Length": "",
	} {
		if l.status != http.StatusOK || l.header.Get(name) != value {
			t.Errorf("%d %s: %q", l.status, name, l.header.Get(name))
		}
	}
}

func TestEventsShowMovesAndThenTheStanding(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick())
	id := b.journal.upload(ada.ID)
	l := b.listen(eventsPath(id), adaToken)
	l.is(eventStatus, b.journal.last)
	n := b.journal.move(id, core.ParseQueued)
	move := l.is(eventMove, n).json(t)
	want := map[string]any{
		"event_id": float64(n), "document_id": id.String(), "attempt": 1.0, "was": "uploaded", "status": "parse_queued",
		"progress": 20.0, "at": move["at"], "lasted_ms": 1000.0, "code": nil,
	}
	if diff := cmp.Diff(want, move); diff != "" {
		t.Error(diff)
	}
	if s := l.is(eventStatus, n).json(t); s["status"] != "parse_queued" || s["next_step"] != "waits_for_parser" {
		t.Errorf("status %v", s)
	}
	b.journal.embed(id, 3, 7, "policy.pdf")
	if s := l.is(eventStatus, n).json(t); fmt.Sprint(s["chunks"]) != "map[done:3 total:7]" {
		t.Errorf("chunks %v", s["chunks"])
	}
	n = b.journal.move(id, core.FailedParse)
	if move := l.is(eventMove, n).json(t); move["code"] != "parse_failed" || move["progress"] != 20.0 {
		t.Errorf("failure %v", move)
	}
	l.is(eventStatus, n)
	l.ends(endEnded)
}

func TestEventsOfAnEndedDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick())
	for _, end := range []core.Status{core.Complete, core.FailedParse, core.Cancelled} {
		id := b.journal.upload(ada.ID)
		first := b.journal.last
		last := b.journal.move(id, end)
		l := b.listen(eventsPath(id), adaToken)
		l.is(eventStatus, last)
		l.ends(endEnded)
		l = b.listen(eventsPath(id), adaToken, "Last-Event-ID", strconv.FormatInt(first, 10))
		l.is(eventMove, last)
		l.is(eventStatus, last)
		l.ends(endEnded)
		for _, n := range []int64{last, last + 1000} { // had everything, or says so
			got := b.get(eventsPath(id)+"?last_event_id="+strconv.FormatInt(n, 10), adaToken)
			if got.status != http.StatusNoContent || len(got.body) != 0 {
				t.Errorf("%s: back at %d: %d %q", end, n, got.status, got.body)
			}
		}
	}
}

func TestEventsResume(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.journal.upload(ada.ID)
	one := b.journal.last
	b.journal.upload(ada.ID) // another document's number lies between
	two, three := b.journal.move(id, core.ParseQueued), b.journal.move(id, core.Parsed)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for name, c := range map[string]struct {
		query, header string
		moves         []int64
	}{
		"none":                  {},
		"from the beginning":    {header: "0", moves: []int64{one, two, three}},
		"in the middle":         {header: number(one), moves: []int64{two, three}},
		"another's number":      {header: number(one + 1), moves: []int64{two, three}},
		"by query":              {query: number(two), moves: []int64{three}},
		"the header goes ahead": {query: "0", header: number(two), moves: []int64{three}},
		"all seen":              {header: number(three)},
		"ahead":                 {header: number(three + 1000)},
		"far ahead":             {query: strings.Repeat("9", 40)},
	} {
		path, headers := eventsPath(id), []string{}
		if c.query != "" {
			path += "?last_event_id=" + c.query
		}
		if c.header != "" {
			headers = []string{"Last-Event-ID", c.header}
		}
		l := b.listen(path, adaToken, headers...)
		for i, n := range c.moves {
			if e := l.is(eventMove, n); (e.retry != "") != (i == 0) {
				t.Errorf("%s: retry %q at %d", name, e.retry, i)
			}
		}
		l.is(eventStatus, three)
		l.cut()
	}
	for _, bad := range []string{"x", "-1", "1.5", "0x10", "1%202", "%20"} {
		p := b.get(eventsPath(id)+"?last_event_id="+bad, adaToken).problem(t, http.StatusUnprocessableEntity, "invalid_request")
		if fields := fmt.Sprint(p["errors"]); !strings.Contains(fields, "query.last_event_id") || !strings.Contains(fields, "whole number") {
			t.Errorf("%s: %s", bad, fields)
		}
	}
}

func TestEventsHeartbeat(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.StreamHeartbeat = 5 * time.Millisecond })
	l := b.listen(eventsPath(b.journal.upload(ada.ID)), adaToken)
	l.is(eventStatus, 1)
	for range 3 {
		e := <-l.came
		if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(e.json(t)["at"])); e.event != eventHeartbeat || e.id != "" || err != nil {
			t.Fatalf("%+v %v", e, err)
		}
	}
}

func TestEventsEndWithTheDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick())
	id, gone := b.journal.upload(ada.ID), b.journal.upload(ada.ID)
	l, m := b.listen(eventsPath(id), adaToken), b.listen(eventsPath(gone), adaToken)
	l.is(eventStatus, 1)
	m.is(eventStatus, 2)
	n := b.journal.move(id, core.Deleting)
	l.is(eventMove, n)
	l.is(eventStatus, n)
	l.ends(endDeleted)
	b.journal.erase(gone)
	m.ends(endDeleted)
	for _, id := range []core.ID{id, gone} {
		b.get(eventsPath(id), adaToken).problem(t, http.StatusNotFound, "not_found")
	}
}

func TestEventsEndWithTimeTokenAndProcess(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	long := newBench(t, quick(func(d *APIDeps) { d.Limits.MaxStreamTime = 30 * time.Millisecond }))
	short := newBench(t, quick(func(d *APIDeps) { d.Verifier = briefVerifier{30 * time.Millisecond} }))
	down := newBench(t, quick(func(d *APIDeps) { d.Stopping = stopping }))
	for why, b := range map[endReason]*bench{endTooLong: long, endExpired: short, endStopping: down} {
		l := b.listen(eventsPath(b.journal.upload(ada.ID)), adaToken)
		l.is(eventStatus, 1)
		if why == endStopping {
			close(stopping)
		}
		l.ends(why)
	}
}

// TestS01EventsOfAnothersDocument: foreign, unknown, and an id that is none are
// one answer.
func TestS01EventsOfAnothersDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := b.journal.upload(ada.ID)
	var bodies []string
	for _, id := range []string{mine.String(), anyID, "not-an-id"} {
		p := b.get("/documents/"+id+"/events", bobToken).problem(t, http.StatusNotFound, "not_found")
		delete(p, "instance")
		text, _ := json.Marshal(p)
		bodies = append(bodies, string(text))
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("the answers differ: %v", bodies)
	}
	b.get(eventsPath(mine), "").problem(t, http.StatusUnauthorized, "unauthenticated")
}

// The count is each user's own, and a stream that has ended is no longer in it.
func TestEventsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick(func(d *APIDeps) { d.Limits.MaxStreams = 2 }))
	id, bobs := b.journal.upload(ada.ID), b.journal.upload(bobID)
	one, two := b.listen(eventsPath(id), adaToken), b.listen(eventsPath(id), adaToken)
	one.is(eventStatus, 1)
	two.is(eventStatus, 1)
	got := b.get(eventsPath(id), adaToken)
	if p := got.problem(t, http.StatusTooManyRequests, "rate_limited"); got.header.Get("Retry-After") == "" || !strings.Contains(fmt.Sprint(p["detail"]), "2 event streams") {
		t.Errorf("%v %v", got.header, p)
	}
	b.listen(eventsPath(bobs), bobToken).is(eventStatus, 2)
	b.get("/documents/"+anyID+"/events", bobToken).problem(t, http.StatusNotFound, "not_found") // and holds no place
	b.observed("GET " + pathEvents)
	b.observed("GET " + pathEvents)
	one.cut()
	b.observed("GET " + pathEvents)
	b.listen(eventsPath(id), adaToken).is(eventStatus, 1)
	b.listen(eventsPath(bobs), bobToken).is(eventStatus, 2)
}

func TestEventsWhileTheDatabaseIsInTrouble(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick())
	id := b.journal.upload(ada.ID)
	l := b.listen(eventsPath(id), adaToken)
	l.is(eventStatus, 1)
	b.journal.set("News", core.Fail(core.CodeDatabaseUnavailable, nil))
	got := b.get(eventsPath(id), adaToken)
	if got.problem(t, http.StatusServiceUnavailable, "database_unavailable"); got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	n := b.journal.move(id, core.ParseQueued)
	b.logged(`"msg":"events","failing":true,"error_class":"database_unavailable"`)
	b.journal.set("News", nil)
	l.is(eventMove, n)
	l.is(eventStatus, n)
	b.logged(`"msg":"events","failing":false`)
	if n := strings.Count(b.log.String(), `"failing"`); n != 2 {
		t.Errorf("one trouble is logged %d times", n)
	}
}

func TestEventsOfAHeadRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.do(http.MethodHead, eventsPath(b.journal.upload(ada.ID)), adaToken, "", nil)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != eventStreamType || len(got.body) != 0 {
		t.Errorf("%d %v", got.status, got.header)
	}
}

// However the moves fall, and wherever clients are cut off and come back, each
// gets every move once and in order, and no standing ahead of its moves.
func TestEventsSkipAndDoubleNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t, quick())
		defer b.server.Close()
		defer b.server.CloseClientConnections()
		ids := make([]core.ID, rapid.IntRange(1, 3).Draw(r, "documents"))
		for i := range ids {
			ids[i] = b.journal.upload(ada.ID)
		}
		pauses := rapid.SliceOfN(rapid.IntRange(0, 3), 10, 10).Draw(r, "pauses")
		cuts := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 4).Draw(r, "cuts")
		var running sync.WaitGroup
		for _, id := range ids {
			running.Go(func() { b.walk(id, pauses) })
			for i := range 2 {
				running.Go(func() { b.collect(id, cuts[i%len(cuts):]) })
			}
		}
		running.Wait()
	})
}

// walk takes a document along its whole way.
func (b *bench) walk(id core.ID, pauses []int) {
	for i, status := range core.Way()[1:] {
		time.Sleep(time.Duration(pauses[i]) * time.Millisecond) // the drawn spacing of the moves is the input here; the result is awaited by the stream's end
		b.journal.move(id, status)
	}
}

// collect reads a document to its end, cut off after some events each time,
// and compares.
func (b *bench) collect(id core.ID, cuts []int) {
	last, got := "0", []string{}
	for i := 0; ; i++ {
		l := b.listen(eventsPath(id), adaToken, "Last-Event-ID", last)
		if l.status == http.StatusNoContent {
			break
		}
		over := false
		for n := 0; !over && (i >= len(cuts) || n < cuts[i]); n++ {
			e := l.next()
			switch e.event {
			case eventMove:
				last, got = e.id, append(got, fmt.Sprint(e.json(b.t)["status"]))
			case eventStatus:
				if e.id != last || e.json(b.t)["status"] != got[len(got)-1] {
					b.t.Errorf("status %s after move %s", e.id, last)
				}
			case eventEnd:
				over = true
			}
		}
		l.cut()
		if over {
			break
		}
	}
	if want := texts(core.Way()); !slices.Equal(got, want) {
		b.t.Errorf("got %v, want %v", got, want)
	}
}
