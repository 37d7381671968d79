package supabase_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// ready is a prepared storage on its own project, and the project.
func ready(t *testing.T) (*supabasetest.Server, *supabase.Storage) {
	t.Helper()
	fake, url := project(t, supabasetest.Options{})
	s := storage(t, config(url))
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return fake, s
}

func put(ctx context.Context, s *supabase.Storage, key string, content []byte) error {
	return s.Put(ctx, key, bytes.NewReader(content), int64(len(content)), portstest.PDF)
}

func read(ctx context.Context, s *supabase.Storage, key string) ([]byte, error) {
	body, _, err := s.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func wantCode(t *testing.T, what string, err error, code core.Code, kind core.Kind) {
	t.Helper()
	var e *core.Error
	if !errors.As(err, &e) || e.Code != code || e.Kind != kind {
		t.Errorf("%s: got %#v, want %s (%s)", what, err, code, kind)
	}
}

func TestBucketRulesAreTheStorages(t *testing.T) {
	t.Parallel()
	_, s := ready(t)
	for _, contentType := range []string{"image/png", "application/pdf; charset=binary"} {
		err := s.Put(t.Context(), "user/a", strings.NewReader("x"), 1, contentType)
		wantCode(t, contentType, err, core.CodeFileUnsupported, core.Invalid)
	}
	wantCode(t, "over the limit", put(t.Context(), s, "user/a", make([]byte, 4<<20+1)), core.CodeFileTooLarge, core.Invalid)
	if err := put(t.Context(), s, "user/a", make([]byte, 4<<20)); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
}

// TestEveryUploadStatesItsLength: without one the bucket's limit does not hold.
func TestEveryUploadStatesItsLength(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	for _, size := range []int{0, 1, 5000, 3 << 20} {
		body := struct{ io.Reader }{bytes.NewReader(make([]byte, size))} // hides its length
		key := "user/" + core.NewID().String()
		if err := s.Put(t.Context(), key, body, int64(size), portstest.PDF); err != nil {
			t.Fatal(err)
		}
		requests := fake.Requests()
		i := slices.IndexFunc(requests, func(r supabasetest.Request) bool { return strings.HasSuffix(r.Path, key) })
		if requests[i].Length != int64(size) || requests[i].Header.Get("X-Upsert") != "false" {
			t.Errorf("size %d: length %d, x-upsert %q", size, requests[i].Length, requests[i].Header.Get("X-Upsert"))
		}
	}
}

func TestL009A_L015_L016_TheSignedAddressIsTheStoragesOwn(t *testing.T) {
	t.Parallel()
	now := time.Now()
	_, url := project(t, supabasetest.Options{Now: func() time.Time { return now }})
	s := storage(t, config(url))
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), s, "user/a b.pdf", []byte("%PDF")); err != nil {
		t.Fatal(err)
	}
	signed, err := s.SignGet(t.Context(), "user/a b.pdf", "", time.Minute)
	address := signed.URL
	if err != nil || !strings.HasPrefix(address, url+"/storage/v1/object/sign/"+testBucket+"/user/a%20b.pdf?token=") {
		t.Fatalf("got %v, %v", address != "", err)
	}
	if status, body := fetch(t, address); status != http.StatusOK || body != "%PDF" {
		t.Errorf("signed: %d %q", status, body)
	}
	if status, body := fetch(t, strings.Replace(address, "&", "x&", 1)); status != http.StatusBadRequest || !strings.Contains(body, "signature verification failed") {
		t.Errorf("tampered: %d %q", status, body)
	}
	now = now.Add(61 * time.Second)
	if status, body := fetch(t, address); status != http.StatusBadRequest || !strings.Contains(body, "InvalidJWT") {
		t.Errorf("expired: %d %q", status, body)
	}
	if _, err := s.SignGet(t.Context(), "user/a b.pdf", "", 0); err != nil {
		t.Errorf("no time at all is rounded up: %v", err)
	}
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := http.Get(address) //nolint:gosec,noctx // an address of the test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestHeldRequestsEndWithTheCaller(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	gate := make(chan struct{})
	defer close(gate)
	fake.Break(supabasetest.Fault{Do: supabasetest.Held, Gate: gate})
	ended := errors.New("the caller went home")
	for name, call := range map[string]func(context.Context) error{
		"Put":  func(ctx context.Context) error { return put(ctx, s, "user/a", []byte("x")) },
		"Open": func(ctx context.Context) error { _, err := read(ctx, s, "user/a"); return err },
		"Stat": func(ctx context.Context) error { _, err := s.Stat(ctx, "user/a"); return err },
		"SignPut": func(ctx context.Context) error {
			_, err := s.SignPut(ctx, "user/a", 1, portstest.PDF, time.Minute)
			return err
		},
		"SignGet": func(ctx context.Context) error { _, err := s.SignGet(ctx, "user/a", "", time.Minute); return err },
		"List": func(ctx context.Context) (last error) {
			for _, err := range s.List(ctx, "") {
				last = err
			}
			return last
		},
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, "user/a") }, "Prepare": s.Prepare, "Healthy": s.Healthy,
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		before, done := len(fake.Requests()), make(chan error, 1)
		go func() { done <- call(ctx) }()
		for len(fake.Requests()) == before && len(done) == 0 { // until it is held; a call ends by its own deadline, too
			runtime.Gosched()
		}
		cancel(ended)
		if err := <-done; !errors.Is(err, ended) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestErrorsTellNothingOfTheObject(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	fake.Break(supabasetest.Fault{Do: supabasetest.ServerError})
	_, err := s.Stat(t.Context(), "user/secret-name")
	if err == nil {
		t.Fatal("no error")
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "secret-name") || strings.Contains(e.Error(), supabasetest.DefaultSecretKey) {
			t.Errorf("an error of the chain tells: %v", e)
		}
	}
	if diff := cmp.Diff("storage_unavailable", err.Error()); diff != "" {
		t.Error(diff)
	}
}

// Over TLS a file passes through our memory after all, and arrives the same.
func TestAFileIsStoredOverTLS(t *testing.T) {
	t.Parallel()
	fake, err := supabasetest.New(supabasetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(fake)
	t.Cleanup(server.Close)
	c := config(server.URL)
	c.HTTPClient = server.Client()
	s := storage(t, c)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	path, content := filepath.Join(t.TempDir(), "file"), bytes.Repeat([]byte("twelve bytes"), 1<<16)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := s.Put(t.Context(), "user/file", file, int64(len(content)), portstest.PDF); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context(), s, "user/file"); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes came back of %d, or others: %v", len(got), len(content), err)
	}
}
