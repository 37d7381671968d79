package riverqueue

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river/rivertype"
)

// hold puts a job in hand until let go; the run ends as the work did.
func (h *inHand) hold(t *testing.T, job int64) (letGo func()) {
	t.Helper()
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_ = h.Work(context.Background(), &rivertype.JobRow{ID: job, Kind: "chunk"}, func(context.Context) error {
			close(begun)
			<-end
			return errors.New("whatever")
		})
	}()
	<-begun
	return func() { close(end); <-done }
}

// byHand is a clock that stands until it is moved on.
type byHand struct{ time.Time }

func (c *byHand) pass(d time.Duration) { c.Time = c.Add(d) }

// clocked is an inHand that goes by such a clock.
func clocked() (*inHand, *byHand) {
	h, clock := newInHand(), &byHand{time.Now()}
	h.now = func() time.Time { return clock.Time }
	return h, clock
}

// twice is what two looks say.
func (h *inHand) twice(running ...int64) []int64 {
	h.missed(running)
	return h.missed(running)
}

// A job is known while it is in hand, however long, and for a minute after: its
// end may be written later than its work ends.
func TestAJobInHandIsKnownAndAMinuteLonger(t *testing.T) {
	t.Parallel()
	h, clock := clocked()
	first := h.hold(t, 1)
	clock.pass(time.Hour)
	if diff := cmp.Diff([]int64{2}, h.twice(1, 2)); diff != "" {
		t.Errorf("missed while one is in hand:\n%s", diff)
	}
	second := h.hold(t, 1) // given back, and fetched anew, while the first goes on
	first()
	clock.pass(2 * remembered)
	if got := h.twice(1); len(got) != 0 {
		t.Errorf("missed while its second run is in hand: %v", got)
	}
	second()
	clock.pass(remembered - time.Nanosecond)
	if got := h.twice(1); len(got) != 0 {
		t.Errorf("missed within the minute: %v", got)
	}
	clock.pass(time.Nanosecond)
	if diff := cmp.Diff([]int64{1}, h.twice(1)); diff != "" {
		t.Errorf("missed after the minute:\n%s", diff)
	}
	if len(h.kinds) != 0 || len(h.jobs) != 0 || h.left() != "" {
		t.Errorf("still in hand: %v %v", h.kinds, h.jobs)
	}
}

// What the process does not know at one look may be on its way to a worker.
func TestAJobIsMissedAtTheSecondLook(t *testing.T) {
	t.Parallel()
	h := newInHand()
	if got := h.missed([]int64{1, 2}); len(got) != 0 {
		t.Errorf("missed at once: %v", got)
	}
	letGo := h.hold(t, 1)
	defer letGo()
	if diff := cmp.Diff([]int64{2}, h.missed([]int64{1, 2, 3})); diff != "" {
		t.Errorf("missed then:\n%s", diff)
	}
	h.missed(nil) // nothing runs: the job was given back
	if got := h.missed([]int64{2, 3}); len(got) != 0 {
		t.Errorf("missed at the first look of its next run: %v", got)
	}
}

// Of jobs that ended nothing is kept beyond the minute.
func TestTheMemoryOfEndedJobsIsBounded(t *testing.T) {
	t.Parallel()
	h, clock := clocked()
	for job := range int64(10_000) {
		h.hold(t, job)()
		clock.pass(time.Second)
	}
	if n := len(h.ended); n != 60 || cap(h.ended) > 1000 || len(h.jobs) != 0 {
		t.Errorf("%d jobs are remembered, room for %d, %d in hand", n, cap(h.ended), len(h.jobs))
	}
}
