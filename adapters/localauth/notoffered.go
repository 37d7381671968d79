package localauth

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// These accounts know no other sites: what begins there is CodeNotOffered,
// before anything is looked at, so that it tells nothing.

// Authorize implements ports.OtherSites.
func (a *Accounts) Authorize(context.Context, string, ports.Return) (string, error) {
	return "", notOffered()
}

func notOffered() error { return core.Fail(core.CodeNotOffered, nil) }
