package localauth

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// These accounts send no mails: every call is CodeNotOffered, before anything
// is looked at, so that it tells nothing.

// Recover implements ports.Mails.
func (a *Accounts) Recover(context.Context, string, ports.Return) error { return notOffered() }

// Resend implements ports.Mails.
func (a *Accounts) Resend(context.Context, string) error { return notOffered() }

func notOffered() error { return core.Fail(core.CodeNotOffered, nil) }
