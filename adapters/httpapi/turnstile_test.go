package httpapi

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// taken is a turnstile whose one turn somebody has until leave.
func taken(t *testing.T) (gate *turnstile, leave func()) {
	t.Helper()
	gate = newTurnstile(1)
	leave, err := gate.enter(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	return gate, leave
}

// Stored files go before those of whom nothing is stored, each in the order of
// coming.
func TestTurnsGoToStoredFilesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate, leave := taken(t)
		var lock sync.Mutex
		var order []string
		for _, who := range []struct {
			name   string
			stored bool
		}{{"early 1", false}, {"early 2", false}, {"stored 1", true}, {"early 3", false}, {"stored 2", true}} {
			go func() {
				leave, err := gate.enter(t.Context(), who.stored)
				if err != nil {
					t.Error(err)
					return
				}
				lock.Lock()
				order = append(order, who.name)
				lock.Unlock()
				leave()
			}()
			synctest.Wait() // it stands in line before the next one comes
		}
		leave()
		synctest.Wait()
		if want := []string{"stored 1", "stored 2", "early 1", "early 2", "early 3"}; !slices.Equal(order, want) {
			t.Errorf("turns were had by %q, want %q", order, want)
		}
		if gate.free != 1 {
			t.Errorf("%d turns are free when all have left", gate.free)
		}
	})
}

// It is crowded once whoever is next has waited too long, and no more once they
// have their turn or have left. Stored files say nothing of those outside.
func TestItIsCrowdedWhileTheNextHasWaitedTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate, leave := taken(t)
		clock := time.Now()
		gate.now = func() time.Time { return clock }
		waits := func(ctx context.Context, stored bool) {
			go func() {
				if leave, err := gate.enter(ctx, stored); err == nil {
					leave()
				}
			}()
			synctest.Wait()
		}
		expect := func(when string, want bool) {
			t.Helper()
			if got := gate.crowded(time.Second); got != want {
				t.Errorf("%s: crowded %t", when, got)
			}
		}
		waits(t.Context(), true)
		clock = clock.Add(time.Minute)
		expect("a stored file alone waits", false)
		impatient, give := context.WithCancel(t.Context())
		waits(impatient, false)
		clock = clock.Add(time.Second)
		expect("the next has waited as long as is allowed", false)
		waits(t.Context(), false)
		clock = clock.Add(time.Nanosecond)
		expect("the next has waited longer", true)
		give()
		synctest.Wait()
		expect("that one has left, and the one behind came later", false)
		clock = clock.Add(time.Second)
		expect("the one behind has waited as long", true)
		leave()
		synctest.Wait()
		expect("all had their turn", false)
	})
}

// However turns and departures meet, no more than the bound are inside, and no
// turn is lost.
func TestNoTurnIsLostToWhoLeaves(t *testing.T) {
	t.Parallel()
	const most, each = 3, 200
	gate := newTurnstile(most)
	var inside, highest atomic.Int64
	var all sync.WaitGroup
	for person := range 32 {
		all.Go(func() {
			for n := range each {
				ctx, cancel := context.WithCancel(t.Context())
				if (person+n)%3 == 0 {
					go cancel() // at any moment: before, in line, or inside
				}
				leave, err := gate.enter(ctx, n%2 == 0)
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if err == nil {
					now := inside.Add(1)
					for was := highest.Load(); now > was && !highest.CompareAndSwap(was, now); was = highest.Load() {
						continue
					}
					inside.Add(-1)
					leave()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if highest.Load() > most {
		t.Errorf("%d were inside at once, want at most %d", highest.Load(), most)
	}
	if gate.free != most || gate.early.Len()+gate.stored.Len() != 0 {
		t.Errorf("%d of %d turns are free and %d wait when all have left", gate.free, most, gate.early.Len()+gate.stored.Len())
	}
}
