package jwtverify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// How long fetched keys serve. The issuer's own edge caches for ten minutes,
// and a longer cache would outlive a revoked key.
const (
	keysFresh    = 10 * time.Minute
	keysEarly    = 2 * time.Minute  // before the end of which they are fetched anew without anyone waiting
	keysStale    = time.Hour        // while the issuer cannot be reached
	fetchGap     = 30 * time.Second // between fetches, unknown ids included
	firstGap     = time.Second      // between fetches before the first success
	fetchTimeout = 5 * time.Second
	maxDocument  = 64 << 10 // bytes
)

// Remote is a key set behind an address: fetched by one flight at a time, at
// most twice a minute however many unknown ids arrive. Keys that vanish from
// the document stop working with the next fetch.
type Remote struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	keys    Static
	fetched time.Time     // of the last success; zero when there was none
	tried   time.Time     // of the last start
	flight  chan struct{} // closed when the fetch under way has ended; nil when there is none
}

// NewRemote checks the address. A nil client is http.DefaultClient, a nil clock
// time.Now. Redirects are never followed.
func NewRemote(address string, client *http.Client, now func() time.Time) (*Remote, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, errors.New("jwtverify: the key set's address is not an http(s) URL")
	}
	if client == nil {
		client = http.DefaultClient
	}
	if now == nil {
		now = time.Now
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Remote{url: address, client: &own, now: now}, nil
}

// Warm fetches the keys if none are there yet. A failure is no reason not to
// start: the first token tries again.
func (r *Remote) Warm(ctx context.Context) error {
	if _, err := r.Key(ctx, ""); err != nil && !errors.Is(err, ErrUnknownKey) {
		return err
	}
	return nil
}

// Key finds a key, and fetches the set first where that may help.
func (r *Remote) Key(ctx context.Context, kid string) (Key, error) {
	if flight := r.await(kid); flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return Key{}, fmt.Errorf("wait for keys: %w", ctx.Err())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fetched.IsZero() || r.now().Sub(r.fetched) > keysStale {
		return Key{}, ErrKeysUnavailable
	}
	return r.keys.Key(ctx, kid)
}

// await starts a fetch when one is due. It answers the flight that the caller
// has to wait for, or nil where what is there will do.
func (r *Remote) await(kid string) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	_, known := r.keys[kid]
	age := now.Sub(r.fetched)
	if known && age < keysFresh-keysEarly {
		return nil
	}
	gap := fetchGap
	if r.fetched.IsZero() {
		gap = firstGap
	}
	if r.flight == nil && now.Sub(r.tried) >= gap {
		r.tried = now
		r.flight = make(chan struct{})
		go r.fly(r.flight)
	}
	if known && age < keysFresh {
		return nil
	}
	return r.flight
}

// fly fetches for everyone who waits, so no one caller's context ends it.
func (r *Remote) fly(flight chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	keys, err := r.fetch(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.keys, r.fetched = keys, r.now()
	}
	r.flight = nil
	close(flight)
}

func (r *Remote) fetch(ctx context.Context) (Static, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // read to the end or given up: nothing left to learn
	if response.StatusCode != http.StatusOK {
		return nil, errors.New("unexpected status")
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(document) > maxDocument {
		return nil, errors.New("the key set is too large")
	}
	return ParseJWKS(document)
}

// Count is how many usable keys were fetched last.
func (r *Remote) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.keys)
}
