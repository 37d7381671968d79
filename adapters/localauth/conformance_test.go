package localauth_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func TestAccountsConformance(t *testing.T) {
	t.Parallel()
	portstest.Accounts(t, func(t *testing.T) portstest.People {
		h := newHouse(t, localauth.Config{AutoConfirm: true})
		box := &postbox{}
		return portstest.People{Accounts: h.Accounts, Later: h.later, Principal: spokenFor, Return: returning,
			Alive: func(p ports.Principal) (bool, error) { return h.SessionAlive(t.Context(), p) },
			Follow: func(t *testing.T, email string) string {
				mails := h.deliver(box, email)
				if len(mails) == 0 {
					t.Fatalf("no mail to %s", email)
				}
				_, code := secretOf(t, mails[len(mails)-1])
				return code
			}}
	})
}

// spokenFor reads a token without proving it: the verifier is not on trial here.
func spokenFor(t *testing.T, token string) ports.Principal {
	t.Helper()
	_, c := claims(t, token)
	id, err := core.ParseID(c["sub"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return ports.Principal{User: id, Session: c["session_id"].(string), Email: c["email"].(string)}
}
