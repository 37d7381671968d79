package boot_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// flood asks each of the APIs in turn, several requests at a time, and tells how
// many were let through and how many refused as too many.
func (w *world) flood(apis []string, token string, n int) (through, refused int) {
	w.t.Helper()
	statuses := make([]int, n)
	var group errgroup.Group
	group.SetLimit(8)
	for i := range statuses {
		group.Go(func() error {
			statuses[i] = w.call(http.MethodGet, apis[i%len(apis)]+"/documents", token, nil, nil)
			return nil
		})
	}
	_ = group.Wait() // no function fails
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			through++
		case http.StatusTooManyRequests:
			refused++
		default:
			w.t.Errorf("a request answered %d", status)
		}
	}
	return through, refused
}

// P-sec, S21, S23: the one load that production's own limits are held under. Two
// API processes count together in Redis: a key's flood is cut at the rate of one
// key, whichever process it calls, and costs neither the owner nor another key
// nor another user anything; the day's documents end at the quota.
func TestPsec_S23_ProductionsLimitsHoldUnderLoadOverReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limits := boot.Defaults()
	w.config.RedisURL = boot.Secret(redistest.New(t).URL())
	w.config.RateFactor, w.config.UploadsPerDay = limits.RateFactor, limits.UploadsPerDay
	w.start(boot.API)
	apis := []string{w.api}
	w.start(boot.API)
	apis = append(apis, w.api)
	if strings.Contains(w.logs.String(), "limits are not those of production") {
		t.Fatal("these are not production's limits")
	}
	ada, bob := w.person("ada"), w.person("bob")
	key := func() string {
		var made madeKey
		body := map[string]any{"name": "load", "scopes": core.Scopes(), "expires_in_days": 1}
		if status := w.call(http.MethodPost, w.api+"/auth/keys", ada.token, body, &made); status != http.StatusCreated {
			t.Fatalf("making a key answered %d", status)
		}
		return made.Key
	}
	one, other := key(), key()
	const rate, sent = 600, 900
	began := time.Now()
	through, refused := w.flood(apis, one, sent)
	again := int(time.Since(began)*rate/time.Minute) + 1 // what the flow gave back meanwhile
	if through < min(rate, sent) || through > rate+again || through+refused != sent {
		t.Errorf("%d of %d requests with one key were let through in %s, and %d refused: %d a minute are", through, sent, time.Since(began), refused, rate)
	}
	t.Logf("one key over two processes: %d of %d let through, %d refused, in %s", through, sent, refused, time.Since(began).Round(time.Millisecond))
	for who, token := range map[string]string{"another key": other, "the owner": ada.token, "another user": bob.token} {
		if through, _ := w.flood(apis, token, 4); through != 4 {
			t.Errorf("%s pays for the flood: %d of 4", who, through)
		}
	}
	perDay := w.config.UploadsPerDay
	for i := range perDay {
		ada.taken("page.pdf", corpus.Filler(1, uint64(i)).Bytes)
	}
	got := ada.create("", "page.pdf", corpus.Filler(1, uint64(perDay)).Bytes)
	if got.status != http.StatusTooManyRequests || !strings.Contains(string(got.body), string(core.CodeQuotaExceeded)) || got.header.Get("Retry-After") == "" {
		t.Errorf("document %d of a day answered %d: %s", perDay+1, got.status, got.body)
	}
	bob.taken("page.pdf", corpus.Filler(1, 0).Bytes)
}
