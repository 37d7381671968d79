package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// KeyUse is one request's wish to run under an idempotency key. Both values are
// one-way: from neither can the key, its user or the request be read.
type KeyUse struct {
	Key         [32]byte      // names the user's key
	Fingerprint [32]byte      // tells one request from another
	Lease       time.Duration // how long the run may take before another takes it over
	Life        time.Duration // how long a claim without an answer is remembered
}

// KeyHold is what stands under a key: an answer, or the right to run.
type KeyHold struct {
	Answer   []byte  // as Keep was given it; nil grants the run
	Run      int     // number of the run, which fences Keep and Release; above 1 others may have begun before
	Resource core.ID // reserved for what the request makes; the same in every run of one request
}

// Idempotency remembers the answers of requests by the key that their clients
// gave them, so that a repeated request has one effect.
type Idempotency interface {
	// Claim grants the run to exactly one of any number of callers, or gives
	// the answer that was kept. A run whose lease is over, or that was released
	// in doubt, is granted again to the same request, with the same Resource.
	//
	// CodeIdempotencyMismatch says that the key stands for another request;
	// CodeIdempotencyInUse that its run is under way, with After as advice.
	Claim(ctx context.Context, use KeyUse) (KeyHold, error)

	// Keep stores the run's answer for life, from now on. core.ErrStale says
	// that the run was taken over or has ended: nothing was stored.
	Keep(ctx context.Context, key [32]byte, run int, answer []byte, life time.Duration) error

	// Release frees the key for any request. In doubt whether the run had its
	// effect, the Resource stays reserved for the same request. A run that is
	// no longer the holder's is left alone: that is no error.
	Release(ctx context.Context, key [32]byte, run int, inDoubt bool) error
}
