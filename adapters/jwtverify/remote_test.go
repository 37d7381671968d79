package jwtverify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/core"
)

// keyServer serves a key set over real HTTP, and can be told to fail.
type keyServer struct {
	*httptest.Server
	hits   atomic.Int32
	mu     sync.Mutex
	answer func(w http.ResponseWriter)
	offset atomic.Int64 // of the clock, in nanoseconds
}

func newKeyServer(t *testing.T, document []byte) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.serve(document)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.hits.Add(1)
		s.mu.Lock()
		answer := s.answer
		s.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) with(answer func(w http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *keyServer) serve(document []byte) {
	s.with(func(w http.ResponseWriter) { _, _ = w.Write(document) })
}

func (s *keyServer) fail() {
	s.with(func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
}

func (s *keyServer) now() time.Time       { return now.Add(time.Duration(s.offset.Load())) }
func (s *keyServer) pass(d time.Duration) { s.offset.Add(int64(d)) }
func (s *keyServer) wantHits(t *testing.T, n int32) {
	t.Helper()
	if got := s.hits.Load(); got != n {
		t.Fatalf("%d fetches, want %d", got, n)
	}
}

func (s *keyServer) remote(t *testing.T) *jwtverify.Remote {
	t.Helper()
	r, err := jwtverify.NewRemote(s.URL+"/.well-known/jwks.json", s.Client(), s.now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantKey asks for a key; want is nil, or the error it has to be.
func wantKey(t *testing.T, keys jwtverify.Keys, kid string, want error) {
	t.Helper()
	if _, err := keys.Key(t.Context(), kid); !errors.Is(err, want) {
		t.Fatalf("key %q: %v, want %v", kid, err, want)
	}
}

func TestRemoteFetchesOnceForMany(t *testing.T) {
	t.Parallel()
	s := newKeyServer(t, newSigner(t).jwks())
	r := s.remote(t)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := r.Key(t.Context(), "ec"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s.wantHits(t, 1)
}

func TestS18_UnknownKidsCauseOneFetchIn30Seconds(t *testing.T) {
	t.Parallel()
	s := newKeyServer(t, newSigner(t).jwks())
	r := s.remote(t)
	wantKey(t, r, "ec", nil)
	s.pass(30 * time.Second)
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			if _, err := r.Key(t.Context(), "unknown"+strconv.Itoa(i)); !errors.Is(err, jwtverify.ErrUnknownKey) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s.wantHits(t, 2)
	s.pass(29 * time.Second)
	wantKey(t, r, "unknown", jwtverify.ErrUnknownKey)
	s.wantHits(t, 2)
}

func TestRotationNeedsNoRestart(t *testing.T) {
	t.Parallel()
	old, fresh := newSigner(t), newSigner(t)
	s := newKeyServer(t, jwks(ecJWK("old", &old.ec.PublicKey)))
	r := s.remote(t)
	v := newVerifier(t, jwtverify.Config{Keys: r})
	token := fresh.es(esHeader.with(object{"kid": "new"}).json(), goodClaims.json())
	wantRefused(t, v, token, jwtverify.ReasonKey)
	s.serve(jwks(ecJWK("old", &old.ec.PublicKey), ecJWK("new", &fresh.ec.PublicKey)))
	s.pass(31 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	s.serve(jwks(ecJWK("new", &fresh.ec.PublicKey)))
	s.pass(10 * time.Minute)
	wantKey(t, r, "old", jwtverify.ErrUnknownKey) // vanished: revoked
}

func TestRemoteRenewsEarlyWithoutAnyoneWaiting(t *testing.T) {
	t.Parallel()
	s := newKeyServer(t, newSigner(t).jwks())
	r := s.remote(t)
	wantKey(t, r, "ec", nil)
	s.pass(9 * time.Minute)
	release := make(chan struct{})
	document := newSigner(t).jwks()
	s.with(func(w http.ResponseWriter) { <-release; _, _ = w.Write(document) })
	wantKey(t, r, "ec", nil) // answers though the fetch hangs
	close(release)
	deadline := time.Now().Add(10 * time.Second)
	for s.hits.Load() < 2 && time.Now().Before(deadline) {
		wantKey(t, r, "ec", nil)
	}
	s.wantHits(t, 2)
}

func TestStaleKeysServeAnHourAndNoLonger(t *testing.T) {
	t.Parallel()
	s := newKeyServer(t, newSigner(t).jwks())
	r := s.remote(t)
	wantKey(t, r, "ec", nil)
	s.fail()
	for range 6 {
		s.pass(10 * time.Minute)
		wantKey(t, r, "ec", nil)
	}
	s.pass(time.Second)
	wantKey(t, r, "ec", jwtverify.ErrKeysUnavailable)
	s.serve(newSigner(t).jwks())
	s.pass(30 * time.Second)
	wantKey(t, r, "ec", nil)
}

func TestKeysAwayAtStartIsUnavailableAndMends(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	s := newKeyServer(t, nil)
	s.fail()
	r := s.remote(t)
	if err := r.Warm(t.Context()); !errors.Is(err, jwtverify.ErrKeysUnavailable) {
		t.Fatalf("warm: %v", err)
	}
	v := newVerifier(t, jwtverify.Config{Keys: r})
	if _, err := v.Verify(t.Context(), signer.token(goodClaims)); !core.HasCode(err, core.CodeAccountsUnavailable) {
		t.Fatalf("verify: %v", err)
	}
	s.serve(signer.jwks())
	s.pass(time.Second)
	if err := r.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), signer.token(goodClaims)); err != nil {
		t.Fatal(err)
	}
}

func TestRemoteRefusesBadAnswers(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	big := []byte(`{"pad":"` + strings.Repeat("x", 64<<10) + `",` + string(signer.jwks()[1:]))
	target := newKeyServer(t, signer.jwks())
	for name, answer := range map[string]func(w http.ResponseWriter){
		"too large": func(w http.ResponseWriter) { _, _ = w.Write(big) },
		"html":      func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) },
		"no keys":   func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{}`)) },
		"redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", target.URL)
			w.WriteHeader(http.StatusFound)
		},
		"error": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(signer.jwks())
		},
	} {
		s := newKeyServer(t, nil)
		s.with(answer)
		if _, err := s.remote(t).Key(t.Context(), "ec"); !errors.Is(err, jwtverify.ErrKeysUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	target.wantHits(t, 0)
}

func TestWaitingForKeysEndsWithTheContext(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	s := newKeyServer(t, nil)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) }) // before the server closes
	s.with(func(http.ResponseWriter) { <-release })
	v := newVerifier(t, jwtverify.Config{Keys: s.remote(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, signer.token(goodClaims)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestNewRemoteRefusesOtherAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "accounts.example", "file:///etc/passwd", "https://", "::"} {
		if _, err := jwtverify.NewRemote(address, nil, nil); err == nil {
			t.Errorf("%q accepted", address)
		}
	}
}
