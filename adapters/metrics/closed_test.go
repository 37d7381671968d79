package metrics_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// strange gives every label a word of its own that nobody expects.
func strange(m *metrics.Metrics, word string) {
	m.Worked(metrics.Run{Kind: word, Queue: word, Outcome: word, Run: 1})
	m.Began(word)
	m.Looked(word, 0)
	m.Fetched(word, 1)
	m.Hung(word)
	m.Inserted(word, word)
	m.Staged(core.Stage(word), word, 0)
	m.Taken(word, 1)
	m.Ended(core.Status(word), core.Code(word), time.Second)
	m.Overhead(core.Status(word), time.Second)
	m.Parsed(word, 1)
	m.Spent(core.Service(word), 1)
	m.Called(metrics.Call{Peer: core.Service(word), Operation: word, Code: core.Code(word), Repeated: true})
	m.Called(metrics.Call{Peer: core.ServiceParser, Operation: word, Code: core.Code(word)})
	m.Throttled(core.Service(word), 0)
	m.Circuit(core.Service(word), true)
	m.Up(word, true)
	m.Left(core.Service(word), word, 1, 1, time.Now())
	m.Received(word)
	m.Security(word)
	m.Proved(word, word)
	m.Queried(word, word, 0)
	m.ReplicaRead(word)
	m.Cached(word)
	m.Logged(word)
	m.LogSink(word, word)
	m.LogDropped(word, word)
	m.LogWaiting(word, 1)
	m.Answered(metrics.Request{Method: word, Route: "unmatched", Status: 404})
}

// seriesOf counts the series.
func seriesOf(t *testing.T, registry *prometheus.Registry) (n int) {
	t.Helper()
	for _, family := range gather(t, registry) {
		n += len(family.GetMetric())
	}
	return n
}

// Whatever word a label is given, the first strange one is "other" and no
// further one makes a series. Routes are closed by the door, which knows them.
func TestStrangeWordsMakeNoSeries(t *testing.T) {
	t.Parallel()
	registry, m := used(t)
	strange(m, "first")
	before := seriesOf(t, registry)
	rapid.Check(t, func(rt *rapid.T) {
		for _, word := range rapid.SliceOfN(rapid.StringMatching(`[a-z0-9-]{8,20}`), 1, 20).Draw(rt, "words") {
			strange(m, word)
		}
		if after := seriesOf(t, registry); after != before {
			rt.Errorf("%d series became %d", before, after)
		}
	})
}

// A stage that joins the Line has its series without anybody adding it here, and
// the table of families is what is registered: no family is missing in it.
func TestTheTableIsWhatIsRegistered(t *testing.T) {
	t.Parallel()
	registry, _ := used(t)
	listed := map[string]metrics.Family{}
	for _, f := range metrics.Families() {
		listed[f.Name] = f
	}
	for _, stage := range core.Stages() {
		if got := value(t, registry, "docpipe_stage_duration_seconds", map[string]string{"stage": string(stage), "outcome": "failed"}); got != 0 {
			t.Errorf("stage %s: %v runs failed at the start", stage, got)
		}
	}
	for _, family := range gather(t, registry) {
		name := family.GetName()
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		f, ok := listed[name]
		delete(listed, name)
		if !ok || f.Type != strings.ToLower(family.GetType().String()) || f.Help != family.GetHelp() {
			t.Errorf("%s is listed as %+v", name, f)
		}
		for _, label := range family.GetMetric()[0].GetLabel() {
			if !slices.Contains(f.Labels, label.GetName()) {
				t.Errorf("%s: label %s is not listed", name, label.GetName())
			}
		}
	}
	for name := range listed {
		t.Errorf("%s is listed and nothing in the test uses it", name)
	}
}

// What is worked is busy between Began and Worked, and a round of upkeep that
// failed is no success.
func TestTheQueueIsTold(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	m := metrics.New(registry, "abc")
	m.Expect(metrics.Sets{Queues: []string{"upkeep"}, Rounds: []string{"sweep"}})
	m.Works(map[string]int{"upkeep": 2})
	m.Began("upkeep")
	m.Began("upkeep")
	m.Worked(metrics.Run{Kind: "sweep", Queue: "upkeep", Outcome: "retry"})
	round := func() float64 {
		return value(t, registry, "docpipe_upkeep_last_success_timestamp_seconds", map[string]string{"round": "sweep"})
	}
	if got := value(t, registry, "river_workers_busy", map[string]string{"queue": "upkeep"}); got != 1 || round() != -1 {
		t.Errorf("%v are busy, want 1; the round that failed was told at %v", got, round())
	}
	m.Worked(metrics.Run{Kind: "sweep", Queue: "upkeep", Outcome: "completed"})
	now := float64(time.Now().Unix())
	if got := round(); got < now-60 || got > now+1 {
		t.Errorf("the round ended well at %v, it is %v", got, now)
	}
	if got := value(t, registry, "docpipe_last_progress_timestamp_seconds", map[string]string{}); got < now-60 {
		t.Errorf("the last progress was at %v", got)
	}
}

// A nil Metrics is what nothing is measured by.
func TestNilCountsNothing(t *testing.T) {
	t.Parallel()
	var m *metrics.Metrics
	strange(m, "word")
	m.Works(nil)
	m.CalledBack(0)
	m.Lagged(0)
	m.Reconciled()
	m.Cut(1)
	m.Embedded(1)
	m.Watch("word")
	m.Pool("app", nil)
	m.Redis(nil)
	m.Stands(ports.Census{}, 0, nil)
	m.Expect(metrics.Sets{})
	if handler := http.NotFoundHandler(); m.InFlight(handler) == nil {
		t.Error("a handler is lost")
	}
}
