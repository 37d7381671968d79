package riverqueue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// inHand knows the jobs that this process works now, by kind: River tells nobody
// what it waits for at a stop.
type inHand struct {
	river.MiddlewareDefaults
	mu    sync.Mutex
	kinds map[string]int
}

// Work is rivertype.WorkerMiddleware.
func (h *inHand) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	h.count(job.Kind, 1)
	defer h.count(job.Kind, -1)
	return work(ctx)
}

func (h *inHand) count(kind string, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kinds[kind] += by; h.kinds[kind] == 0 {
		delete(h.kinds, kind)
	}
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
