package localauth_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// later moves every refresh token's past back by d, as if d had gone by.
func (h *house) later(d time.Duration) {
	h.t.Helper()
	h.exec(`update local_auth.refresh_tokens set used_at = used_at - $1::interval, expires_at = expires_at - $1::interval`, d)
	h.exec(`update local_auth.sessions set created_at = created_at - $1::interval`, d)
	h.exec(`update local_auth.mails set created_at = created_at - $1::interval, due_at = due_at - $1::interval`, d)
	h.exec(`update local_auth.mail_links set expires_at = expires_at - $1::interval`, d)
}

func TestL001_RefreshWorks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	last := first
	for range 3 {
		next := h.refresh(last.RefreshToken)
		if next.RefreshToken == last.RefreshToken || len(next.RefreshToken) != 43 {
			t.Fatal("no new refresh token")
		}
		if principal(t, next).Session != principal(t, first).Session || next.Account.ID != first.Account.ID {
			t.Fatal("the refreshed token belongs to another session")
		}
		last = next
		h.later(time.Hour)
	}
	if next := h.refresh(last.RefreshToken); next.AccessToken == "" || !next.ExpiresAt.After(time.Now()) {
		t.Error("no fresh access token")
	}
}

func TestS20_ParallelRefreshesOfOneTokenGetOneChild(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	const n = 20
	tokens, errs := make([]string, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			s, err := h.Refresh(t.Context(), first.RefreshToken)
			tokens[i], errs[i] = s.RefreshToken, err
		})
	}
	group.Wait()
	for i := range n {
		if errs[i] != nil || tokens[i] != tokens[0] {
			t.Fatalf("refresh %d: %v, same child %v", i, errs[i], tokens[i] == tokens[0])
		}
	}
	if got := h.count(`select count(*) from local_auth.refresh_tokens`); got != 2 {
		t.Errorf("%d tokens, want the parent and one child", got)
	}
	h.refresh(tokens[0])
}

func TestS20_LostAnswerIsRepeatedWithinTheGrace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	child := h.refresh(first.RefreshToken)
	h.later(9 * time.Second)
	if again := h.refresh(first.RefreshToken); again.RefreshToken != child.RefreshToken {
		t.Error("the second trade made a second branch")
	}
}

func TestS20_ParentAfterTheGraceEndsTheSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	child := h.refresh(first.RefreshToken)
	h.later(10 * time.Second)
	h.wantFamilyDead(first.RefreshToken, child)
}

func TestS20_GrandparentWithinTheGraceEndsTheSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	child := h.refresh(h.refresh(first.RefreshToken).RefreshToken)
	h.wantFamilyDead(first.RefreshToken, child)
}

func TestS20_ReuseInAChainOfFourKillsTheFamilyAndNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	other, err := h.SignIn(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	last := first
	for range 3 {
		last = h.refresh(last.RefreshToken)
	}
	h.wantFamilyDead(first.RefreshToken, last)
	h.refresh(other.RefreshToken)
}

// wantFamilyDead replays a token and checks that its session is gone with all
// it had, the live token included.
func (h *house) wantFamilyDead(replayed string, live ports.Session) {
	h.t.Helper()
	_, err := h.Refresh(h.t.Context(), replayed)
	wantCode(h.t, err, core.CodeTokenReused)
	for _, token := range []string{live.RefreshToken, replayed} {
		_, err = h.Refresh(h.t.Context(), token)
		wantCode(h.t, err, core.CodeUnauthenticated)
	}
	if alive, err := h.SessionAlive(h.t.Context(), principal(h.t, live)); alive || err != nil {
		h.t.Errorf("session alive: %v, %v", alive, err)
	}
}

func TestS20_ParallelReplaysEndTheSessionOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	h.refresh(h.refresh(first.RefreshToken).RefreshToken)
	var reused, unknown int
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, err := h.Refresh(t.Context(), first.RefreshToken)
			mu.Lock()
			defer mu.Unlock()
			if core.HasCode(err, core.CodeTokenReused) {
				reused++
			} else if core.HasCode(err, core.CodeUnauthenticated) {
				unknown++
			}
		})
	}
	group.Wait()
	if reused != 1 || unknown != 7 {
		t.Errorf("%d reused and %d unknown, want 1 and 7", reused, unknown)
	}
}

func TestS19_LogoutEndsTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	other, err := h.SignIn(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing, and says so to nobody
		if err := h.SignOut(t.Context(), principal(t, s), s.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h.Refresh(t.Context(), s.RefreshToken)
	wantCode(t, err, core.CodeUnauthenticated)
	foreign := principal(t, other)
	foreign.User = core.NewID()
	for _, c := range []struct {
		who  ports.Principal
		want bool
	}{{principal(t, s), false}, {principal(t, other), true}, {ports.Principal{Session: "no id"}, false}, {foreign, false}} {
		want := c.want
		if alive, err := h.SessionAlive(t.Context(), c.who); alive != want || err != nil {
			t.Errorf("alive %v, %v; want %v", alive, err, want)
		}
	}
	h.refresh(other.RefreshToken)
}

func TestLogoutEndsNobodyElsesSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	p := principal(t, s)
	p.User = core.NewID()
	if err := h.SignOut(t.Context(), p, ""); err != nil {
		t.Fatal(err)
	}
	h.refresh(s.RefreshToken)
	p.Session = "../etc"
	wantCode(t, h.SignOut(t.Context(), p, ""), core.CodeUnauthenticated)
}

func TestRefreshRefusesWhatWasNeverIssued(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	flipped := "A" + s.RefreshToken[1:]
	if s.RefreshToken[0] == 'A' {
		flipped = "B" + s.RefreshToken[1:]
	}
	for _, token := range []string{"", "x", flipped, s.AccessToken, s.RefreshToken + "=", s.RefreshToken[:42], s.RefreshToken + "\n", strings.Repeat("A", 1<<16), "'; --"} {
		_, err := h.Refresh(t.Context(), token)
		wantCode(t, err, core.CodeUnauthenticated)
	}
	h.refresh(s.RefreshToken)
}

func TestExpiredRefreshTokenIsRefusedAndSwept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{RefreshTTL: time.Hour})
	old := h.signUp()
	h.later(time.Hour)
	fresh, err := h.SignIn(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Refresh(t.Context(), old.RefreshToken)
	wantCode(t, err, core.CodeUnauthenticated)
	h.refresh(fresh.RefreshToken)
}

func TestDatabaseRefusesASecondLiveToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	_, err := h.pool.Exec(t.Context(), `
		insert into local_auth.refresh_tokens (token_hash, session_id, expires_at)
		select decode(repeat('00', 32), 'hex'), id, now() + interval '1 hour' from local_auth.sessions`)
	if err == nil {
		t.Error("two live tokens in one session")
	}
}

func TestOnlyTheLiveTokensParentKeepsASalt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	last := h.signUp()
	for range 4 {
		last = h.refresh(last.RefreshToken)
	}
	if n := h.count(`select count(*) from local_auth.refresh_tokens where child_salt is not null`); n != 1 {
		t.Errorf("%d salts, want 1", n)
	}
}
