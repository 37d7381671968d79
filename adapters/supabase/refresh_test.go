package supabase_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
)

func TestTwoRefreshesInEachOthersWay(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{})
	s, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	fake.Break(supabasetest.Fault{Op: supabasetest.OpToken, Do: supabasetest.InTheWay, Times: 2})
	next, err := a.Refresh(t.Context(), s.RefreshToken)
	if n := fake.Count(supabasetest.OpToken); err != nil || n != 3 {
		t.Fatalf("after two conflicts: %d tries, %v", n, err)
	}
	fake.Break(supabasetest.Fault{Op: supabasetest.OpToken, Do: supabasetest.InTheWay})
	_, err = a.Refresh(t.Context(), next.RefreshToken)
	wantCode(t, "a lasting conflict", err, core.CodeAccountsUnavailable, core.Transient)
	if n := fake.Count(supabasetest.OpToken); n != 6 {
		t.Errorf("%d tries, want 3 more", n)
	}
}

// TestOneTokenIsTradedOnceHoweverManyAsk: they wait for one trade. The one that
// began it leaves, and the others have their answer all the same.
func TestOneTokenIsTradedOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{})
	s, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	fake.Break(supabasetest.Fault{Op: supabasetest.OpToken, Do: supabasetest.Held, Times: 1, Gate: gate})
	first, leave := context.WithCancel(withAddress(t.Context(), "192.0.2.9"))
	left := make(chan error, 1)
	go func() {
		_, err := a.Refresh(first, s.RefreshToken)
		left <- err
	}()
	for fake.Count(supabasetest.OpToken) == 0 { // until the trade is under way
		runtime.Gosched()
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	var group sync.WaitGroup
	asked := make(chan struct{}, 20)
	for range 20 {
		group.Go(func() {
			asked <- struct{}{}
			if next, err := a.Refresh(t.Context(), s.RefreshToken); err != nil || next.RefreshToken == s.RefreshToken {
				t.Errorf("who stayed: %v", err)
			}
		})
	}
	for range 20 {
		<-asked
	}
	for range 10 { // calls of another kind go through, and bring no second trade with them
		if err := a.Healthy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := fake.Count(supabasetest.OpToken); n != 1 {
		t.Errorf("%d trades are under way", n)
	}
	close(gate)
	group.Wait()
	if told := fake.Requests()[1].Header.Get("Sb-Forwarded-For"); told != "192.0.2.9" {
		t.Errorf("the trade was told to be for %q", told)
	}
}
