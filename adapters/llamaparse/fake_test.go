package llamaparse_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// strict makes the fake take public callbacks alone, as the service does.
func strict(o *llamaparsetest.Options, _ *llamaparse.Config) { o.AllowLoopback = false }

// handClock moves when told. Waits end at once and are written down, but those
// of the receiver's time, which end when told.
type handClock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
	stop  chan struct{} // ends a receiver's time
}

func newHandClock() *handClock {
	return &handClock{now: time.Date(2026, 8, 20, 1, 2, 3, 0, time.UTC), stop: make(chan struct{})}
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *handClock) Wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	if d > 0 {
		c.waits = append(c.waits, d)
	}
	c.mu.Unlock()
	if d == 30*time.Second {
		select {
		case <-c.stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (c *handClock) waited() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waits
}

// Three tries, a second and two apart, of thirty seconds each.
func TestACallbackHasThreeTriesOfThirtySeconds(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	b := newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.Clock, o.RetryWaits = clock, nil })
	silent := make(chan struct{})
	door := hang(t, silent)
	defer close(silent)
	s := submission(threePage)
	s.Callback = door
	b.submitted(t, s)
	for range 3 {
		clock.stop <- struct{}{}
	}
	got := b.deliveries(t, 3)
	if len(got) != 3 || got[2].Try != 3 || got[2].Status != 0 {
		t.Errorf("deliveries %+v", got)
	}
	want := []time.Duration{30 * time.Second, time.Second, 30 * time.Second, 2 * time.Second, 30 * time.Second}
	if diff := cmp.Diff(want, clock.waited()); diff != "" {
		t.Errorf("waits:\n%s", diff)
	}
}

// The same file with the same options is answered by the cache for two days,
// without a callback and free; a job that asks for no cache neither reads nor
// fills it.
func TestTheCacheAnswersForTwoDays(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	b, d := newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.Clock = clock }), newDoor(t)
	start := func(text, options string) map[string]any {
		t.Helper()
		kind, body := form(t, "policy.pdf", text, map[string]string{"configuration": `{"version":"latest",
			"webhook_configurations":[{"webhook_url":"` + d.url + `/x"}],` + options + `}`})
		job := b.ask(t, http.MethodPost, "/api/v2/parse/upload", kind, body).fields(t)
		over := b.ended(t, "/api/v2/parse/"+job["id"].(string), func(f map[string]any) bool {
			return f["job"].(map[string]any)["status"] == "COMPLETED"
		})
		usage := over["job"].(map[string]any)["usage"].(map[string]any)
		return map[string]any{"hit": job["status"] == "COMPLETED" && usage["credits"] == 0.0}
	}
	const usual = `"tier":"cost_effective"`
	for i, c := range []struct {
		text, options string
		after         time.Duration
		hit           bool
	}{
		{threePage, usual + `,"disable_cache":true`, 0, false},
		{threePage, usual, 0, false}, // what went before was not kept
		{threePage, usual, 0, true},
		{threePage, usual + `,"client_name":"another","user_metadata":{"job_id":"x"}`, 0, true},
		{threePage, usual + `,"disable_cache":true`, 0, false},
		{threePage, `"tier":"agentic"`, 0, false},
		{threePage + "!", usual, 0, false},
		{threePage, usual, 48*time.Hour - time.Second, true},
		{threePage, usual, time.Second, false},
	} {
		clock.pass(c.after)
		if got := start(c.text, c.options); got["hit"] != c.hit {
			t.Errorf("%d: a hit is %v, want %v", i, got["hit"], c.hit)
		}
	}
	if events := successes(b.deliveries(t, 18)); events != 6 {
		t.Errorf("%d jobs told of their success, want those 6 that did not hit", events)
	}
}

func successes(all []llamaparsetest.Delivery) (n int) {
	for _, d := range all {
		if d.Event == "parse.success" {
			n++
		}
	}
	return n
}

// Our own jobs are never kept for another's hit.
func TestOurJobsNeverMeetTheCache(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 2 {
		doc := b.submitted(t, submission(threePage))
		text, err := b.fetched(t, doc)
		if err != nil || text.Credits != 9 {
			t.Errorf("%v credits, %v", text.Credits, err)
		}
	}
}

// The rates are the service's own, counted over a window and by operation.
func TestRatesAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	b := newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.Clock = clock })
	taken := func(path string) (n int) {
		for {
			got := b.ask(t, http.MethodPost, path, "application/json", "{}")
			if got.status != http.StatusTooManyRequests {
				n++
				continue
			}
			if got.raw != `{"detail":"Rate limit exceeded. Please try again later."}` || got.header.Get("Retry-After") != "" {
				t.Errorf("%+v", got)
			}
			return n
		}
	}
	for path, want := range map[string]int{"/api/v1/beta/files": 250, "/api/v2/parse": 500} {
		if n := taken(path); n != want {
			t.Errorf("%s took %d at once, want %d", path, n, want)
		}
	}
	_, err := b.Submit(t.Context(), submission("text"))
	wantError(t, err, core.CodeParserBusy, core.Busy)
	clock.pass(5 * time.Second)
	if n := taken("/api/v1/beta/files"); n != 250 {
		t.Errorf("after the window %d", n)
	}
	clock.pass(5 * time.Second)
	b.submitted(t, submission("text"))
}

