package openai_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

// Requests in flight never exceed the configured number, and with more to do
// that number is reached.
func TestFM043_RequestsInFlightAreBounded(t *testing.T) {
	t.Parallel()
	const limit, batches = 3, 12
	fake, err := openaitest.New(openaitest.Options{Counter: quick{}})
	if err != nil {
		t.Fatal(err)
	}
	var inside atomic.Int32
	full := make(chan struct{})
	var once sync.Once
	e := dial(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if inside.Add(1) == limit {
			once.Do(func() { close(full) })
		}
		defer inside.Add(-1)
		select {
		case <-full:
		case <-r.Context().Done():
			return
		}
		fake.ServeHTTP(w, r)
		if n := inside.Load(); n > limit {
			t.Errorf("%d requests in flight", n)
		}
	}), func(c *openai.Config) { c.InFlight = limit })
	var wg sync.WaitGroup
	for i := range batches {
		wg.Go(func() {
			if _, err := e.Embed(context.Background(), texts(i+1)); err != nil {
				t.Errorf("batch %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestFM038_HangingServiceEndsInTheTimeout(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{}, func(c *openai.Config) { c.Timeout = 50 * time.Millisecond })
	fake.Inject(openaitest.Fault{Kind: openaitest.Hang}, openaitest.Fault{Kind: openaitest.Hang, Health: true})
	refused(t, e, core.CodeEmbedderUnavailable, "a text")
	if err := e.Healthy(context.Background()); !core.HasCode(err, core.CodeEmbedderUnavailable) {
		t.Fatalf("Healthy: %v", err)
	}
}

// The caller's deadline holds too, both in the request and in the queue for a
// slot, and it is the caller's own error that comes back.
func TestFM038_CallersContextEndsTheWait(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{}, func(c *openai.Config) { c.InFlight = 1 })
	fake.Inject(openaitest.Fault{Kind: openaitest.Hang, Times: 2})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			got, err := e.Embed(ctx, []string{"a text"})
			if !errors.Is(err, context.DeadlineExceeded) || got.Vectors != nil {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
	embedAfter, stop := context.WithCancel(context.Background())
	stop()
	if _, err := e.Embed(embedAfter, []string{"a text"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want canceled", err)
	}
}

func TestSlowAnswerWithinTheTimeoutIsGood(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	fake.Inject(openaitest.Fault{Kind: openaitest.Slow, Delay: 30 * time.Millisecond})
	embed(t, e, texts(2)...)
}

func TestS11_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	fake.Inject(openaitest.Fault{Kind: openaitest.Redirected})
	refused(t, e, core.CodeEmbedderUnavailable, "a text")
	if n := fake.Ledger().Requests; n != 1 {
		t.Fatalf("%d requests", n)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 400, 429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(status)
				block := []byte(`{"object":"` + strings.Repeat("x", 64<<10))
				for range 1024 { // 64 MiB unless the client leaves
					n, err := w.Write(block)
					sent.Add(int64(n))
					if err != nil {
						return
					}
				}
			}))
			e := dial(t, server.Config.Handler)
			if _, err := e.Embed(context.Background(), []string{"a text"}); err == nil {
				t.Fatal("no error")
			}
			if n := sent.Load(); n >= 64<<20 {
				t.Fatalf("the server could send %d bytes", n)
			}
		})
	}
}
