package httpapi

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/governor"
	"github.com/insurance-navigator/navigator/ports"
)

// Money is what the API needs to say what things cost, and what waits for
// money. Its zero value knows no prices and no bound.
type Money struct {
	List     governor.List
	Budget   governor.Budget
	Spending func(ctx context.Context) (core.Spending, error) // of this month; nil where there is no budget
	Text     core.TextExtractor                               // reads a quoted file's text; nil: quotes go by pages
}

// purse remembers the month's spending for a moment: every reader of a status
// asks for it.
type purse struct {
	Money
	mu   sync.Mutex
	read time.Time
	last core.Spending
}

const purseAge = 2 * time.Second

// allows reports whether the budget has room for a cost. A database that does
// not answer is no reason to say that money is missing.
func (p *purse) allows(ctx context.Context, cost core.NanoUSD) bool {
	if p.Budget.Limit <= 0 || p.Spending == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.read) > purseAge {
		now, err := p.Spending(ctx)
		if err != nil {
			return true
		}
		p.last, p.read = now, time.Now()
	}
	return p.Budget.Allows(p.last, cost)
}

// Waiting is what a document waits for that is not its own turn.
type Waiting struct {
	Code    problemCode `json:"code"`
	Message string      `json:"message"`
	Advice  string      `json:"advice"`
}

// waiting tells that the document stands before a step whose queue rests, that
// needs what is away, or that the budget has no room for.
func (a *api) waiting(ctx context.Context, s ports.Standing) *Waiting {
	if a.rests(ctx, s) {
		return waitingFor(core.CodeQueuePaused)
	}
	if a.Awaited != nil && !s.Reserved {
		if code := a.Awaited(ctx, s.Status); code != "" {
			return waitingFor(code)
		}
	}
	var cost core.NanoUSD
	switch s.Status {
	case core.Uploaded:
		cost = a.purse.List.OfPages(s.Pages).Parse
	case core.EmbeddingQueued, core.EmbeddingInProgress:
		cost = a.purse.List.Token.Nano
	}
	if s.Reserved || cost == 0 || a.purse.allows(ctx, cost) {
		return nil
	}
	return waitingFor(core.CodeBudgetExhausted)
}

func waitingFor(code core.Code) *Waiting {
	return &Waiting{Code: problemCode(code), Message: code.Message(), Advice: code.Advice()}
}

// rests reports whether the queue of the document's next step rests. A database
// that does not answer is no reason to say so.
func (a *api) rests(ctx context.Context, s ports.Standing) bool {
	leg, ok := core.LegFrom(s.Status)
	if a.Resting == nil || s.Reserved || !ok {
		return false
	}
	stages, err := a.Resting(ctx)
	return err == nil && slices.Contains(stages, leg.Stage)
}
