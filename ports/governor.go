package ports

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Governor is where all processes ask before a paid call, and settle after it.
type Governor interface {
	// Begin grants the call, reserving its cost, or says how long to wait. Two
	// calls never get the same room, whatever processes they are in, and what is
	// spent and reserved never passes the pace's budget.
	Begin(ctx context.Context, call core.Call, pace core.Pace) (core.Turn, error)

	// End takes the reservation back and enters the bill, each once however often
	// it is repeated: a bill is known by its Ref, or else by the call.
	End(ctx context.Context, call core.Call, bill core.Bill) error

	// Spending is the present month's.
	Spending(ctx context.Context) (core.Spending, error)
}
