package lokilog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/adapters/lokilog"
)

// bench is a sink before a Loki of the test's own.
type bench struct {
	t       *testing.T
	log     *slog.Logger
	sink    *lokilog.Sink
	server  *httptest.Server
	answer  atomic.Int64                  // the status that pushes get
	hold    atomic.Pointer[chan struct{}] // pushes wait for it
	arrived chan struct{}                 // told of each push
	drops   map[string]*atomic.Int64      // by reason
	own     *lockedBuffer                 // the client's own warnings
	seen    sync.Mutex                    // guards what follows
	lines   []string                      // of pushes that were taken
	streams map[string]int                // lines by stream
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func newBench(t *testing.T, change func(*lokilog.Config)) *bench {
	t.Helper()
	b := &bench{t: t, arrived: make(chan struct{}, 10_000), streams: map[string]int{}, own: &lockedBuffer{}, drops: map[string]*atomic.Int64{}}
	for _, reason := range lokilog.Reasons() {
		b.drops[reason] = &atomic.Int64{}
	}
	b.answer.Store(http.StatusNoContent)
	b.server = httptest.NewServer(b)
	config := lokilog.Config{URL: b.server.URL, Labels: map[string]string{"service_name": "api", "env": "test"},
		Dropped: func(reason string) { b.drops[reason].Add(1) }, Log: slog.New(slog.NewJSONHandler(b.own, nil))}
	if change != nil {
		change(&config)
	}
	var err error
	if b.sink, err = lokilog.Open(config); err != nil {
		t.Fatal(err)
	}
	b.log = slog.New(lokilog.NewHandler(b.sink, func(w io.Writer) slog.Handler {
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
	}))
	t.Cleanup(func() {
		b.release()
		_ = b.close(10 * time.Second)
		b.server.Close()
	})
	return b
}

// ServeHTTP is Loki's push.
func (b *bench) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up
	}
	b.arrived <- struct{}{}
	if hold := b.hold.Load(); hold != nil {
		<-*hold
	}
	status := int(b.answer.Load())
	if status == http.StatusNoContent {
		b.take(r, body)
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		fmt.Fprint(w, "the line was: secret-in-the-answer")
	}
}

func (b *bench) take(r *http.Request, body []byte) {
	raw, err := snappy.Decode(nil, body)
	var request push.PushRequest
	if err != nil || request.Unmarshal(raw) != nil || r.URL.Path != "/loki/api/v1/push" {
		b.t.Errorf("%s: %v", r.URL.Path, err)
		return
	}
	b.seen.Lock()
	defer b.seen.Unlock()
	for _, stream := range request.Streams {
		b.streams[stream.Labels] += len(stream.Entries)
		for _, entry := range stream.Entries {
			b.lines = append(b.lines, entry.Line)
		}
	}
}

func (b *bench) close(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return b.sink.Close(ctx)
}

// block makes Loki slow: it takes nothing until release.
func (b *bench) block() {
	hold := make(chan struct{})
	b.hold.Store(&hold)
}

func (b *bench) release() {
	if hold := b.hold.Swap(nil); hold != nil {
		close(*hold)
	}
}

func (b *bench) dropped(reason string) int { return int(b.drops[reason].Load()) }

func TestEveryLineComesWithItsLabels(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	river := b.log.With("stream", "river")
	const all = 5000
	var writers sync.WaitGroup
	for n := range 5 {
		writers.Go(func() {
			for i := range all / 5 {
				switch i % 50 {
				case 0:
					b.log.Error("bad", "n", n, "i", i)
				case 1:
					b.log.Warn("security", "stream", "audit", "n", n, "i", i)
				case 2:
					river.Debug("fetch", "n", n, "i", i)
				default:
					b.log.Info("request", "n", n, "i", i)
				}
			}
		})
	}
	writers.Wait()
	if err := b.close(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		`{env="test", level="error", service_name="api", stream="app"}`:   all / 50,
		`{env="test", level="warn", service_name="api", stream="audit"}`:  all / 50,
		`{env="test", level="debug", service_name="api", stream="river"}`: all / 50,
		`{env="test", level="info", service_name="api", stream="app"}`:    all - 3*all/50,
	}
	for labels, n := range want {
		if b.streams[labels] != n {
			t.Errorf("%s: %d lines, want %d", labels, b.streams[labels], n)
		}
	}
	distinct := map[string]bool{}
	for _, line := range b.lines {
		var whole map[string]any
		if json.Unmarshal([]byte(line), &whole) != nil {
			t.Fatalf("no JSON: %s", line)
		}
		distinct[fmt.Sprint(whole["n"], whole["i"])] = true
	}
	if len(distinct) != all || len(b.lines) != all {
		t.Errorf("%d lines of %d different ones, want %d", len(b.lines), len(distinct), all)
	}
}

