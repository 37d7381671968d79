package boot_test

import (
	"crypto/sha256"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/pgproxy"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
)

// A claim whose answer is lost, after its commit or before it, is made again and
// found to be one's own: the key is not in use, and no run is counted twice.
func TestI13_AClaimWhoseAnswerIsLostIsOnesOwn(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	address, err := url.Parse(house.URL("inav_app"))
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Pointer[pgproxy.Phase]
	proxy, err := pgproxy.Listen(t.Context(), address.Host, pgproxy.Watched{"upload_pipeline.idempotency_keys"},
		func(phase pgproxy.Phase, _ string) bool {
			at := cut.Load()
			return at == nil || *at != phase || !cut.CompareAndSwap(at, nil)
		})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	address.Host = proxy.Addr()
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: address.String(), Role: "inav_app", Name: "test", MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	keys := postgres.NewIdempotency(pool)
	for _, phase := range []pgproxy.Phase{pgproxy.After, pgproxy.Before} {
		use := ports.KeyUse{Key: sha256.Sum256([]byte(phase)), Lease: time.Hour, Life: time.Hour}
		var first ports.KeyHold
		for run := 1; run <= 2; run++ {
			cut.Store(&phase)
			hold, err := keys.Claim(t.Context(), use)
			if err != nil || hold.Run != run || cut.Load() != nil {
				t.Fatalf("cut off %s the commit of run %d: granted %+v, %v", phase, run, hold, err)
			}
			if run == 1 {
				first = hold
			} else if hold.Resource != first.Resource {
				t.Errorf("cut off %s: another resource in run %d", phase, run)
			}
			if err := keys.Release(t.Context(), use.Key, run, true); err != nil {
				t.Fatal(err)
			}
		}
	}
}
