package boot_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// redisSays is what /health knows of Redis: whether it is well, and the code.
func (w *world) redisSays() (well bool, code string) {
	var health struct {
		Services map[string]string `json:"services"`
		Details  []struct{ Name, Code string }
	}
	w.call(http.MethodGet, w.api+"/health", "", nil, &health)
	for _, d := range health.Details {
		if d.Name == "redis" {
			code = d.Code
		}
	}
	return health.Services["redis"] == "healthy", code
}

// tries is how many of so many wrong sign-ins are looked at, each of another
// account, for one account's tries are counted apart.
func (w *world) tries(name string, n int) (looked int) {
	for i := range n {
		email := fmt.Sprintf("%s%d@example.com", name, i)
		status := w.call(http.MethodPost, w.api+"/auth/login", "", map[string]string{"email": email, "password": "wrong"}, nil)
		if status >= http.StatusInternalServerError {
			w.t.Errorf("a guess answered %d", status)
		}
		if status != http.StatusTooManyRequests {
			looked++
		}
	}
	return looked
}

// S24: production's rates, with Redis killed in the middle of a flood of guesses
// and then back: never more than twice the rate passes, nothing answers 5xx, and
// /health says how it stands. Beside it the operators' port, which the public
// ones do not lead to.
func TestS24_S34_RedisIsLostUnderGuesses(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	w := newWorld(t)
	w.config.RedisURL, w.config.RateFactor, w.config.AdminPort = boot.Secret(server.URL()), 1, 0
	w.config.StatusLife = 5 * time.Second
	w.config.ReplicaDatabaseURL = w.config.DatabaseURL // which is no standby
	w.start(boot.Dev)
	w.until("redis to be well", func() bool { well, _ := w.redisSays(); return well })
	const rate = 20 // a minute, of the rule auth
	began := time.Now()
	regained := func() int { return int(time.Since(began).Minutes()*rate) + 1 } // on a slow machine
	if n := w.tries("ada", 6); n != 6 {
		t.Fatalf("%d of the first 6", n)
	}
	for _, series := range []string{`redis_pool_conns{state="idle"} `, `redis_pool_timeouts_total 0`, `dependency_up{dependency="redis"} 1`} {
		if !strings.Contains(w.families(), "\n"+series) {
			t.Errorf("not told: %s", series)
		}
	}
	ada := w.noReplica()
	w.keptStatuses(ada)
	server.Stop()
	if n := w.tries("ada", 40); n > rate-6+regained() {
		t.Errorf("%d more guesses without Redis", n)
	}
	if well, code := w.redisSays(); well || code != "rates_unshared" {
		t.Errorf("without Redis /health says %v, %q", well, code)
	}
	server.Start()
	w.until("redis to be asked again", func() bool {
		w.tries("bob", 1)
		well, _ := w.redisSays()
		return well
	})
	if n := w.tries("ada", 20); n > 1+regained() {
		t.Errorf("%d more guesses with Redis back and empty", n)
	}
	w.adminApart()
}

// noReplica holds that an address without a standby is told once, and that all is
// read at the primary.
func (w *world) noReplica() person {
	w.t.Helper()
	told := func() int { return strings.Count(w.logs.String(), "the replica is left alone") }
	w.until("the replica to be looked at", func() bool { return strings.Contains(w.families(), "\ndocpipe_replica_ready 0") && told() > 0 })
	ada := w.person("reader")
	if got := ada.bare(http.MethodGet, "/documents"); got.status != http.StatusOK || !strings.Contains(w.families(), `docpipe_replica_reads_total{result="unready"} 1`) {
		w.t.Errorf("without its replica the list is %d", got.status)
	}
	if n := told(); n != 1 {
		w.t.Errorf("the replica's absence is told %d times", n)
	}
	return ada
}

// keptStatuses holds that statuses are asked for in Redis, and that each step of
// a document is told there.
func (w *world) keptStatuses(ada person) {
	w.t.Helper()
	id := ada.taken("filler.pdf", corpus.Filler(2, 7).Bytes)
	stands := func(want core.Status) func() bool {
		return func() bool { _, s := ada.status(id); return s.Status == want }
	}
	w.until("the document to be complete", stands(core.Complete))
	all := w.families()
	count := func(result string) int {
		_, value, _ := strings.Cut(all, `cache_requests_total{cache="status",result="`+result+`"} `)
		value, _, _ = strings.Cut(value, "\n")
		n, _ := strconv.Atoi(value)
		return n
	}
	// A machine that is short of time may not reach Redis each time.
	if told, untold := count("moved"), count("unmoved"); told == 0 || told+untold < 2*len(core.Stages()) { // begun and kept
		w.t.Errorf("Redis was told of %d moves, and not of %d", told, untold)
	}
	if count("miss") == 0 {
		w.t.Error("statuses were not asked for in Redis")
	}
	if got := ada.bare(http.MethodDelete, "/documents/"+id); got.status != http.StatusAccepted {
		w.t.Errorf("delete: %d", got.status)
	}
	if stands(core.Complete)() {
		w.t.Error("a document that is being deleted is complete still")
	}
}

// adminApart asks the operators' port, and the public ones for the same.
func (w *world) adminApart() {
	w.t.Helper()
	const profile, metrics = "/debug/pprof/goroutine?debug=1", "/metrics"
	for path, word := range map[string]string{profile: "goroutine profile", metrics: "docpipe_build_info"} {
		if status, text := w.look(w.admin + path); status != http.StatusOK || !strings.Contains(text, word) {
			w.t.Errorf("the operators' port answers %d for %s", status, path)
		}
		for _, address := range []string{w.api, w.hook} {
			if status, _ := w.look(address + path); status != http.StatusNotFound {
				w.t.Errorf("%s answers %d for %s", address, status, path)
			}
		}
	}
}

// look asks an address without a token, and gives the answer's status and body.
func (w *world) look(address string) (int, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.page(http.DefaultClient.Do(request)) //nolint:bodyclose // page closes it
}
