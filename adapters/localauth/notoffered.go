package localauth

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// These accounts send no mails and know no other sites: every call of either
// is CodeNotOffered, before anything is looked at, so that it tells nothing.

// Recover implements ports.Mails.
func (a *Accounts) Recover(context.Context, string, ports.Return) error { return notOffered() }

// Resend implements ports.Mails.
func (a *Accounts) Resend(context.Context, string) error { return notOffered() }

// Authorize implements ports.OtherSites.
func (a *Accounts) Authorize(context.Context, string, ports.Return) (string, error) {
	return "", notOffered()
}

// Exchange implements ports.OtherSites.
func (a *Accounts) Exchange(context.Context, string, string) (ports.Session, error) {
	return ports.Session{}, notOffered()
}

func notOffered() error { return core.Fail(core.CodeNotOffered, nil) }
