package llamaparse_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// door is a callback's receiver: it proves and reads each one as the back door
// does, and answers with status.
type door struct {
	mu       sync.Mutex
	url      string
	status   []int // of the answers in turn; 200 afterwards
	received []received
}

type received struct {
	header    http.Header
	raw       string
	authentic bool
	hint      llamaparse.Hint
}

func newDoor(t *testing.T, status ...int) *door {
	t.Helper()
	d := &door{status: status}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	attempt, _ := core.ParseID(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	hint, _ := llamaparse.ReadHint(raw)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.received = append(d.received, received{r.Header, string(raw), llamaparse.Authentic([][]byte{master}, attempt, r.Header, raw), hint})
	if len(d.status) > 0 {
		w.WriteHeader(d.status[0])
		d.status = d.status[1:]
	}
}

func (d *door) all() []received {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.received
}

func (d *door) submission(text string) ports.Submission {
	s := submission(text)
	s.Callback = d.url + "/webhook/llamaparse/" + s.Document.Job.String()
	s.Secret, s.Token = llamaparse.Secret(master, s.Document.Job), llamaparse.Token(master, s.Document.Job)
	return s
}

// deliveries waits for n answered callbacks.
func (b *bench) deliveries(t *testing.T, n int) []llamaparsetest.Delivery {
	t.Helper()
	return b.await(t, func(l llamaparsetest.Ledger) bool { return len(l.Deliveries) >= n }).Deliveries
}

func TestCallbackIsAuthenticAndNamesTheJob(t *testing.T) {
	t.Parallel()
	type faults = llamaparsetest.Faults
	for _, c := range []struct {
		name      string
		set       func(*faults)
		authentic bool
		status    string
		bare      bool
	}{
		{"plain", func(*faults) {}, true, "completed", false},
		{"unsigned", func(f *faults) { f.NoSignature(1) }, true, "completed", false},
		{"badly signed", func(f *faults) { f.BadSignature(1) }, false, "completed", false},
		{"string body", func(f *faults) { f.StringBody(1) }, true, "completed", false},
		{"only data.id", func(f *faults) { f.OnlyDataID(1) }, true, "completed", false},
		{"bare ids", func(f *faults) { f.BareIDs(1) }, true, "completed", true},
		{"failed", func(f *faults) { f.FailWith("PDF_IS_BROKEN") }, true, "failed", false},
		{"partly failed", func(f *faults) { f.PageFailures(1) }, true, "partial", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, d := newBench(t), newDoor(t)
			c.set(b.fake.Faults)
			doc := b.submitted(t, d.submission(threePage))
			b.deliveries(t, 1)
			got := d.all()[0]
			if got.authentic != c.authentic || got.hint.Status != c.status || !llamaparse.SameID(got.hint.ProviderJob, doc.ProviderJob) {
				t.Errorf("got %v %+v for job %s", got.authentic, got.hint, doc.ProviderJob)
			}
			if bare := !strings.HasPrefix(got.hint.ProviderJob, "pjb-"); bare != c.bare {
				t.Errorf("id %s", got.hint.ProviderJob)
			}
			if id := got.header.Get("X-Webhook-Event-ID"); id != got.hint.EventID || got.header.Get("User-Agent") != "llamaindex-webhook-service/1.0" {
				t.Errorf("headers %v", got.header)
			}
			if strings.Contains(got.raw, "Deductible") {
				t.Error("the callback carries the document")
			}
		})
	}
}

func TestC11_CallbackBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	b.fake.Faults.WebhookBeforeAnswer(llamaparsetest.Always)
	for range 20 {
		before := len(d.all())
		doc := b.submitted(t, d.submission(threePage))
		if len(d.all()) != before+1 {
			t.Fatal("the answer came first")
		}
		if _, err := b.Fetch(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJobThatEndsAtOnceIsReadyAndCallsNobody(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	b.fake.Faults.ReadyAtOnce(1)
	q, err := b.Submit(t.Context(), d.submission(threePage))
	if err != nil || !q.Ready || len(d.all()) != 0 {
		t.Errorf("%+v %v, %d callbacks", q, err, len(d.all()))
	}
	q, err = b.Submit(t.Context(), d.submission(threePage))
	if err != nil || q.Ready {
		t.Errorf("%+v %v", q, err)
	}
}

func TestC15_DroppedCallbackIsMadeUpForByPolling(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	b.fake.Faults.DropWebhook(llamaparsetest.Always)
	text, err := b.fetched(t, b.submitted(t, d.submission(threePage)))
	if err != nil || len(text.Pages) != 3 {
		t.Errorf("got %d pages, %v", len(text.Pages), err)
	}
	if n := len(d.all()); n != 0 {
		t.Errorf("%d callbacks came", n)
	}
}

func TestDoubledCallbackHasOneEventID(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	b.fake.Faults.DuplicateWebhook(1)
	b.submitted(t, d.submission(threePage))
	got := b.deliveries(t, 2)
	if got[0].EventID != got[1].EventID || d.all()[0].raw != d.all()[1].raw {
		t.Errorf("deliveries %+v", got)
	}
}

func TestCallbackIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t, 500, 302, 503)
	b.submitted(t, d.submission(threePage))
	got := b.deliveries(t, 3)
	if len(got) != 3 || got[2].Try != 3 || got[1].Status != 302 || got[0].EventID != got[2].EventID {
		t.Errorf("deliveries %+v", got)
	}
	b, d = newBench(t), newDoor(t, 500)
	b.submitted(t, d.submission(threePage))
	if got := b.deliveries(t, 2); len(got) != 2 || got[1].Status != 200 {
		t.Errorf("deliveries %+v", got)
	}
}

func TestLegacyPushProvesNothingAndNamesNoJob(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	b.fake.Faults.LegacyPush(1)
	b.submitted(t, d.submission(threePage))
	b.deliveries(t, 1)
	got := d.all()[0]
	if got.hint.Shape != "push" || got.hint.ProviderJob != "" || got.authentic {
		t.Errorf("push: %v %+v", got.authentic, got.hint)
	}
}

// stoppedClock lets time pass only when told.
type stoppedClock struct{ tick chan struct{} }

func (stoppedClock) Now() time.Time { return time.Date(2026, 8, 20, 1, 2, 3, 0, time.UTC) }

func (c stoppedClock) Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-c.tick:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestJobGoesThroughItsStatuses(t *testing.T) {
	t.Parallel()
	clock := stoppedClock{make(chan struct{})}
	b := newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.Clock, o.Delay = clock, time.Hour })
	doc := b.submitted(t, submission(threePage))
	status := func() ports.JobState {
		jobs, err := b.jobs(t, ports.JobFilter{})
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%d jobs, %v", len(jobs), err)
		}
		return jobs[0].State
	}
	until := func(want ports.JobState) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for status() != want {
			if ctx.Err() != nil {
				t.Fatalf("never %s", want)
			}
		}
	}
	until(ports.JobPending)
	_, err := b.Fetch(t.Context(), doc)
	wantError(t, err, core.CodeParseNotReady, core.Busy)
	clock.tick <- struct{}{}
	until(ports.JobRunning)
	clock.tick <- struct{}{}
	until(ports.JobCompleted)
}

func TestLatePendingComesAfterTheEnd(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	b.fake.Faults.LatePending(1)
	s := d.submission(threePage)
	b.submitted(t, s)
	if got := b.deliveries(t, 2); got[0].Event != "parse.success" || got[1].Event != "parse.pending" {
		t.Errorf("deliveries %+v", got)
	}
}