// While Loki hangs nobody who logs waits; what does not fit is counted, and what
// fits comes once Loki is back.
func TestASlowLokiStallsNobody(t *testing.T) {
	t.Parallel()
	const room = 100
	b := newBench(t, func(c *lokilog.Config) { c.Room = room })
	b.block()
	b.log.Info("first")
	<-b.arrived // the client's one goroutine is in the call now, and takes no more
	const all = 1000
	for n := range all {
		b.log.Info("request", "n", n) // with a sink that waits this never ends
	}
	if got := b.dropped(lokilog.ReasonFull); got < all-room-1 || got > all-room {
		t.Errorf("%d of %d lines were dropped with room for %d", got, all, room)
	}
	b.release()
	if err := b.close(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	if got := len(b.lines) + b.dropped(lokilog.ReasonFull); got != all+1 {
		t.Errorf("%d lines came or were counted, want %d", got, all+1)
	}
}

// 429 and 500 are tried again: nothing is lost in a restart.
func TestARestartOfLokiLosesNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError} {
		b := newBench(t, nil)
		b.answer.Store(int64(status))
		for n := range 100 {
			b.log.Info("request", "n", n)
		}
		<-b.arrived
		b.answer.Store(http.StatusNoContent)
		if err := b.close(30 * time.Second); err != nil || len(b.lines) != 100 {
			t.Errorf("%d: %d of 100 lines came: %v", status, len(b.lines), err)
		}
	}
}

// What Loki refuses is not tried again, is counted by the client, and the log
// is told without Loki's words.
func TestARefusedBatchIsCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.answer.Store(http.StatusBadRequest)
	for n := range 7 {
		b.log.Info("request", "n", n)
	}
	if err := b.close(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	if got := refused(t, strings.TrimPrefix(b.server.URL, "http://")); got != 7 {
		t.Errorf("%v lines counted as refused, want 7", got)
	}
	if said := b.own.String(); !strings.Contains(said, `"status":"400"`) || strings.Contains(said, "secret-in-the-answer") {
		t.Errorf("the log says %s", said)
	}
}

// refused reads what the client counts, by the server's host.
func refused(t *testing.T, host string) float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "promtail_dropped_entries_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if m.GetLabel()[0].GetValue() == host {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// With Loki away for good an end is bounded, what waits is counted, and whoever
// logs after it is neither held up nor lost silently.
func TestAnEndIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.block()
	b.log.Info("first")
	<-b.arrived
	for n := range 10 {
		b.log.Info("request", "n", n)
	}
	if err := b.close(50 * time.Millisecond); err == nil {
		t.Error("an end while Loki hangs says that all was sent")
	}
	if late := b.dropped(lokilog.ReasonLate); late < 9 || late > 10 { // the pump may hold one
		t.Errorf("%d lines counted as late, want 9 or 10", late)
	}
	b.log.Info("after the end")
	if got := b.dropped(lokilog.ReasonClosed); got != 1 {
		t.Errorf("%d lines counted as closed, want 1", got)
	}
	if err := b.close(50 * time.Millisecond); err == nil {
		t.Error("a second end says that all was sent")
	}
}

// Loki may be away at the start, and for ever.
func TestALokiThatIsNotThereStopsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.server.Close()
	for n := range 100 {
		b.log.Info("request", "n", n)
	}
	if err := b.close(50 * time.Millisecond); err == nil && refused(t, strings.TrimPrefix(b.server.URL, "http://")) == 0 {
		t.Error("lines went to nobody and no loss was told")
	}
}

func TestOpenRefusesAnAddressWithALogin(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "loki:3100", "ftp://loki", "http://", "http://user:canary@loki:3100", "http://canary%zz"} {
		if _, err := lokilog.Open(lokilog.Config{URL: address}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// Basic authentication and the tenant are sent.
func TestWhoPushes(t *testing.T) {
	t.Parallel()
	told := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told <- r.Header.Clone()
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	sink, err := lokilog.Open(lokilog.Config{URL: server.URL + "/", User: "navigator", Password: "word", Tenant: "one"})
	if err != nil {
		t.Fatal(err)
	}
	slog.New(lokilog.NewHandler(sink, func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) })).Info("start")
	if err := sink.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	header := <-told
	if user, word, ok := (&http.Request{Header: header}).BasicAuth(); !ok || user != "navigator" || word != "word" || header.Get("X-Scope-OrgID") != "one" {
		t.Errorf("pushed as %q in tenant %q", user, header.Get("X-Scope-OrgID"))
	}
}
