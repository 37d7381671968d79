package portstest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Keys is an idempotency store under test. Age makes everything under a key
// older by d, as if that much time had gone by.
type Keys struct {
	ports.Idempotency
	Age func(key [32]byte, d time.Duration)
}

// The times the suite claims with.
const (
	keyLease = time.Hour
	keyLife  = 24 * time.Hour
)

// Idempotency checks a store against the contract of ports.Idempotency. open
// gives an empty store.
func Idempotency(t *testing.T, open func(t *testing.T) Keys) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, Keys){
		"an_answer_is_kept_and_given_again":            keysReplay,
		"another_request_does_not_match":               keysMismatch,
		"one_of_fifty_claims_is_granted":               keysRace,
		"a_run_in_doubt_keeps_its_resource":            keysDoubt,
		"a_released_key_is_free_for_any_request":       keysRelease,
		"a_lost_run_is_taken_over_and_fenced_off":      keysTakeover,
		"an_expired_key_begins_anew_and_stays_fenced":  keysExpiry,
		"a_claim_says_when_to_come_back":               keysAdvice,
		"a_cancelled_call_is_an_error_and_not_a_grant": keysCancelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func keyUse(request string) ports.KeyUse {
	return ports.KeyUse{Key: sha256.Sum256([]byte("key")), Fingerprint: sha256.Sum256([]byte(request)), Lease: keyLease, Life: keyLife}
}

// granted claims what must be granted.
func granted(t *testing.T, keys Keys, use ports.KeyUse) ports.KeyHold {
	t.Helper()
	hold, err := keys.Claim(t.Context(), use)
	if err != nil || hold.Answer != nil || hold.Run < 1 || hold.Resource.IsZero() {
		t.Fatalf("the claim gave %+v (%v), want the run", hold, err)
	}
	return hold
}

// refused claims what must be refused, and gives when to come back.
func refused(t *testing.T, keys Keys, use ports.KeyUse, code core.Code) time.Duration {
	t.Helper()
	hold, err := keys.Claim(t.Context(), use)
	if !core.HasCode(err, code) {
		t.Fatalf("the claim gave %+v (%v), want %s", hold, err, code)
	}
	return core.AsError(err).After
}

func keep(t *testing.T, keys Keys, use ports.KeyUse, run int, answer string) {
	t.Helper()
	if err := keys.Keep(t.Context(), use.Key, run, []byte(answer), use.Life); err != nil {
		t.Fatalf("Keep: %v", err)
	}
}

func replayed(t *testing.T, keys Keys, use ports.KeyUse, want string) {
	t.Helper()
	hold, err := keys.Claim(t.Context(), use)
	if err != nil || string(hold.Answer) != want {
		t.Fatalf("the claim gave %q (%v), want %q", hold.Answer, err, want)
	}
}

func keysReplay(t *testing.T, keys Keys) {
	use := keyUse("a")
	first := granted(t, keys, use)
	keep(t, keys, use, first.Run, "\x00answer\xff")
	for range 3 {
		replayed(t, keys, use, "\x00answer\xff")
	}
	if err := keys.Keep(t.Context(), use.Key, first.Run, []byte("other"), keyLife); !errors.Is(err, core.ErrStale) {
		t.Errorf("a second answer: %v, want ErrStale", err)
	}
	if err := keys.Release(t.Context(), use.Key, first.Run, false); err != nil {
		t.Errorf("a late release: %v", err)
	}
	replayed(t, keys, use, "\x00answer\xff")
	other := use
	other.Key = sha256.Sum256([]byte("another key"))
	if hold := granted(t, keys, other); hold.Resource == first.Resource {
		t.Error("two keys share a resource")
	}
}

func keysMismatch(t *testing.T, keys Keys) {
	use := keyUse("a")
	hold := granted(t, keys, use)
	refused(t, keys, keyUse("b"), core.CodeIdempotencyMismatch)
	keep(t, keys, use, hold.Run, "x")
	refused(t, keys, keyUse("b"), core.CodeIdempotencyMismatch)
	replayed(t, keys, use, "x")
}

func keysRace(t *testing.T, keys Keys) {
	var group sync.WaitGroup
	var lock sync.Mutex
	grants := 0
	for range 50 {
		group.Go(func() {
			hold, err := keys.Claim(context.WithoutCancel(t.Context()), keyUse("a"))
			switch {
			case err == nil && hold.Answer == nil:
				lock.Lock()
				grants++
				lock.Unlock()
			case !core.HasCode(err, core.CodeIdempotencyInUse):
				t.Errorf("the claim gave %+v (%v)", hold, err)
			}
		})
	}
	group.Wait()
	if grants != 1 {
		t.Errorf("%d of 50 claims were granted", grants)
	}
}

func keysDoubt(t *testing.T, keys Keys) {
	use := keyUse("a")
	first := granted(t, keys, use)
	if err := keys.Release(t.Context(), use.Key, first.Run, true); err != nil {
		t.Fatal(err)
	}
	second := granted(t, keys, use)
	if second.Resource != first.Resource || second.Run <= first.Run {
		t.Errorf("after %+v came %+v, want its resource and a later run", first, second)
	}
	if err := keys.Release(t.Context(), use.Key, second.Run, true); err != nil {
		t.Fatal(err)
	}
	if third := granted(t, keys, keyUse("b")); third.Resource == first.Resource || third.Run <= second.Run {
		t.Errorf("another request was given %+v, want a resource of its own and a later run", third)
	}
}

func keysRelease(t *testing.T, keys Keys) {
	use := keyUse("a")
	first := granted(t, keys, use)
	if err := keys.Release(t.Context(), use.Key, first.Run, false); err != nil {
		t.Fatal(err)
	}
	if hold := granted(t, keys, keyUse("b")); hold.Resource == first.Resource {
		t.Error("the resource of the released run was given to another request")
	}
}

func keysTakeover(t *testing.T, keys Keys) {
	use := keyUse("a")
	first := granted(t, keys, use)
	refused(t, keys, use, core.CodeIdempotencyInUse)
	keys.Age(use.Key, keyLease+time.Minute)
	refused(t, keys, keyUse("b"), core.CodeIdempotencyMismatch)
	second := granted(t, keys, use)
	if second.Resource != first.Resource || second.Run <= first.Run {
		t.Fatalf("after %+v came %+v, want its resource and a later run", first, second)
	}
	if err := keys.Keep(t.Context(), use.Key, first.Run, []byte("first"), keyLife); !errors.Is(err, core.ErrStale) {
		t.Errorf("the lost run kept an answer: %v", err)
	}
	if err := keys.Release(t.Context(), use.Key, first.Run, false); err != nil {
		t.Error(err)
	}
	refused(t, keys, use, core.CodeIdempotencyInUse)
	keep(t, keys, use, second.Run, "second")
	if err := keys.Keep(t.Context(), use.Key, first.Run, []byte("first"), keyLife); !errors.Is(err, core.ErrStale) {
		t.Errorf("the lost run overwrote the answer: %v", err)
	}
	replayed(t, keys, use, "second")
}

func keysExpiry(t *testing.T, keys Keys) {
	use := keyUse("a")
	first := granted(t, keys, use)
	keep(t, keys, use, first.Run, "x")
	keys.Age(use.Key, keyLife-time.Minute)
	replayed(t, keys, use, "x")
	keys.Age(use.Key, 2*time.Minute)
	second := granted(t, keys, keyUse("b"))
	if second.Resource == first.Resource || second.Run <= first.Run {
		t.Errorf("after %+v came %+v, want another resource and a later run", first, second)
	}
	if err := keys.Keep(t.Context(), use.Key, first.Run, []byte("first"), keyLife); !errors.Is(err, core.ErrStale) {
		t.Errorf("a run of long ago kept an answer: %v", err)
	}
}

func keysAdvice(t *testing.T, keys Keys) {
	use := keyUse("a")
	granted(t, keys, use)
	soon := refused(t, keys, use, core.CodeIdempotencyInUse)
	keys.Age(use.Key, 10*time.Minute)
	later := refused(t, keys, use, core.CodeIdempotencyInUse)
	keys.Age(use.Key, 45*time.Minute)
	last := refused(t, keys, use, core.CodeIdempotencyInUse)
	if soon < time.Second || later <= soon || last > 5*time.Minute || last < time.Second {
		t.Errorf("come back after %s, %s, %s", soon, later, last)
	}
}

func keysCancelled(t *testing.T, keys Keys) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if hold, err := keys.Claim(ctx, keyUse("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled claim gave %+v (%v)", hold, err)
	}
}