// Saved callbacks are made, read, changed and removed; the secret is never told.
func TestSavedCallbacks(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	const path = "/api/v1/beta/webhook-configs"
	made := b.ask(t, http.MethodPost, path, "application/json",
		`{"webhook_url":"`+d.url+`/saved","webhook_signing_secret":"canary-secret","webhook_output_format":"json","webhook_events":["parse.success"]}`)
	hook := made.fields(t)
	id, _ := hook["id"].(string)
	if made.status != http.StatusCreated || !strings.HasPrefix(id, "whc-") || hook["has_secret"] != true || strings.Contains(made.raw, "canary") {
		t.Fatalf("made %+v", made)
	}
	changed := b.ask(t, http.MethodPut, path+"/"+id, "application/json", `{"webhook_headers":{"X-Ours":"yes"}}`)
	if changed.status != 200 || !strings.Contains(changed.raw, "X-Ours") || changed.fields(t)["webhook_url"] != d.url+"/saved" {
		t.Errorf("changed %+v", changed)
	}
	var list []map[string]any
	b.ask(t, http.MethodGet, path, "", "").is(t, &list)
	if len(list) != 1 || b.ask(t, http.MethodGet, path+"/"+id, "", "").status != 200 {
		t.Errorf("listed %v", list)
	}
	doc := b.submitted(t, submission(threePage))
	start := func(ids string) reply {
		return b.ask(t, http.MethodPost, "/api/v2/parse", "application/json",
			`{"file_id":"`+doc.ProviderFile+`","tier":"fast","version":"latest","webhook_configuration_ids":[`+ids+`]}`)
	}
	if got := start(`"` + id + `"`); got.status != 200 {
		t.Errorf("a job with it: %+v", got)
	}
	b.deliveries(t, 1)
	if got := d.all()[0]; got.header.Get("X-Ours") != "yes" || got.header.Get("LC-Signature") != "sha256="+llamaparse.Sign("canary-secret", []byte(got.raw)) {
		t.Errorf("called back with %v", got.header)
	}
	if many := start(`"1","2","3","4","5"`); many.status != 422 {
		t.Errorf("five: %+v", many)
	}
	if got := b.ask(t, http.MethodDelete, path+"/"+id, "", ""); got.status != 204 || got.raw != "" {
		t.Errorf("removed %+v", got)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		if got := b.ask(t, method, path+"/"+id, "application/json", "{}"); got.status != 404 {
			t.Errorf("%s of what is gone: %+v", method, got)
		}
	}
	if got := start(`"` + id + `"`); got.status != 404 {
		t.Errorf("a job with what is gone: %+v", got)
	}
}

func TestSavedCallbacksAreHeldToTheSameRules(t *testing.T) {
	t.Parallel()
	b := newBench(t, strict)
	for body, status := range map[string]int{
		`{}`: 422, `[`: 422, `{"webhook_url":"ftp://a.example.com"}`: 422,
		`{"webhook_url":"https://a.example.com/x","webhook_output_format":"xml"}`: 422,
		`{"webhook_url":"http://localhost/x"}`:                                    400, `{"webhook_url":"https://a.example.com/x"}`: 201,
	} {
		if got := b.ask(t, http.MethodPost, "/api/v1/beta/webhook-configs", "application/json", body); got.status != status {
			t.Errorf("%s: %+v, want %d", body, got, status)
		}
	}
}

// Lists are narrowed by each filter, there and here.
func TestListsAreNarrowedByEachFilter(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	b := newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.Clock = clock })
	first := b.submitted(t, submission("first"))
	if _, err := b.fetched(t, first); err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Hour)
	noon := clock.Now()
	b.fake.Faults.Hold()
	second := b.submitted(t, submission("second"))
	for name, c := range map[string]struct {
		filter ports.JobFilter
		want   []string
	}{
		"all":       {ports.JobFilter{}, []string{first.ProviderJob, second.ProviderJob}},
		"from":      {ports.JobFilter{From: noon}, []string{second.ProviderJob}},
		"to":        {ports.JobFilter{To: noon.Add(-time.Minute)}, []string{first.ProviderJob}},
		"never":     {ports.JobFilter{From: noon.Add(time.Minute)}, nil},
		"state":     {ports.JobFilter{State: ports.JobCompleted}, []string{first.ProviderJob}},
		"ids":       {ports.JobFilter{IDs: []string{second.ProviderJob, "pjb-none"}}, []string{second.ProviderJob}},
		"id, state": {ports.JobFilter{IDs: []string{second.ProviderJob}, State: ports.JobCompleted}, nil},
	} {
		jobs, err := b.jobs(t, c.filter)
		var got []string
		for _, j := range jobs {
			got = append(got, j.ID)
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	for name, c := range map[string]struct {
		filter ports.FileFilter
		want   int
	}{
		"all": {ports.FileFilter{}, 2}, "attempt": {ports.FileFilter{Attempt: second.Job}, 1}, "no attempt": {ports.FileFilter{Attempt: core.NewID()}, 0},
		"id": {ports.FileFilter{IDs: []string{first.ProviderFile}}, 1}, "both": {ports.FileFilter{IDs: []string{first.ProviderFile}, Attempt: second.Job}, 0},
	} {
		if files, err := b.files(t, c.filter); err != nil || len(files) != c.want {
			t.Errorf("files by %s: %+v %v, want %d", name, files, err, c.want)
		}
	}
}
