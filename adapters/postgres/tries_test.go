package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// tries is the counts on the test's own database.
type tries struct {
	*postgres.Tries
	*house
}

func openTries(t *testing.T) tries {
	t.Helper()
	h := open(t)
	return tries{postgres.NewTries(h.app, 1), h}
}

// wrong makes tries whose password is wrong, and tells how many were let
// through and how long the last one is to wait.
func (s tries) wrong(n int, account, client string) (through int, wait time.Duration) {
	s.t.Helper()
	for range n {
		err := s.Begin(s.t.Context(), ports.Try{Account: account, Client: client})
		switch {
		case err == nil:
			through++
		case core.HasCode(err, core.CodeRateLimited):
			wait = core.AsError(err).After
		default:
			s.t.Fatal(err)
		}
	}
	return through, wait
}

func (s tries) right(account, client string) {
	s.t.Helper()
	try := ports.Try{Account: account, Client: client}
	if err := s.Begin(s.t.Context(), try); err != nil {
		s.t.Fatalf("the right password from %s: %v", client, err)
	}
	if err := s.Settle(s.t.Context(), try, ports.TryRight); err != nil {
		s.t.Fatal(err)
	}
}

func (s tries) later(d time.Duration) {
	s.t.Helper()
	_, err := s.db.SuperConn().Exec(s.t.Context(), `update upload_pipeline.sign_in_tries
		set began_at = began_at - $1::interval, held_until = held_until - $1::interval, trusted_at = trusted_at - $1::interval`, d)
	if err != nil {
		s.t.Fatal(err)
	}
}

// One account, many addresses: the sixth try of a wrong password is not made,
// and one that is known to the account gets in all the same.
func TestS21ManyAddressesGuessNoFasterThanOne(t *testing.T) {
	s := openTries(t)
	s.right("ada@example.org", "192.0.2.1")
	through := 0
	for i := range 50 {
		n, _ := s.wrong(4, " Ada@Example.org", fmt.Sprintf("198.51.100.%d", i))
		through += n
	}
	if through != 5 {
		t.Errorf("%d of 200 tries were let through, want 5", through)
	}
	s.right("ada@example.org", "192.0.2.1")
	if n, _ := s.wrong(9, "ada@example.org", "192.0.2.1"); n != 5 {
		t.Errorf("the known address tries %d times, want 5", n)
	}
}

// A stranger who never stops holds a new address back for a quarter of an hour
// at most.
func TestS21NobodyIsLockedOutForLong(t *testing.T) {
	s := openTries(t)
	var longest time.Duration
	for range 12 {
		_, wait := s.wrong(6, "ada@example.org", "198.51.100.1")
		longest = max(longest, wait)
		s.later(wait + time.Second)
	}
	if longest > 15*time.Minute || longest < 4*time.Minute {
		t.Errorf("the longest wait is %s", longest)
	}
	s.right("ada@example.org", "203.0.113.9")
}

// Many accounts, one address: it is held back at the thirty-first.
func TestS21OneAddressTriesManyAccounts(t *testing.T) {
	s := openTries(t)
	through := 0
	for i := range 100 {
		n, _ := s.wrong(1, fmt.Sprintf("p%d@example.org", i), "198.51.100.1")
		through += n
	}
	if through != 30 {
		t.Errorf("%d of 100 tries were let through, want 30", through)
	}
	s.later(5 * time.Minute)
	if n, _ := s.wrong(1, "p0@example.org", "198.51.100.1"); n != 1 {
		t.Error("it is held for longer than it should be")
	}
}

// Of many tries at once no more pass than of many in a row.
func TestS21TriesAtOnceAreCounted(t *testing.T) {
	s := openTries(t)
	var through atomic.Int64
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			err := s.Begin(t.Context(), ports.Try{Account: "ada@example.org", Client: fmt.Sprint(i % 8)})
			if err == nil {
				through.Add(1)
			} else if !core.HasCode(err, core.CodeRateLimited) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if through.Load() != 5 {
		t.Errorf("%d passed, want 5", through.Load())
	}
}

// A try that did not happen leaves no trace, and the right password ends what
// was counted; but it does not wash the address clean.
func TestTriesAreTakenBack(t *testing.T) {
	s := openTries(t)
	for range 20 {
		try := ports.Try{Account: "ada@example.org", Client: "192.0.2.1"}
		if err := s.Begin(t.Context(), try); err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(t.Context(), try, ports.TryUndecided); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 29 {
		s.wrong(1, fmt.Sprintf("p%d@example.org", i), "192.0.2.1")
	}
	s.right("own@example.org", "192.0.2.1")
	if n, _ := s.wrong(3, "other@example.org", "192.0.2.1"); n != 1 {
		t.Errorf("%d tries after one's own right password, want 1", n)
	}
	if names := s.count(`select count(*) from upload_pipeline.sign_in_tries where position('ada@'::bytea in key) > 0`); names != 0 {
		t.Error("a row names an account")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Begin(ctx, ports.Try{}); err == nil || core.HasCode(err, core.CodeRateLimited) {
		t.Errorf("an ended context: %v", err)
	}
}
