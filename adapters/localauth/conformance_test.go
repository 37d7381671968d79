package localauth_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func TestAccountsConformance(t *testing.T) {
	t.Parallel()
	portstest.Accounts(t, func(t *testing.T) portstest.People {
		h := newHouse(t, localauth.Config{AutoConfirm: true})
		return portstest.People{Accounts: h.Accounts, Later: h.later, Principal: portstest.SpokenFor}
	})
}
