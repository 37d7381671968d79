package faulttest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/observability/alertmanager"
	"github.com/insurance-navigator/navigator/observability/prometheus"
	"github.com/insurance-navigator/navigator/observability/stack"
)

// The rules are shortened for the run: a scrape and an evaluation each second,
// windows of 15 s, and 2 s in which an alert has to go on. So an alert has come
// when its window has filled, and it has ended when the window has emptied. On a
// machine that does other things as well, within these.
const (
	hurriedWindow = "15s"
	hurriedFor    = "2s"
	firesWithin   = 45 * time.Second
	endsWithin    = 75 * time.Second
)

var (
	windowOf = regexp.MustCompile(`\[\d+[smhd]\]`)
	offsetOf = regexp.MustCompile(`offset \d+[smhd]`)
	waitOf   = regexp.MustCompile(`(?m)^( +for:) \d+[smhd]$`)
)

// hurry shortens every time in the rules.
func hurry(text string) string {
	text = windowOf.ReplaceAllString(text, "["+hurriedWindow+"]")
	text = offsetOf.ReplaceAllString(text, "offset "+hurriedWindow)
	return waitOf.ReplaceAllString(text, "$1 "+hurriedFor)
}

// hurriedLoki is what Loki evaluates itself, shortened likewise. A seal is tried
// every five seconds, so that its window is longer.
func hurriedLoki() (string, error) {
	raw, err := os.ReadFile("../../../observability/loki/rules/fake/alerts.yaml")
	text := strings.NewReplacer("interval: 30s", "interval: 1s", "${runbooks}", prometheus.Example().Runbooks, "${dashboards}", prometheus.Example().Dashboards).Replace(string(raw))
	return waitOf.ReplaceAllString(windowOf.ReplaceAllString(text, "[30s]"), "$1 "+hurriedFor), err
}

// word is one alert as a receiver got it.
type word struct {
	receiver, alert, status string
	labels                  map[string]string
	at                      time.Time
}

// ears are all receivers.
type ears struct {
	mu    sync.Mutex
	words []word
}

