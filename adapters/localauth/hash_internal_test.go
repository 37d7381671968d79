package localauth

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// A full house makes the next hash wait, and no longer than its context.
func TestHashingWaitsForASlotOrTheContext(t *testing.T) {
	t.Parallel()
	h := &hasher{slots: make(chan struct{}, 1)}
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := h.hash(ctx, "wobbly teapot")
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("hashed without a slot: %v", err)
	default:
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	<-h.slots
	if _, err := h.hash(t.Context(), "wobbly teapot"); err != nil || len(h.slots) != 0 {
		t.Errorf("a free slot: %v, %d still taken", err, len(h.slots))
	}
}

func TestHashProvesItsPasswordAndNoOther(t *testing.T) {
	t.Parallel()
	h := newHasher()
	stored, err := h.hash(t.Context(), "wobbly teapot")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"wobbly teapot": true, "wobbly teapot ": false, "": false} {
		ok, old, err := h.verify(t.Context(), password, stored)
		if ok != want || old || err != nil {
			t.Errorf("%q: %v, old %v, %v", password, ok, old, err)
		}
	}
	if again, err := h.hash(t.Context(), "wobbly teapot"); err != nil || again == stored {
		t.Errorf("two hashes share a salt: %v", err)
	}
}

// Whatever is stored, reading it neither panics nor asks for more than the
// ceiling; what was written is read back.
func TestPHCRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := params{
			memory: rapid.Uint32Range(8, ceiling.memory).Draw(r, "m"), passes: rapid.Uint32Range(1, ceiling.passes).Draw(r, "t"),
			threads: rapid.Uint8Range(1, ceiling.threads).Draw(r, "p"),
		}
		salt := rapid.SliceOfN(rapid.Byte(), 8, 64).Draw(r, "salt")
		sum := rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(r, "sum")
		gotP, gotSalt, gotSum, err := parsePHC(formatPHC(p, salt, sum))
		if err != nil || gotP != p || string(gotSalt) != string(salt) || string(gotSum) != string(sum) {
			r.Fatalf("%v %v", gotP, err)
		}
		got, _, _, err := parsePHC(rapid.StringMatching(`\$argon2id\$v=19\$m=\d{1,12},t=\d{1,4},p=\d{1,4}\$[A-Za-z0-9+/]{0,30}\$[A-Za-z0-9+/]{0,30}`).Draw(r, "any"))
		if err == nil && !got.sane() {
			r.Fatalf("insane costs read: %v", got)
		}
	})
}
