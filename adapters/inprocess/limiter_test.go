package inprocess

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func TestLimiterKeepsItsContract(t *testing.T) {
	t.Parallel()
	portstest.Limiter(t, NewLimiter(DefaultKeys))
}

// Over any stretch of time no more than a burst and what drained meanwhile is
// let through, and never less than the even rate.
func TestNoStretchOfTimeHoldsMoreThanTheRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := ports.Rate{Name: "r", Requests: rapid.IntRange(1, 1000).Draw(t, "requests"),
			Window: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "window"))}
		now := time.Unix(0, 0)
		l := newLimiter(10, func() time.Time { return now })
		allowed := 0
		for range rapid.IntRange(1, 300).Draw(t, "tries") {
			got := l.Allow(context.Background(), "k", rate)
			if got.Allowed {
				allowed++
			}
			most := rate.Requests + int(now.Sub(time.Unix(0, 0))/stepOf(rate))
			if allowed > most {
				t.Fatalf("%d let through, at most %d", allowed, most)
			}
			if got.Remaining < 0 || got.Remaining >= rate.Requests || got.Reset < 0 || got.Allowed != (got.Retry == 0) {
				t.Fatalf("%+v of %+v", got, rate)
			}
			if !got.Allowed {
				now = now.Add(got.Retry)
				if !l.Allow(context.Background(), "k", rate).Allowed {
					t.Fatalf("refused although the wait of %s is over", got.Retry)
				}
				allowed++
			}
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(rate.Window)/4).Draw(t, "pause")))
		}
	})
}

// S23: addresses without number cannot fill the memory, and the caller that
// keeps asking is not the one that is forgotten.
func TestS23_KeysAreBoundedAndTheSilentOnesGo(t *testing.T) {
	t.Parallel()
	l := NewLimiter(100)
	rate := ports.Rate{Name: "r", Requests: 1, Window: time.Hour}
	l.Allow(t.Context(), "silent", rate)
	for n := range 10_000 {
		l.Allow(t.Context(), strconv.Itoa(n), rate)
		if got := l.Allow(t.Context(), "busy", rate); got.Allowed != (n == 0) {
			t.Fatalf("busy after %d others: %+v", n, got)
		}
	}
	if l.keys.Len() != 100 {
		t.Errorf("%d keys are kept", l.keys.Len())
	}
	if !l.Allow(t.Context(), "silent", rate).Allowed {
		t.Error("the silent key was kept")
	}
	if got := NewLimiter(0).Allow(t.Context(), "k", rate); !got.Allowed {
		t.Errorf("a table of no keys: %+v", got)
	}
}

// S23: the full table stays below 20 MiB.
func TestS23_AFullTableIsSmall(t *testing.T) {
	if perKey := bytesPerKey(); perKey > 20<<20/DefaultKeys {
		t.Errorf("%d bytes a key", perKey)
	}
}

// bytesPerKey fills a table with keys as the API makes them.
func bytesPerKey() int {
	rate := ports.Rate{Name: "reads", Requests: 600, Window: time.Minute}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := NewLimiter(DefaultKeys)
	for range DefaultKeys {
		l.Allow(context.Background(), core.NewID().String(), rate)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(l)
	return int(after.HeapAlloc-before.HeapAlloc) / DefaultKeys
}

func BenchmarkAllow(b *testing.B) {
	rate := ports.Rate{Name: "reads", Requests: 600, Window: time.Minute}
	keys := make([]string, DefaultKeys)
	for i := range keys {
		keys[i] = core.NewID().String()
	}
	for _, callers := range []int{1, len(keys)} {
		b.Run(fmt.Sprintf("keys=%d", callers), func(b *testing.B) {
			l := NewLimiter(DefaultKeys)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				l.Allow(context.Background(), keys[n%callers], rate)
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		l := NewLimiter(DefaultKeys)
		b.RunParallel(func(p *testing.PB) {
			for n := 0; p.Next(); n++ {
				l.Allow(context.Background(), keys[n%len(keys)], rate)
			}
		})
	})
	b.Run("memory", func(b *testing.B) {
		perKey := 0
		for b.Loop() {
			perKey = bytesPerKey()
		}
		b.ReportMetric(float64(perKey), "B/key")
	})
}
