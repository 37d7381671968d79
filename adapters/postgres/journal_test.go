package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// news asks for one document's news; nil says that there is none.
func (h *house) news(who ports.Principal, mark ports.Mark) *ports.News {
	h.t.Helper()
	list, err := h.library.News(h.t.Context(), who, []ports.Mark{mark})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func reached(events []ports.Event) (list []core.Status) {
	for _, e := range events {
		list = append(list, e.Status)
	}
	return list
}

// From any number on, what comes is what happened since, with the standing of
// the same moment.
func TestNewsSinceANumber(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.upload(ada, "policy", 2)
	h.walk(doc, core.Finish)
	whole := h.news(ada, ports.Mark{Document: doc.Document})
	if diff := cmp.Diff(core.Way(), reached(whole.Events)); diff != "" {
		t.Fatal(diff)
	}
	standing, err := h.library.Standing(t.Context(), ada, doc.Document)
	if err != nil {
		t.Fatal(err)
	}
	last := whole.Events[len(whole.Events)-1]
	if diff := cmp.Diff(&standing, whole.Standing); diff != "" || whole.Mark != (ports.Mark{Document: doc.Document, Event: last.ID, Done: 2, Total: 2}) {
		t.Errorf("mark %+v, standing %s", whole.Mark, diff)
	}
	for i, e := range whole.Events {
		if e.Document != doc.Document || e.Attempt != 1 || e.At.IsZero() || (i == 0) != (e.Was == "") || e.Code != "" {
			t.Errorf("event %+v", e)
		}
		if i > 0 && (e.ID <= whole.Events[i-1].ID || e.Was != whole.Events[i-1].Status || e.Lasted < 0) {
			t.Errorf("%+v after %+v", e, whole.Events[i-1])
		}
		rest := h.news(ada, ports.Mark{Document: doc.Document, Event: e.ID, Done: ports.Unseen})
		if diff := cmp.Diff(core.Way()[i+1:], append([]core.Status{}, reached(rest.Events)...)); diff != "" {
			t.Errorf("after %d: %s", i, diff)
		}
	}
	if n := h.news(ada, whole.Mark); n != nil {
		t.Errorf("news where nothing happened: %+v", n)
	}
}

// A number ahead of the document's, and no number at all, bring its standing
// and nothing of the past.
func TestNewsFromNowOn(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.upload(ada, "policy", 2)
	for _, from := range []int64{ports.Latest, 1 << 40} {
		n := h.news(ada, ports.Mark{Document: doc.Document, Event: from, Done: ports.Unseen})
		if n == nil || n.Standing == nil || n.Standing.Status != core.Uploaded || len(n.Events) != 0 || n.Mark.Event <= 0 {
			t.Errorf("from %d: %+v", from, n)
		}
	}
}

// Vectors that are kept without a change of status are news too.
func TestNewsOfChunksAlone(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.upload(ada, "policy", 2)
	h.walk(doc, core.Chunk)
	job := core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 4}
	half := func(d core.Document) core.Made {
		v, _ := made(core.Embed, d).(core.Vectors)
		v.Items, v.More = v.Items[:1], true
		return v
	}
	if _, err := h.step(job, half); err != nil {
		t.Fatal(err)
	}
	first := h.news(ada, ports.Mark{Document: doc.Document, Event: ports.Latest, Done: ports.Unseen})
	if first.Mark.Done != 1 || first.Mark.Total != 2 || first.Standing.Embedded != 1 {
		t.Fatalf("after half of them: %+v", first)
	}
	known := first.Mark
	known.Done = 0
	if n := h.news(ada, known); n == nil || len(n.Events) != 0 || n.Mark != first.Mark {
		t.Errorf("no news of the vectors: %+v", n)
	}
}

// What went wrong stands at the move, and the next attempt's moves follow.
func TestNewsOverAttempts(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.upload(ada, "policy", 2)
	job := core.Job{Stage: core.Parse, Document: doc.Document, Attempt: 1, Turn: 0}
	leg, _ := core.LegOf(core.Parse)
	if err := h.store.Fail(t.Context(), job, leg, core.TroubleOf(core.Parse, core.Fail(core.CodeParseFailed, nil))); err != nil {
		t.Fatal(err)
	}
	again, err := h.library.Retry(t.Context(), ada, doc.Document)
	if err != nil {
		t.Fatal(err)
	}
	n := h.news(ada, ports.Mark{Document: doc.Document})
	want := []core.Status{core.Uploaded, core.FailedParse, core.Uploaded}
	if diff := cmp.Diff(want, reached(n.Events)); diff != "" {
		t.Fatal(diff)
	}
	if e := n.Events[1]; e.Code != core.CodeParseFailed || e.Attempt != 1 {
		t.Errorf("the failure is told as %+v", e)
	}
	if e := n.Events[2]; e.Was != "" || e.Attempt != again.Attempt || e.Code != "" || n.Standing.Attempt != 2 {
		t.Errorf("the retry is told as %+v", e)
	}
}

