package localauth_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
)

func TestNewPasswordIsHeldToTheRulesOfTheFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	who := principal(t, s)
	for next, want := range map[string]core.Code{
		"ada@navigator.example": core.CodeWeakPassword, "password1234": core.CodeWeakPassword, password: core.CodeSamePassword,
		"seventy-three bytes of a password are one more than other providers take.": core.CodeInvalid, "nul \x00 in a long password": core.CodeInvalid,
	} {
		wantCode(t, h.ChangePassword(t.Context(), who, "", password, next), want)
	}
	who.User = core.NewID()
	wantCode(t, h.ChangePassword(t.Context(), who, "", password, "nine loud geese before noon"), core.CodeUnauthenticated)
}

// Of two changes at once one counts: the other's present password is gone.
func TestOneOfManyPasswordChangesCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	who := principal(t, h.signUp())
	var changed atomic.Int64
	var group sync.WaitGroup
	for _, next := range []string{"nine loud geese before noon", "four slow otters at dawn", "six calm lanterns by the sea"} {
		group.Go(func() {
			err := h.ChangePassword(t.Context(), who, "", password, next)
			if err == nil {
				changed.Add(1)
			} else if !core.HasCode(err, core.CodeBadCredentials) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if changed.Load() != 1 {
		t.Errorf("%d changes counted", changed.Load())
	}
	if n := h.count(`select count(*) from local_auth.sessions`); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
}
