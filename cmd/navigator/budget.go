package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

type budgetCommand struct {
	Users int  `default:"10" placeholder:"N" help:"How many of the users who cost most are listed."`
	JSON  bool `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (budgetCommand) Help() string {
	return `Needs the worker's environment. The budget is MONTHLY_BUDGET_USD of every service:
to raise it, set it higher and start them anew; documents that wait go on by themselves.

Examples:
  navigator budget
  navigator budget --users 50 --json | jq '.users'`
}

// Run shows what the month has cost.
func (c *budgetCommand) Run(ctx context.Context, w *world) error {
	account, err := boot.ReadAccount(ctx, w.environ, c.Users)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(account)
	}
	w.showAccount(account)
	return nil
}

func dollars(usd float64) string { return fmt.Sprintf("$%.4f", usd) }

// showAccount prints the month: what is spent and left, and by whom.
func (w *world) showAccount(a boot.Account) {
	rows := [][]string{{"MONTH", "SPENT", "RESERVED", "BUDGET", "LEFT", "FORECAST"}}
	budget, left := "none", "-"
	if a.Left != nil {
		budget, left = dollars(a.Budget), dollars(*a.Left)
	}
	w.screen.Table(append(rows, []string{a.Month, dollars(a.Spent), dollars(a.Reserved), budget, left, dollars(a.Forecast)}))
	for _, provider := range slices.Sorted(maps.Keys(a.By)) {
		w.screen.Say("%s: %s", provider, dollars(a.By[provider]))
	}
	if len(a.Users) > 0 {
		users := [][]string{{"USER", "DOCUMENTS", "SPENT"}}
		for _, u := range a.Users {
			users = append(users, []string{u.User, fmt.Sprint(u.Documents), dollars(u.USD)})
		}
		w.screen.Table(users)
	}
	for _, p := range a.Prices {
		w.screen.Say("price: %s %s, $%g a %s (list of %s)", p.Provider, p.Item, p.USD, p.Unit, p.Of)
	}
	if a.State != "" {
		w.screen.Note("%s: %s", a.State, core.Code(a.State).Message())
	}
}
