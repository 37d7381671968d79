// Package governor lets paid calls through: as many and as fast as the
// provider's key may over all processes, as long as the month's budget has room,
// and each written down with what it cost.
//
// A call's cost is reserved before it is made and settled after it, so that what
// is spent and what is under way never pass the budget together, however many
// processes ask at once, and whether they live to hear the answer or not.
package governor

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Desk is the one place that all processes ask. Begin grants a call or says how
// long to wait; End settles one that was granted.
type Desk interface {
	Begin(ctx context.Context, call core.Call, pace core.Pace) (core.Turn, error)
	End(ctx context.Context, call core.Call, bill core.Bill) error
}

// Guard holds the calls with one key to its pace.
type Guard struct {
	Desk Desk
	Pace core.Pace
	Busy core.Code // answered when the turn does not come in time

	// Patience is how long a caller waits in place for its turn. Waiting holds
	// the worker, so that the jobs behind stay in the queue, in their order, in
	// place of being put off one by one. A question has Impatience instead.
	Patience time.Duration
	Sleep    func(ctx context.Context, d time.Duration) error
	Waited   func(time.Duration) // told how long each call waited for its turn, whether it came or not; may be nil
}

// Impatience is how long a question waits for its turn: then it is answered by
// its words alone.
const Impatience = time.Second

// Pause is how long a call waits before it asks again for money: thousands may.
const Pause = 10 * time.Minute

// The bounds of one wait, and of settling a call whose caller is gone.
const (
	leastWait  = 20 * time.Millisecond
	longWait   = time.Second // another process may end a call before its time is known
	settleTime = 10 * time.Second
)

// Call makes one paid call: it waits for its turn, reserves the cost, and
// settles it by what work returns. Errors of its own: the guard's Busy code with
// the wait, and CodeBudgetExhausted, Paused.
func (g Guard) Call(ctx context.Context, call core.Call, work func(context.Context) (core.Bill, error)) error {
	call.ID, call.Window = core.NewID(), g.Pace.Window
	if err := g.wait(ctx, call); err != nil {
		return err
	}
	bill, err := work(ctx)
	bill = judged(call, bill, err)
	if bill.State == core.BillOpen {
		return err
	}
	firm, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	// A call that cannot be settled keeps its reservation until the lease ends,
	// and is then counted as billed: the result in hand is not given up for it.
	_ = g.Desk.End(firm, call, bill)
	return err
}

// wait asks for the turn until it comes or patience ends.
func (g Guard) wait(ctx context.Context, call core.Call) error {
	left := g.Patience
	if call.Payer.Kind == core.PaidSearch {
		left = min(left, Impatience)
	}
	patience := left
	if g.Waited != nil {
		defer func() { g.Waited(patience - left) }()
	}
	for {
		turn, err := g.Desk.Begin(ctx, call, g.Pace)
		switch {
		case err != nil:
			return err
		case turn.Spent:
			return &core.Error{Code: core.CodeBudgetExhausted, Kind: core.Paused, After: Pause, Err: core.ErrUnasked}
		case turn.Go:
			return nil
		}
		wait := max(turn.Wait, leastWait)
		if wait > left {
			return core.Wait(g.Busy, wait, core.ErrUnasked)
		}
		wait = min(wait, longWait)
		left -= wait
		if err := g.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// judged completes the bill by the call's error. What the provider refused
// costs nothing; an answer that was lost or useless is counted as if billed; a
// call that the caller gave up may have been.
func judged(call core.Call, bill core.Bill, err error) core.Bill {
	var e *core.Error
	switch {
	case err == nil:
		return bill
	case (!errors.As(err, &e) || e.Paid) && call.Findable:
		return core.Bill{State: core.BillOpen}
	case e == nil, e.Paid:
		bill.State, bill.Tokens, bill.Pages, bill.Cost = core.BillAssumed, call.Tokens, call.Pages, call.Cost
		return bill
	case e.Kind == core.Busy:
		bill.Closed = e.After
	}
	bill.State = core.BillNone
	return bill
}

// Sleep waits by the clock, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
