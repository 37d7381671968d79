package riverqueue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// remembered is how long a job is known after its work has ended: River writes
// the end a moment later, and tries for 37 seconds where the database is away.
const remembered = time.Minute

// inHand knows the jobs that this process works now, by kind, for River tells nobody
// what it waits for at a stop; and by id, for a job whose fetch was not answered is
// this process's by its row and in nobody's hand.
type inHand struct {
	river.MiddlewareDefaults
	now     func() time.Time
	mu      sync.Mutex
	kinds   map[string]int
	jobs    map[int64]int  // two runs of a job, where one goes on after it was given back
	ended   []ended        // the oldest first
	unknown map[int64]bool // what was not known at the last look
}

// ended is a job whose work has.
type ended struct {
	job int64
	at  time.Time
}

func newInHand() *inHand {
	return &inHand{now: time.Now, kinds: map[string]int{}, jobs: map[int64]int{}}
}

// Work is rivertype.WorkerMiddleware.
func (h *inHand) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	h.begin(job)
	defer h.end(job)
	return work(ctx)
}

func (h *inHand) begin(job *rivertype.JobRow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kinds[job.Kind]++
	h.jobs[job.ID]++
}

func (h *inHand) end(job *rivertype.JobRow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	less(h.kinds, job.Kind)
	less(h.jobs, job.ID)
	h.forget()
	h.ended = append(h.ended, ended{job.ID, h.now()})
}

// less takes one off a count.
func less[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] == 0 {
		delete(counts, key)
	}
}

// forget drops what ended too long ago.
func (h *inHand) forget() {
	now := h.now()
	recent := slices.IndexFunc(h.ended, func(e ended) bool { return now.Sub(e.at) < remembered })
	if recent < 0 {
		recent = len(h.ended)
	}
	h.ended = h.ended[recent:]
}

// missed gives those of the jobs, which are this process's by their rows, that it
// knows nothing of, and knew nothing of at the last look: what was on its way to
// a worker then, as in a process that was stopped for a while, is in hand now.
func (h *inHand) missed(running []int64) (missed []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget()
	before := h.unknown
	h.unknown = map[int64]bool{}
	for _, job := range running {
		if h.knows(job) {
			continue
		}
		h.unknown[job] = true
		if before[job] {
			missed = append(missed, job)
		}
	}
	return missed
}

func (h *inHand) knows(job int64) bool {
	return h.jobs[job] > 0 || slices.ContainsFunc(h.ended, func(e ended) bool { return e.job == job })
}

// left lists the kinds with their numbers, such as "chunk (2), scrub (1)"; empty
// where nothing is in hand.
func (h *inHand) left() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(h.kinds)) {
		all = append(all, fmt.Sprintf("%s (%d)", kind, h.kinds[kind]))
	}
	return strings.Join(all, ", ")
}

var _ rivertype.WorkerMiddleware = (*inHand)(nil)
