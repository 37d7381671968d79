package boot

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestHealthTellsWhatItKnows lets a look at the database take its time: an
// answer does not wait for it while the one before is fresh, everybody who asks
// shares it, and what is too old is not told.
func TestHealthTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			k     known
			looks atomic.Int32
			takes time.Duration
			fails error
		)
		ask := func() (found facts, waited time.Duration) {
			t.Helper()
			began, takes, err := time.Now(), takes, fails
			found = k.facts(t.Context(), func(ctx context.Context) facts {
				looks.Add(1)
				select {
				case <-time.After(takes):
				case <-ctx.Done():
					err = ctx.Err()
				}
				return facts{at: time.Now(), err: err}
			})
			return found, time.Since(began)
		}
		expect := func(what string, failed bool, within time.Duration, count int32) {
			t.Helper()
			found, waited := ask()
			if n := looks.Load(); (found.err != nil) != failed || waited != within || n != count {
				t.Fatalf("%s: error %v after %s and %d looks, want one: %t, after %s and %d looks", what, found.err, waited, n, failed, within, count)
			}
		}

		over := func() { // waits until the look under way has ended
			k.mu.Lock()
			under := k.under
			k.mu.Unlock()
			<-under
		}

		takes = time.Hour
		expect("nothing is known and the database says nothing", true, healthTime, 1)
		expect("the same look goes on", true, healthTime, 1)
		over()
		takes = 10 * time.Millisecond
		expect("the database answers soon", false, takes, 2)
		takes = healthLook - time.Second
		expect("it is slow, what was known is told", false, healthPatience, 3)
		expect("who asks meanwhile does not ask it again", false, healthPatience, 3)
		over()
		takes = time.Hour
		expect("the slow answer is fresh", false, healthPatience, 4)
		over()
		expect("a silent database is told of", true, healthPatience, 5)
		over()
		takes, fails = 0, errors.New("refused")
		expect("its refusal is told at once", true, 0, 6)
		fails = nil
		expect("and its return", false, 0, 7)
	})
}
