package arrivals_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/loadtest/load/arrivals"
)

// clock is a time that passes when somebody waits, and may be pushed on.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slips []time.Duration // how much later than asked each wait ends
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Until(ctx context.Context, at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.now) {
		c.now = at
	}
	if len(c.slips) > 0 {
		c.now, c.slips = c.now.Add(c.slips[0]), c.slips[1:]
	}
	return ctx.Err()
}

// due runs a plan and gives the offsets at which its pieces were due.
func due(t *testing.T, c *clock, plan arrivals.Plan) ([]time.Duration, arrivals.Begun) {
	t.Helper()
	var mu sync.Mutex
	var all []time.Duration
	start := c.Now()
	begun := arrivals.Run(t.Context(), c, plan, func(_ int, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, at.Sub(start))
	})
	slices.Sort(all)
	return all, begun
}

func TestConstantArrivals(t *testing.T) {
	t.Parallel()
	got, begun := due(t, &clock{}, arrivals.Plan{Times: arrivals.Constant(4), For: time.Second})
	want := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, 750 * time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" || begun.Pieces != 4 || begun.Late != 0 {
		t.Errorf("%+v (-want +got):\n%s", begun, diff)
	}
	if got, _ := due(t, &clock{}, arrivals.Plan{Times: arrivals.AtOnce(), Count: 3}); !slices.Equal(got, make([]time.Duration, 3)) {
		t.Errorf("at once: %v", got)
	}
}

// The mean of the gaps is that of the rate, and so is their spread: of a
// Poisson process the two are equal.
func TestPoissonArrivals(t *testing.T) {
	t.Parallel()
	got, _ := due(t, &clock{}, arrivals.Plan{Times: arrivals.Poisson(50, 1), Count: 20_000})
	again, _ := due(t, &clock{}, arrivals.Plan{Times: arrivals.Poisson(50, 1), Count: 20_000})
	if !slices.Equal(got, again) {
		t.Error("one seed gives two runs")
	}
	var sum, squares float64
	for i := 1; i < len(got); i++ {
		gap := (got[i] - got[i-1]).Seconds()
		sum, squares = sum+gap, squares+gap*gap
	}
	n := float64(len(got) - 1)
	mean := sum / n
	spread := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-0.02) > 0.001 || math.Abs(spread-0.02) > 0.001 {
		t.Errorf("gaps of %.4f s on average, spread %.4f: both should be 0.02", mean, spread)
	}
}

// A piece that hangs holds nobody up: all the others begin, and the run ends
// with it.
func TestNoPieceWaitsForAnother(t *testing.T) {
	t.Parallel()
	others, ended := make(chan struct{}, 9), make(chan arrivals.Begun, 1)
	hang := make(chan struct{})
	go func() {
		ended <- arrivals.Run(context.Background(), &clock{}, arrivals.Plan{Times: arrivals.Constant(10), For: time.Second}, func(n int, _ time.Time) {
			if n == 0 {
				<-hang
				return
			}
			others <- struct{}{}
		})
	}()
	for range 9 {
		<-others
	}
	select {
	case <-ended:
		t.Error("the run ended before its first piece")
	default:
	}
	close(hang)
	if begun := <-ended; begun.Pieces != 10 {
		t.Errorf("%d pieces began", begun.Pieces)
	}
}

// Who begins late is counted; the times of those after it stay what they were.
func TestLateBeginningsAreCounted(t *testing.T) {
	t.Parallel()
	c := &clock{slips: []time.Duration{0, 600 * time.Millisecond}}
	got, begun := due(t, c, arrivals.Plan{Times: arrivals.Constant(4), For: time.Second})
	if len(got) != 4 || got[3] != 750*time.Millisecond {
		t.Errorf("due at %v", got)
	}
	// The second began 600 ms late, the third 350, the fourth 100.
	if begun.Late != 3 || begun.MostLate != 600*time.Millisecond {
		t.Errorf("%+v", begun)
	}
}

func TestAnEndedContextEndsTheRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	begun := arrivals.Run(ctx, &clock{}, arrivals.Plan{Times: arrivals.Constant(1)}, func(n int, _ time.Time) {
		if n == 2 {
			cancel()
		}
	})
	if begun.Pieces < 3 {
		t.Errorf("%d pieces began", begun.Pieces)
	}
}
