package boot

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/governor"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/ports"
)

// nameBudget is the budget's name in /health.
const nameBudget = "budget"

// money is the month's budget and the prices that fill it.
func (c Config) money() governor.Budget {
	return governor.Budget{Limit: c.budget(), Warn: c.BudgetWarn}
}

// prices is what the deployment counts with.
func (c Config) prices() governor.List {
	return governor.List{Page: c.parsePrice(), Token: c.embedPrice(c.OpenAIModel)}
}

// least is the smallest cost that a document is held up for: a page's, or where
// pages cost nothing a token's.
func (c Config) least() core.NanoUSD {
	if prices := c.prices(); prices.Page.Nano > 0 {
		return prices.Page.Nano
	}
	return c.prices().Token.Nano
}

// apiMoney is what the front door says of costs.
func (h *House) apiMoney(text core.TextExtractor) httpapi.Money {
	return httpapi.Money{List: h.config.prices(), Budget: h.config.money(), Spending: h.governor.Spending, Text: text}
}

// purse tells how the budget stands, for health and for the log.
type purse struct {
	config Config
	desk   ports.Governor

	last core.Code // of the watch
}

// dependency is the budget's part of /health; ok is false where there is none to
// tell of.
func (p *purse) dependency(ctx context.Context) (dep ports.Dependency, ok bool) {
	if p.config.Budget <= 0 {
		return dep, false
	}
	spending, err := p.desk.Spending(ctx)
	if err != nil {
		return dep, false // the database says so itself
	}
	code := p.config.money().State(spending, p.config.least())
	return ports.Dependency{Name: nameBudget, OK: code != core.CodeBudgetExhausted, Code: string(code), Since: time.Now().UTC()}, true
}

// budgetShare is the part of the month's budget that is spent or promised; nil
// without a budget.
func (h *House) budgetShare(ctx context.Context) (*float64, error) {
	budget := h.config.money()
	if budget.Limit <= 0 {
		return nil, nil
	}
	spending, err := h.governor.Spending(ctx)
	if err != nil {
		return nil, err
	}
	used := float64(spending.Spent+spending.Reserved) / float64(budget.Limit)
	return &used, nil
}

// watch writes an event when the budget passes its soft or its hard stop, or
// comes back from it.
func (p *purse) watch(ctx context.Context, log *slog.Logger) {
	if p.config.Budget <= 0 {
		return
	}
	spending, err := p.desk.Spending(ctx)
	if err != nil {
		return // the heartbeat's own error tells of the database
	}
	code := p.config.money().State(spending, p.config.least())
	if code == p.last {
		return
	}
	p.last = code
	level := slog.LevelInfo
	if code != "" {
		level = slog.LevelWarn
	}
	log.Log(ctx, level, "budget", "error_class", code, "spent_usd", spending.Spent.USD(), "reserved_usd", spending.Reserved.USD(),
		"budget_usd", p.config.Budget, "forecast_usd", governor.Forecast(spending, time.Now()).USD())
}

// Account is the operator's look at what the month has cost.
type Account struct {
	Month    string              `json:"month"`      // YYYY-MM, UTC
	Budget   float64             `json:"budget_usd"` // 0: none
	Spent    float64             `json:"spent_usd"`
	Reserved float64             `json:"reserved_usd"` // by calls under way
	Left     *float64            `json:"left_usd"`     // nil without a budget
	Forecast float64             `json:"forecast_usd"` // of the whole month
	State    core.Code           `json:"state"`        // empty: fine
	By       map[string]float64  `json:"by_provider"`
	Users    []AccountUser       `json:"users"` // who cost most
	Prices   []httpapi.ListPrice `json:"prices"`
}

// AccountUser is one user's part: ids alone.
type AccountUser struct {
	User      string  `json:"user"` // "operator" for what no user caused
	Documents int     `json:"documents"`
	USD       float64 `json:"usd"`
}

// ReadAccount reads the month's account with the worker's environment.
func ReadAccount(ctx context.Context, environ []string, users int) (Account, error) {
	config, err := Read(environ)
	if err != nil {
		return Account{}, err
	}
	pool, err := openHand(ctx, config, "navigator-budget")
	if err != nil {
		return Account{}, err
	}
	defer pool.Close()
	return config.account(ctx, pool, users)
}

func (c Config) account(ctx context.Context, pool *pgxpool.Pool, users int) (Account, error) {
	if _, err := db.Check(ctx, pool); err != nil {
		return Account{}, err
	}
	desk := postgres.NewGovernor(pool)
	spending, err := desk.Spending(ctx)
	if err != nil {
		return Account{}, err
	}
	payers, err := desk.Payers(ctx, users)
	if err != nil {
		return Account{}, err
	}
	a := Account{
		Month: spending.Month.Format("2006-01"), Budget: c.Budget, Spent: spending.Spent.USD(), Reserved: spending.Reserved.USD(),
		Forecast: governor.Forecast(spending, time.Now()).USD(), State: c.money().State(spending, c.least()),
		By: map[string]float64{}, Users: []AccountUser{}, Prices: []httpapi.ListPrice{},
	}
	if c.Budget > 0 {
		left := c.money().Left(spending).USD()
		a.Left = &left
	}
	for provider, amount := range spending.By {
		a.By[provider] = amount.USD()
	}
	for _, p := range payers {
		name := "operator"
		if p.User != nil {
			name = p.User.String()
		}
		a.Users = append(a.Users, AccountUser{name, p.Documents, p.Spent.USD()})
	}
	for _, price := range []core.Price{c.prices().Page, c.prices().Token} {
		a.Prices = append(a.Prices, httpapi.ListPriceOf(price))
	}
	return a, nil
}
