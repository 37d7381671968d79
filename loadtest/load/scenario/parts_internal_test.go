package scenario

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// What an answer means: only a word when to come back makes a refusal of it.
func TestKindsOfAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply reply
		kind  result.Kind
		code  string
	}{
		"taken":           {reply{status: 202}, result.Done, "202"},
		"come back":       {reply{status: 429, again: "3", body: []byte(`{"code":"rate_limited"}`)}, result.Refused, "429 rate_limited"},
		"full":            {reply{status: 503, again: "1"}, result.Refused, "503"},
		"without a word":  {reply{status: 429}, result.Failed, "429"},
		"a broken server": {reply{status: 500, again: "1"}, result.Failed, "500"},
	} {
		if kind, code := c.reply.kind(), c.reply.code(); kind != c.kind || code != c.code {
			t.Errorf("%s: %v %q", name, kind, code)
		}
	}
}

// A tracker counts each end once, keeps what is open, and hands it on.
func TestTracker(t *testing.T) {
	t.Parallel()
	p, now := &person{}, time.Now()
	one := newTracker()
	for _, id := range []string{"a", "b", "c", "d"} {
		one.accept(p, id, now.Add(-time.Second))
	}
	seen := []standing{{"a", "complete"}, {"b", "failed_parse"}, {"c", "chunking"}, {"x", "complete"}}
	one.see(p, seen, now)
	one.see(p, seen, now)
	if one.left() != 2 || one.count() != 2 || one.failures != 1 {
		t.Errorf("%d left, %d ended, %d failed", one.left(), one.count(), one.failures)
	}
	if n, last := one.between(now.Add(-time.Minute), now); n != 1 || !last.Equal(now) {
		t.Errorf("%d ended, the last at %v", n, last)
	}
	other := newTracker()
	other.takeOver(one)
	other.see(p, []standing{{"c", "complete"}, {"d", "cancelled"}}, now)
	if other.left() != 0 || other.count() != 2 || other.failures != 1 {
		t.Errorf("%d left, %d ended, %d failed", other.left(), other.count(), other.failures)
	}
}

// A document is asked for at once, then every half a second, and at last every
// two; those of a person that are nearly due come along, and of many it
// is the oldest that are asked for, as many as one request holds.
func TestTrackerAsksLessOftenForTheOld(t *testing.T) {
	t.Parallel()
	p, now := &person{}, time.Now()
	one := newTracker()
	one.accept(p, "old", now.Add(-time.Minute))
	one.accept(p, "young", now)
	asked := func(after time.Duration) []string { return one.due(now.Add(after))[p] }
	for _, c := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{"old", "young"}},
		{400 * time.Millisecond, nil},
		{500 * time.Millisecond, []string{"young"}},
		{time.Second, []string{"old", "young"}}, // the old one is half way
		{1300 * time.Millisecond, nil},
		{2900 * time.Millisecond, []string{"old", "young"}}, // and comes along again
		{3 * time.Second, nil},
		{59 * time.Second, []string{"old", "young"}}, // by now the young one is as old
		{60 * time.Second, nil},
		{61 * time.Second, []string{"old", "young"}},
	} {
		if got := asked(c.after); !slices.Equal(got, c.want) {
			t.Errorf("after %v: %v, should be %v", c.after, got, c.want)
		}
	}
	for range 2 * mostAsked {
		one.accept(p, "more", now)
	}
	if n := len(asked(time.Hour)); n != mostAsked {
		t.Errorf("%d are asked for in one request", n)
	}
	if n := len(asked(time.Hour)); n != 0 {
		t.Errorf("%d are asked for again at once", n)
	}
}

// Of ten callbacks four are new, five come again and one is forged; the
// receiver sees each letter, and a forged one that is taken is a failure.
func TestDeliver(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	signatures := map[string]int{}
	gullible := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		signature := r.Header.Get("LC-Signature")
		signatures[signature]++
		if signature != "sha256=aa" && signature != "sha256=b0" && !gullible {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	sign := func(s string) http.Header { return http.Header{http.CanonicalHeaderKey("LC-Signature"): {s}} }
	d := &deliverer{webhook: server.URL, client: server.Client(), letters: []letter{{Path: "/1", Header: sign("sha256=aa")}, {Path: "/2", Header: sign("sha256=b0")}}}
	if kind, code := d.deliver(t.Context(), 0); kind != result.Done || code != "200 new" {
		t.Errorf("the first: %v %s", kind, code)
	}
	for _, c := range []struct {
		n    int
		kind result.Kind
		code string
	}{{1, result.Done, "200 new"}, {4, result.Done, "200 again"}, {8, result.Done, "200 again"}, {9, result.Done, "401 forged"}, {2, result.Failed, "no letter was left"}} {
		if kind, code := d.deliver(t.Context(), c.n); kind != c.kind || code != c.code {
			t.Errorf("%d: %v %q", c.n, kind, code)
		}
	}
	mu.Lock()
	gullible = true
	mu.Unlock()
	if kind, _ := d.deliver(t.Context(), 19); kind != result.Failed {
		t.Error("a forged callback that was taken is no failure")
	}
}

// What is derived from curves: growth beyond idle, and services that are gone.
func TestWatcherFigures(t *testing.T) {
	t.Parallel()
	w := newWatcher(nil, time.Second)
	for n, rss := range []float64{100, 150, 120, 120} {
		w.take(map[string]float64{"api.rss_mib": rss, "api.peak_mib": 180, "worker.rss_mib": 90, "worker.peak_mib": 90 + 10*float64(n%2), "ignored": 1}, time.Duration(n)*time.Second)
	}
	figures := map[string]float64{"api.rss_mib": 120, "api.peak_mib": 180, "worker.rss_mib": 90, "worker.peak_mib": 90}
	w.figures(figures, map[string]float64{"api.rss_mib": 100, "api.peak_mib": 180, "worker.rss_mib": 90, "worker.peak_mib": 90})
	for name, want := range map[string]float64{"api.growth_mib": 50, "api.highest_mib": 180, "worker.growth_mib": 10, "worker.highest_mib": 100, "services.alive": 2, "api.rss_mib.most": 150} {
		if figures[name] != want {
			t.Errorf("%s is %v, should be %v", name, figures[name], want)
		}
	}
	if kept := w.kept(); len(kept) != 2 || kept[0].Name != "api.rss_mib" {
		t.Errorf("kept %+v", kept)
	}
}

// A server that does not end slow clients is found out; one that does is not.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	cut := httptest.NewUnstartedServer(http.NotFoundHandler())
	cut.Config.ReadHeaderTimeout = 50 * time.Millisecond
	cut.Start()
	t.Cleanup(cut.Close)
	p := &person{api: cut.URL}
	if kind, code := p.slowly(t.Context(), SlowHeader); kind != result.Done || code != "cut off" {
		t.Errorf("a server that cuts off: %v %s", kind, code)
	}
	if err := ended(timeoutError{}); err != errOutlived { //nolint:errorlint // the very error
		t.Errorf("a connection that came to its own time: %v", err)
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
