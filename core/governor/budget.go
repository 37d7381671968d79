package governor

import (
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Budget is what a month may cost.
type Budget struct {
	Limit core.NanoUSD // the hard stop; 0 is no bound
	Warn  float64      // share of Limit that is the soft stop
}

// Allows reports whether the month has room for a cost.
func (b Budget) Allows(s core.Spending, cost core.NanoUSD) bool {
	return b.Limit <= 0 || s.Spent+s.Reserved+cost <= b.Limit
}

// Left is what the month may still cost; 0 where it has passed its limit, or has
// none.
func (b Budget) Left(s core.Spending) core.NanoUSD { return max(b.Limit-s.Spent-s.Reserved, 0) }

// State is CodeBudgetExhausted when not even the least cost is allowed,
// CodeBudgetLow from the soft stop on, and else empty.
func (b Budget) State(s core.Spending, least core.NanoUSD) core.Code {
	switch {
	case b.Limit <= 0:
		return ""
	case !b.Allows(s, least):
		return core.CodeBudgetExhausted
	case float64(s.Spent+s.Reserved) >= b.Warn*float64(b.Limit):
		return core.CodeBudgetLow
	}
	return ""
}

// Forecast is what the whole month costs if it goes on as it has begun. Before a
// day has passed there is nothing to go by, and it is what was spent.
func Forecast(s core.Spending, now time.Time) core.NanoUSD {
	gone := now.Sub(s.Month)
	whole := s.Month.AddDate(0, 1, 0).Sub(s.Month)
	if gone < 24*time.Hour || gone > whole {
		return s.Spent
	}
	return core.NanoUSD(float64(s.Spent) * float64(whole) / float64(gone))
}
