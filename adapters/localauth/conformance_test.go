package localauth_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func TestAccountsConformance(t *testing.T) {
	t.Parallel()
	portstest.Accounts(t, func(t *testing.T) portstest.People {
		h := newHouse(t, localauth.Config{AutoConfirm: true})
		box := &postbox{}
		return portstest.People{Accounts: h.Accounts, Later: h.later, Principal: portstest.SpokenFor, Return: returning,
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
