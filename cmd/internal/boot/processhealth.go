package boot

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// processHealth is what one process knows of itself, on the operators' port.
// It asks nobody: every result is that of the last real call.
type processHealth struct {
	Status   string       `json:"status"` // see the words below
	Service  Service      `json:"service"`
	Build    string       `json:"build"`
	At       time.Time    `json:"at"` // UTC
	Database *callHealth  `json:"database"`
	Services []callHealth `json:"services"`
	Loops    []loopHealth `json:"loops"` // a worker has one a queue: its looks for jobs
	Worker   *lineHealth  `json:"worker,omitempty"`
}

// The words of a process.
const (
	statusHealthy   = "healthy"
	statusDegraded  = "degraded"  // something outside failed when it was last asked
	statusUnhealthy = "unhealthy" // a loop is frozen: the process lives and does nothing; answered with 503
	statusDraining  = "draining"
)

// callHealth is the last real call of something outside.
type callHealth struct {
	Name       string  `json:"name"`
	OK         bool    `json:"ok"`
	Code       string  `json:"code,omitempty"` // of the failure
	AgeSeconds float64 `json:"age_seconds"`
	Held       bool    `json:"held,omitempty"` // calls are held back, for it was away
}

// loopHealth is one loop of the process.
type loopHealth struct {
	Name         string  `json:"name"`
	AgeSeconds   float64 `json:"age_seconds"`   // since it last went round
	BoundSeconds float64 `json:"bound_seconds"` // after which it is frozen
	Frozen       bool    `json:"frozen"`
}

// lineHealth is what a worker knows of the queues.
type lineHealth struct {
	LastProgress *time.Time    `json:"last_progress"` // when it last ended a job, UTC; null before the first
	AgeSeconds   *float64      `json:"age_seconds"`   // of what the queues say; null where they could not be looked at
	Queues       []queueHealth `json:"queues"`
}

// queueHealth is one queue, over all workers.
type queueHealth struct {
	Name          string         `json:"name"`
	Slots         int            `json:"slots"` // jobs at once in this process
	Paused        bool           `json:"paused"`
	Jobs          map[string]int `json:"jobs"`           // by state, those that have not ended well
	OldestSeconds float64        `json:"oldest_seconds"` // that the oldest has been waiting to be taken
}

// look is one look at the database.
type look struct {
	at     time.Time
	census ports.Census
}

// serveHealth answers what the process knows of itself: 503 only where it makes
// no progress. draining tells that it stops.
func (h *House) serveHealth(draining func() bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		report := h.ownHealth(time.Now(), draining())
		w.Header().Set("Content-Type", "application/json")
		if report.Status == statusUnhealthy {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report) // a reader that left needs no answer
	})
}

func (h *House) ownHealth(now time.Time, draining bool) processHealth {
	report := processHealth{Status: statusHealthy, Service: h.service, Build: Build(), At: now.UTC(), Services: []callHealth{}}
	for _, dep := range h.seen.all() {
		report.Services = append(report.Services, called(dep, now))
	}
	if dep, ok := h.seen.databaseState(); ok {
		database := called(dep, now)
		report.Database = &database
	}
	report.Loops = h.pulse.loopStates()
	if h.does(Worker) {
		report.Worker = h.lineState(now)
	}
	report.Status = report.judged(draining)
	return report
}

// judged is the word for the whole. What is away outside is no reason to start
// the process anew; a loop that does not go round is.
func (r processHealth) judged(draining bool) string {
	failed := func(c callHealth) bool { return !c.OK }
	switch {
	case draining:
		return statusDraining
	case slices.ContainsFunc(r.Loops, func(l loopHealth) bool { return l.Frozen }):
		return statusUnhealthy
	case r.Database != nil && failed(*r.Database), slices.ContainsFunc(r.Services, failed):
		return statusDegraded
	}
	return statusHealthy
}

func called(dep ports.Dependency, now time.Time) callHealth {
	return callHealth{Name: dep.Name, OK: dep.OK, Code: dep.Code, AgeSeconds: max(now.Sub(dep.Since).Seconds(), 0), Held: dep.Held}
}

// lineState is the queues as the last look at the database saw them.
func (h *House) lineState(now time.Time) *lineHealth {
	state := &lineHealth{Queues: []queueHealth{}}
	if nanos := h.progress.Load(); nanos > 0 {
		last := time.Unix(0, nanos).UTC()
		state.LastProgress = &last
	}
	seen := h.looked.Load()
	if seen == nil {
		return state
	}
	age := max(now.Sub(seen.at).Seconds(), 0)
	state.AgeSeconds = &age
	for queue, slots := range h.config.Queues().Workers {
		state.Queues = append(state.Queues, queueState(queue, slots, seen.census))
	}
	slices.SortFunc(state.Queues, func(a, b queueHealth) int { return strings.Compare(a.Name, b.Name) })
	return state
}

func queueState(name string, slots int, census ports.Census) queueHealth {
	state := queueHealth{Name: name, Slots: slots, Paused: census.Paused[name], Jobs: map[string]int{}}
	for _, job := range census.Jobs {
		if job.Queue == name {
			state.Jobs[job.State] += job.Count
			state.OldestSeconds = max(state.OldestSeconds, job.Oldest.Seconds())
		}
	}
	return state
}

// asked records how the last real statement of the process went.
func (o *outcomes) asked(err error) {
	dep := ports.Dependency{Name: string(core.ServiceDatabase), OK: !core.HasCode(err, core.CodeDatabaseUnavailable), Since: time.Now().UTC()}
	if !dep.OK {
		dep.Code = string(core.CodeDatabaseUnavailable)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.database = dep
	o.meter.Up(dep.Name, dep.OK)
}

// databaseState is the last real statement's result; ok is false before the first.
func (o *outcomes) databaseState() (dep ports.Dependency, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database, !o.database.Since.IsZero()
}
