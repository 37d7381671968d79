package llamaparse_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
)

func TestFM009_HealthyChecksTheKey(t *testing.T) {
	t.Parallel()
	if err := newBench(t).Healthy(t.Context()); err != nil {
		t.Errorf("right key: %v", err)
	}
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.Key = "llx-wrong" })
	wantError(t, b.Healthy(t.Context()), core.CodeParserKey, core.Paused)
}

func TestS11_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 307, 308} {
		bounce := httptest.NewServer(http.RedirectHandler(other.URL, status))
		p, err := llamaparse.New(llamaparse.Config{BaseURL: bounce.URL, Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, p.Healthy(t.Context()), core.CodeParserUnavailable, core.Transient)
		_, err = p.Submit(t.Context(), submission("text"))
		wantError(t, err, core.CodeParserUnavailable, core.Transient)
		bounce.Close()
	}
	if seen.Load() != 0 {
		t.Errorf("the other host was asked %d times", seen.Load())
	}
}

func TestAVersionThatIsNotOfferedIsTold(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"2026-08-19": true, "2026-06-15": false, "latest": true} {
		b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.Version = version })
		if offered, err := b.Offered(t.Context()); err != nil || offered != want {
			t.Errorf("%s: %v %v", version, offered, err)
		}
	}
	b := newBench(t)
	b.fake.Faults.ServerErrors(1)
	_, err := b.Offered(t.Context())
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
}

// A result may name addresses of its own: none is followed, wherever it leads,
// and the key goes to the one host that was configured.
func TestTheKeyGoesToTheConfiguredHostAlone(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	doc := b.submitted(t, d.submission(threePage))
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Find(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Forget(t.Context(), doc), b.Healthy(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, req := range b.sent.requests {
		if "http://"+req.URL.Host != b.url || strings.HasPrefix(req.URL.Path, "/presigned") || strings.Contains(req.URL.RawQuery, "content_metadata") {
			t.Errorf("asked %s", req.URL)
		}
	}
	if len(b.sent.requests) < 6 || b.fake.Ledger().Requests[llamaparsetest.OpDownload] != 0 {
		t.Errorf("%d requests", len(b.sent.requests))
	}
}

func TestC16_ErrorsTellNothingOfTheAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 302, 400, 401, 402, 404, 409, 418, 422, 429, 500, 503} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, `{"detail":"canary-body `+testKey+`", "items":"canary-body"}`)
		}))
		p, err := llamaparse.New(llamaparse.Config{BaseURL: server.URL, Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		err = p.Healthy(t.Context())
		for e := err; e != nil; e = errors.Unwrap(e) {
			if said := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(said, "canary") {
				t.Errorf("status %d: %s", status, said)
			}
		}
		if err == nil {
			t.Errorf("status %d: no error", status)
		}
		server.Close()
	}
}

func TestFM038_SilentServiceEndsInTime(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	p, err := llamaparse.New(llamaparse.Config{BaseURL: server.URL, Key: testKey, Timeout: 30 * time.Millisecond, UploadTimeout: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Healthy(t.Context()), core.CodeParserUnavailable, core.Transient)
	_, err = p.Submit(t.Context(), submission("text"))
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Healthy(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestSubmissionsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.SubmitEvery = time.Hour })
	b.submitted(t, submission("first goes at once"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Submit(ctx, submission("second waits"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if l := b.fake.Ledger(); l.Requests[llamaparsetest.OpUpload] != 1 {
		t.Errorf("%d uploads", l.Requests[llamaparsetest.OpUpload])
	}
}

func TestConfigFaultsComeAtOnceAndWithoutTheKey(t *testing.T) {
	t.Parallel()
	_, err := llamaparse.New(llamaparse.Config{BaseURL: "ftp://x", Key: "canary key\n", JobTimeout: 3 * time.Hour, MaxFailedShare: 2})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"base URL", "the key", "job timeout", "failed pages"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %q", want, err)
		}
	}
	conf := llamaparse.Config{BaseURL: "https://x.example", Key: "canary"}
	if said := fmt.Sprintf("%s %v %+v %#v %v", err, conf, conf, conf, &conf); strings.Contains(said, "canary") {
		t.Errorf("the key shows: %s", said)
	}
	for _, base := range []string{"", "x", "https://", "https://u:p@x.example", "https://x.example?a=b"} {
		if _, err := llamaparse.New(llamaparse.Config{BaseURL: base, Key: "k"}); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}
