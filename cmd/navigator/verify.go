package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core/audit"
)

type verifyCommand struct {
	JSON    bool          `name:"json" help:"Write JSON."`
	Deep    bool          `help:"Read every file and every vector too; it takes long."`
	Mend    bool          `help:"Mend what can be mended safely, and say what was done."`
	Grace   time.Duration `default:"5s" help:"Between two looks: what is in motion is not told."`
	Late    time.Duration `default:"15m" help:"Work that is due for longer is late."`
	Orphan  time.Duration `default:"2h" help:"What came to no document and is older is an orphan."`
	History string        `type:"existingfile" placeholder:"FILE" help:"What clients were told, a line of JSON a call: op, id, key, outcome (ok, fail, info), time."`
	Ledger  string        `type:"existingfile" placeholder:"FILE" help:"The books of fakes, JSON: parser_jobs by attempt, tokens, unique_tokens, strict."`
}

// Help is shown behind the flags.
func (verifyCommand) Help() string {
	return `Needs the worker's environment. Compares the database, the storage and the parser with
the six invariants: nothing lost or stuck, nothing twice, statuses by the Line, complete
means whole, deleted means gone, and all sides agree. Changes nothing without --mend, and
may run beside a system at work. Ends with 0 when all is in order, with 1 when something is
not, with 5 when it could not look.

Examples:
  navigator verify
  navigator verify --deep --json
  navigator verify --mend`
}

// verified is the result in JSON.
type verified struct {
	Violations []audit.Violation `json:"violations"`
	Mended     []boot.Mended     `json:"mended"`
}

// Run looks, and mends where that is asked for.
func (c *verifyCommand) Run(ctx context.Context, w *world) error {
	look, err := c.look()
	if err != nil {
		return usageError{err.Error()}
	}
	hand, err := boot.OpenVerify(ctx, w.environ)
	if err != nil {
		return c.blind(w, err)
	}
	defer hand.Close()
	result := verified{Mended: []boot.Mended{}}
	if result.Violations, err = hand.Run(ctx, look); err != nil {
		return c.blind(w, err)
	}
	if c.Mend {
		result.Mended, err = hand.Mend(ctx, result.Violations)
	}
	if err := c.show(w, result); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("not all of it was mended: %w", err)
	}
	if len(result.Violations) > len(result.Mended) {
		return errFailed
	}
	return nil
}

// blind says why it could not look.
func (c *verifyCommand) blind(w *world, err error) error {
	w.failure("verify", err)
	return outcome(exitAway)
}

func (c *verifyCommand) look() (look boot.Look, err error) {
	look = boot.Look{Options: audit.Options{Late: c.Late, Orphan: c.Orphan, Deep: c.Deep}, Grace: c.Grace}
	if c.Ledger != "" {
		text, err := os.ReadFile(c.Ledger)
		if err != nil || json.Unmarshal(text, &look.Ledger) != nil {
			return look, fmt.Errorf("--ledger %s cannot be read as the books of fakes", c.Ledger)
		}
	}
	if c.History == "" {
		return look, nil
	}
	file, err := os.Open(c.History)
	if err != nil {
		return look, fmt.Errorf("--history %s cannot be read", c.History)
	}
	defer file.Close() //nolint:errcheck // it was only read
	look.History, err = audit.ReadHistory(file)
	return look, err
}

func (c *verifyCommand) show(w *world, r verified) error {
	if c.JSON {
		return w.screen.JSON(r)
	}
	if len(r.Violations) == 0 {
		w.screen.Say("in order: no violation of %d rules", len(audit.Rules))
		return nil
	}
	rows := [][]string{{"", "RULE", "DOCUMENT", "WHAT"}}
	for _, v := range r.Violations {
		id := "-"
		if !v.Document.IsZero() {
			id = v.Document.String()
		}
		rows = append(rows, []string{fmt.Sprint(v.Invariant), v.Rule, id, v.Detail})
	}
	w.screen.Table(rows)
	told := map[string]bool{}
	for _, v := range r.Violations {
		if rule, ok := audit.RuleOf(v.Rule); ok && !told[v.Rule] {
			told[v.Rule] = true
			w.screen.Say("%s: %s", v.Rule, rule.Means)
		}
	}
	for _, m := range r.Mended {
		w.screen.Say("mended %s %s: %s", m.Rule, m.Document, m.Done)
	}
	return nil
}