// ServeHTTP takes what the Alertmanager sends to /RECEIVER.
func (e *ears) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var message struct {
		Alerts []struct {
			Status string
			Labels map[string]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range message.Alerts {
		e.words = append(e.words, word{strings.TrimPrefix(r.URL.Path, "/"), a.Labels["alertname"], a.Status, a.Labels, time.Now()})
	}
}

// heard finds the first such word since a moment. Where the alarm is of one job,
// another's word does not count.
func (e *ears) heard(since time.Time, receiver string, f alarm, status string) (word, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.words {
		if w.at.After(since) && w.receiver == receiver && w.alert == f.alert && w.status == status && (f.job == "" || w.labels["job"] == f.job) {
			return w, true
		}
	}
	return word{}, false
}

// strays are words of an alert at receivers that it is not for.
func (e *ears) strays(alert string, receivers []string) (list []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.words {
		if w.alert == alert && !strings.Contains(" "+strings.Join(receivers, " ")+" ", " "+w.receiver+" ") {
			list = append(list, w.receiver)
		}
	}
	return list
}

// wait waits until every receiver has the word, and gives the longest delay.
func (e *ears) wait(ctx context.Context, since time.Time, limit time.Duration, f alarm, status string) (delay time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, receiver := range f.receivers {
		w, err := again(ctx, func() (word, error) {
			w, ok := e.heard(since, receiver, f, status)
			if !ok {
				return w, fmt.Errorf("%w: %s has not heard %s of %s", errAgain, receiver, status, f.alert)
			}
			return w, nil
		})
		if err != nil {
			return 0, err
		}
		delay = max(delay, w.at.Sub(since))
	}
	return delay, nil
}

// alarm is a fault with the alert that has to tell of it.
type alarm struct {
	name      string
	alert     string
	job       string // of the alert; empty where it is of none, or of any
	receivers []string
	cause     func(context.Context) (mend func() error, err error)
}

// try lets the fault strike, waits for the alert, mends, and waits for its end.
func (s *siege) try(ctx context.Context, f alarm) (fires, ends time.Duration, err error) {
	began := time.Now()
	mend, err := f.cause(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("the fault itself: %w", err)
	}
	fires, err = s.ears.wait(ctx, began, firesWithin, f, "firing")
	mended := time.Now()
	if err := mend(); err != nil {
		return fires, 0, fmt.Errorf("mend: %w", err)
	}
	if err != nil {
		return fires, 0, err
	}
	ends, err = s.ears.wait(ctx, mended, endsWithin, f, "resolved")
	if strays := s.ears.strays(f.alert, f.receivers); len(strays) > 0 {
		err = fmt.Errorf("it also went to %v", strays)
	}
	return fires, ends, err
}

// freePort is a port of this machine that nobody has now.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it was only asked for its port
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// watched runs the stack over the programs of the siege.
func (s *siege) watched(ctx context.Context) error {
	receiver := httptest.NewServer(&s.ears)
	s.t.Cleanup(receiver.Close)
	tree, err := alertmanager.Hurried(receiver.URL, time.Second)
	if err != nil {
		return err
	}
	var targets []stack.Target
	for name, port := range s.ports {
		job, _, _ := strings.Cut(name, "-")
		targets = append(targets, stack.Target{Job: job, Address: "127.0.0.1:" + port})
	}
	running, err := stack.Start(ctx, stack.Options{
		Dir: filepath.Join(s.t.TempDir(), "stack"), Settings: prometheus.Example(), Ports: stack.Ports{Alertmanager: s.manager}, Scrape: time.Second, Resend: 2 * time.Second,
		Targets: targets, Probes: []string{s.front() + "/readyz"}, Tree: tree, Rules: hurry,
	})
	if err != nil {
		return err
	}
	s.t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			s.t.Error(err)
		}
	})
	return nil
}

// TestAlertsEndToEnd breaks each thing for real, under the rules, the tree and
// the programs that production has: the right receiver hears of it in time, and
// of its end.
func TestAlertsEndToEnd(t *testing.T) {
	if !*alertsFlag {
		// Four minutes of faults on two cores would take the other tests' time;
		// the rules themselves are tried by promtool in every run.
		t.Skip("minutes of faults are not asked for: make alerts-e2e")
	}
	if advice, ok := stack.Installed(); !ok {
		// Real programs of other makers: without them there is nothing to try.
		t.Skip("the alerts are NOT tried: " + advice)
	}
	needsProc(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
	defer cancel()
	s := newSiege(ctx, t)
	if err := s.watched(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ears.wait(ctx, time.Time{}, firesWithin, alarm{alert: "Watchdog", receivers: []string{"deadman"}}, "firing"); err != nil {
		t.Fatal(err)
	}
	only := regexp.MustCompile(*onlyFlag)
	t.Logf("%-22s %-26s %-18s %8s %8s", "fault", "alert", "receivers", "fires", "ends")
	for _, f := range s.alarms() {
		if f.alert == "AuditLogFailing" && !s.loki {
			t.Logf("%-22s NOT tried: make loki-bin builds Loki", f.name)
			continue
		}
		if !only.MatchString(f.name) {
			continue
		}
		fires, ends, err := s.try(ctx, f)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		t.Logf("%-22s %-26s %-18s %7.1fs %7.1fs", f.name, f.alert, strings.Join(f.receivers, ","), fires.Seconds(), ends.Seconds())
	}
}

// What is hurried is every time of the rules, and nothing else.
func TestHurry(t *testing.T) {
	t.Parallel()
	got := hurry("  expr: rate(a[5m]) > 300 offset 1h\n  for: 15m\n  labels: {long: 1h}\n")
	if want := "  expr: rate(a[15s]) > 300 offset 15s\n  for: 2s\n  labels: {long: 1h}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
