package boot_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// happening is one event of a stream as a client reads it.
type happening struct{ id, event, data string }

// listening is an open stream.
type listening struct {
	t      testing.TB
	status int
	lines  *bufio.Reader
	cut    context.CancelFunc
}

// listen opens the stream of a document, after an event where one is named.
func (p person) listen(id, after string) *listening {
	p.w.t.Helper()
	ctx, cut := context.WithTimeout(context.Background(), 2*patience) // of many documents the last one takes a while
	p.w.t.Cleanup(cut)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.w.api+"/documents/"+id+"/events", nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	if after != "" {
		request.Header.Set("Last-Event-ID", after)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.w.t.Cleanup(func() { _ = response.Body.Close() })
	return &listening{p.w.t, response.StatusCode, bufio.NewReader(response.Body), cut}
}

// next reads one event; none is the stream's close.
func (l *listening) next() (h happening, open bool) {
	l.t.Helper()
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			return h, false
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			h.id = value
		case "event":
			h.event = value
		case "data":
			h.data = value
		case "":
			return h, true
		}
	}
}

func field[T any](t testing.TB, h happening, name string) (value T) {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(h.data), &fields); err != nil {
		t.Fatalf("%+v: %v", h, err)
	}
	if err := json.Unmarshal(fields[name], &value); err != nil {
		t.Fatalf("%s of %+v: %v", name, h, err)
	}
	return value
}

// moves reads moves up to limit of them or the end; it gives the last number.
func (l *listening) moves(last string, limit int) (string, []core.Status) {
	l.t.Helper()
	var list []core.Status
	for len(list) < limit {
		h, open := l.next()
		if !open || h.event == "end" {
			break
		}
		if h.event == "move" {
			last, list = h.id, append(list, field[core.Status](l.t, h, "status"))
		}
	}
	return last, list
}

// A stream that is cut in the middle and taken up again shows the whole way:
// every status once and in order.
func TestEventsOfAnUploadOverACut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	paper := corpus.Summary()
	id := ada.taken(paper.Name, paper.Bytes)
	first := ada.listen(id, "0")
	last, got := first.moves("0", 4)
	first.cut()
	if foreign := bob.listen(id, last); foreign.status != http.StatusNotFound {
		t.Errorf("bob listens: %d", foreign.status)
	}
	second := ada.listen(id, last)
	last, rest := second.moves(last, len(core.Way()))
	if diff := cmp.Diff(core.Way(), append(got, rest...)); diff != "" {
		t.Errorf("the moves are not the ten statuses in order:\n%s", diff)
	}
	if diff := cmp.Diff(w.events(id), core.Way()); diff != "" {
		t.Error(diff)
	}
	if back := ada.listen(id, last); back.status != http.StatusNoContent {
		t.Errorf("back at the end: %d", back.status)
	}
	fresh := ada.listen(id, "")
	status, _ := fresh.next()
	end, _ := fresh.next()
	if status.event != "status" || status.id != last || field[core.Status](t, status, "status") != core.Complete ||
		end.event != "end" || field[string](t, end, "reason") != "ended" {
		t.Errorf("%+v, then %+v", status, end)
	}
	if _, open := fresh.next(); open {
		t.Error("the stream goes on after its end")
	}
}

// A process that stops tells its streams, and waits for none of them: the stop
// is orderly although a stream would have gone on for half an hour.
func TestEventsDoNotHoldUpAStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API) // and no worker: the document stays where it is
	ada := w.person("ada")
	paper := corpus.Summary()
	id := ada.taken(paper.Name, paper.Bytes)
	open := []*listening{ada.listen(id, ""), ada.listen(id, "")}
	for _, l := range open {
		if h, _ := l.next(); h.event != "status" || field[core.Status](t, h, "status") != core.Uploaded {
			t.Fatalf("%+v", h)
		}
	}
	w.halt() // fails when the streams are cut off by the drain's own bound
	for _, l := range open {
		var seen []string
		for h, there := l.next(); there; h, there = l.next() {
			seen = append(seen, h.event)
			if h.event == "end" && field[string](t, h, "reason") != "stopping" {
				t.Errorf("%+v", h)
			}
		}
		if len(seen) == 0 || !slices.Contains(seen, "end") {
			t.Errorf("the stream closed with %v", seen)
		}
	}
}