// A stranger learns nothing: neither that the document is, nor its events.
func TestNewsOfAnothersDocument(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	doc := h.upload(ada, "policy", 2)
	h.walk(doc, core.Finish)
	never := core.NewID()
	for _, who := range []ports.Principal{bob, {User: ada.User, Claims: bob.Claims}, {User: bob.User, Claims: ada.Claims}} {
		list, err := h.library.News(t.Context(), who, []ports.Mark{{Document: doc.Document}, {Document: never}})
		if err != nil || len(list) != 2 {
			t.Fatalf("%v %v", list, err)
		}
		for _, n := range list {
			if n.Standing != nil || len(n.Events) != 0 || n.Mark != (ports.Mark{Document: n.Mark.Document}) {
				t.Errorf("a stranger reads %+v", n)
			}
		}
	}
}

// What is erased is gone, and its last move can still be read.
func TestNewsOfADeletedDocument(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.upload(ada, "policy", 2)
	before := h.news(ada, ports.Mark{Document: doc.Document, Event: ports.Latest, Done: ports.Unseen}).Mark
	if err := h.library.Remove(t.Context(), ada, doc.Document); err != nil {
		t.Fatal(err)
	}
	if n := h.news(ada, before); n == nil || n.Standing == nil || n.Standing.Status != core.Deleting {
		t.Errorf("while it is deleted: %+v", n)
	}
	if err := h.store.Erase(t.Context(), doc.Document, nil, nil); err != nil {
		t.Fatal(err)
	}
	n := h.news(ada, before)
	if n == nil || n.Standing != nil || !slices.Equal(reached(n.Events), []core.Status{core.Deleting}) {
		t.Errorf("once it is gone: %+v", n)
	}
}

// While many documents move at once, a reader that goes on from the last number
// it saw gets each document's moves once and in order.
func TestNewsSkipNothingWhileDocumentsMove(t *testing.T) {
	h := open(t)
	ada := user(t)
	const count = 6
	marks, got := make(map[core.ID]ports.Mark, count), map[core.ID][]core.Status{}
	var movers sync.WaitGroup
	for i := range count {
		doc := h.upload(ada, string(rune('a'+i)), 2)
		marks[doc.Document] = ports.Mark{Document: doc.Document}
		movers.Go(func() { h.walk(doc, core.Finish) })
	}
	done := make(chan struct{})
	go func() { movers.Wait(); close(done) }()
	deadline := time.Now().Add(time.Minute)
	for open, left := true, count; left > 0; {
		select {
		case <-done:
			open = false
		default:
		}
		list := make([]ports.Mark, 0, count)
		for _, m := range marks {
			list = append(list, m)
		}
		news, err := h.library.News(t.Context(), ada, list)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%v, %d left", err, left)
		}
		for _, n := range news {
			id := n.Mark.Document
			marks[id], got[id] = n.Mark, append(got[id], reached(n.Events)...)
			if last := got[id][len(got[id])-1]; last != n.Standing.Status {
				t.Fatalf("the standing says %s and the events %s", n.Standing.Status, last)
			}
			if n.Standing.Status == core.Complete {
				left--
			}
		}
		if !open && len(news) == 0 {
			break
		}
	}
	for id, list := range got {
		if diff := cmp.Diff(core.Way(), list); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

// Where a pooler in transaction mode lies between, news is read as well; and
// nothing new is cheap. The log says how cheap.
func TestNewsOfNothingOverAPooledSession(t *testing.T) {
	h := open(t)
	ada := user(t)
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: h.db.URL("inav_app"), Role: "inav_app", Name: "test", MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	library := postgres.NewLibrary(pool, h.queue)
	const count, looks = 100, 200
	var marks []ports.Mark
	for i := range count {
		doc := h.upload(ada, fmt.Sprintf("policy %d", i), 2)
		marks = append(marks, ports.Mark{Document: doc.Document, Done: ports.Unseen})
	}
	first, err := library.News(t.Context(), ada, marks)
	if err != nil || len(first) != count || len(first[0].Events) != 1 {
		t.Fatalf("%d of %d, %v", len(first), count, err)
	}
	for i, n := range first {
		marks[i] = n.Mark
	}
	began := time.Now()
	for range looks {
		if news, err := library.News(t.Context(), ada, marks); err != nil || len(news) != 0 {
			t.Fatalf("%v %v", news, err)
		}
	}
	t.Logf("nothing new of %d documents: %s a look", count, (time.Since(began) / looks).Round(time.Microsecond))
}
