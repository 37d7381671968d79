// Package arrivals begins work in an open model: each piece begins at its time,
// whatever became of those before. A service that stalls then meets the queue
// that real callers would make, and a generator that falls behind says so.
package arrivals

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"time"
)

// Times are the offsets from a run's beginning at which pieces of work are due,
// in their order. They do not end by themselves but in AtOnce.
type Times = iter.Seq[time.Duration]

// Constant is rate arrivals a second, at equal distances.
func Constant(rate float64) Times {
	return func(yield func(time.Duration) bool) {
		for n := 0; yield(time.Duration(float64(n) / rate * float64(time.Second))); n++ {
			continue
		}
	}
}

// Poisson is rate arrivals a second on average, each independent of the others,
// the same ones for the same seed.
func Poisson(rate float64, seed uint64) Times {
	return func(yield func(time.Duration) bool) {
		source := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // arrivals, not secrets
		at := source.ExpFloat64() / rate
		for yield(time.Duration(at * float64(time.Second))) {
			at += source.ExpFloat64() / rate
		}
	}
}

// AtOnce is any number of arrivals at the beginning.
func AtOnce() Times {
	return func(yield func(time.Duration) bool) {
		for yield(0) {
			continue
		}
	}
}

// Clock is the time that a run lives in.
type Clock interface {
	Now() time.Time
	// Until returns at that time, or with ctx's error.
	Until(ctx context.Context, at time.Time) error
}

// Wall is the machine's clock.
type Wall struct{}

// Now implements Clock.
func (Wall) Now() time.Time { return time.Now() }

// Until implements Clock.
func (Wall) Until(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Plan is how much begins when. Without For and Count it has no end but ctx's.
type Plan struct {
	Times Times
	For   time.Duration // nothing is due at or after it; 0: no bound
	Count int           // the most pieces; 0: no bound
}

// LateAfter is how long after its time a piece may begin without being late.
const LateAfter = 20 * time.Millisecond

// Begun tells how a plan was kept.
type Begun struct {
	Pieces   int
	Late     int           // of them, that began later than LateAfter
	MostLate time.Duration // of the latest one
}

// Run begins each piece of work at its time, in a goroutine of its own, and
// waits for none of them before the next. It returns when all have ended.
func Run(ctx context.Context, clock Clock, plan Plan, work func(n int, due time.Time)) Begun {
	var group sync.WaitGroup
	defer group.Wait()
	var begun Begun
	start := clock.Now()
	for offset := range plan.Times {
		if plan.For > 0 && offset >= plan.For || plan.Count > 0 && begun.Pieces == plan.Count {
			break
		}
		due := start.Add(offset)
		if clock.Until(ctx, due) != nil {
			break
		}
		late := clock.Now().Sub(due)
		if late > LateAfter {
			begun.Late++
		}
		begun.MostLate = max(begun.MostLate, late)
		n := begun.Pieces
		group.Go(func() { work(n, due) })
		begun.Pieces++
	}
	return begun
}
