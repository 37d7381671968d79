package portstest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// pastGrace is longer than any implementation forgives a second trade.
const pastGrace = time.Minute

// trades trades a token that has to be good.
func trades(t *testing.T, p People, token string) ports.Session {
	t.Helper()
	s, err := p.Refresh(t.Context(), token)
	if err != nil || s.RefreshToken == "" || s.AccessToken == "" {
		t.Fatalf("refresh: %v", err)
	}
	return s
}

func accountsRotation(t *testing.T, p People) {
	first := joins(t, p)
	second := trades(t, p, first.RefreshToken)
	if second.RefreshToken == first.RefreshToken || second.Account.ID != first.Account.ID {
		t.Errorf("no new token, or another's: %+v", second.Account)
	}
	if p.Principal(t, second.AccessToken).Session != p.Principal(t, first.AccessToken).Session {
		t.Error("the trade made another session")
	}
	if again := trades(t, p, first.RefreshToken); again.RefreshToken != second.RefreshToken {
		t.Error("whose answer was lost gets another token at once, and not the same")
	}
	trades(t, p, second.RefreshToken)
}

func accountsTogether(t *testing.T, p People) {
	s := joins(t, p)
	var group sync.WaitGroup
	got := make([]string, 12)
	for i := range got {
		group.Go(func() {
			next, err := p.Refresh(t.Context(), s.RefreshToken)
			if err != nil {
				t.Errorf("one of many: %v", err)
			}
			got[i] = next.RefreshToken
		})
	}
	group.Wait()
	for _, token := range got {
		if token != got[0] || token == "" {
			t.Errorf("tokens differ: %d and %d characters", len(token), len(got[0]))
		}
	}
	trades(t, p, got[0])
}

func accountsReplay(t *testing.T, p People) {
	first := joins(t, p)
	second := trades(t, p, first.RefreshToken)
	third := trades(t, p, second.RefreshToken)
	p.Later(pastGrace)
	_, err := p.Refresh(t.Context(), first.RefreshToken)
	saysOnly(t, "the first of three", err, core.CodeTokenReused)
	p.Later(pastGrace) // the provider forgives for a moment more
	for name, token := range map[string]string{"first": first.RefreshToken, "second": second.RefreshToken, "third": third.RefreshToken} {
		_, err := p.Refresh(t.Context(), token)
		saysOnly(t, "then the "+name, err, core.CodeUnauthenticated, core.CodeTokenReused)
	}
	if _, err := p.SignIn(t.Context(), annEmail, annPassword); err != nil {
		t.Errorf("a new sign-in: %v", err)
	}
}

func accountsForeignTokens(t *testing.T, p People) {
	s := joins(t, p)
	for what, token := range map[string]string{
		"nothing": "", "a word": "x", "one never issued": "aaaaaaaaaaaa", "4 KiB": strings.Repeat("a", 4096), "a space": " ",
		"an access token": s.AccessToken, "two at once": s.RefreshToken + s.RefreshToken, "one in capitals": strings.ToUpper(s.RefreshToken) + "A", "NUL": "a\x00b",
	} {
		_, err := p.Refresh(t.Context(), token)
		saysOnly(t, what, err, core.CodeUnauthenticated)
	}
	trades(t, p, s.RefreshToken)
}
