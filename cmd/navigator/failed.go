package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

type failedCommand struct {
	List  failedList  `cmd:"" default:"withargs" help:"List documents that failed, and count them by code."`
	Retry failedRetry `cmd:"" help:"Open the next attempt of those that failed with a code."`
}

// Help is shown behind the flags.
func (failedCommand) Help() string {
	return operatorHelp + `A retry is the owner's own: the next attempt begins where the last one failed. It is
logged with your name, a document at a time; one that was retried is not retried again.

Examples:
  navigator failed list --since 24h
  navigator failed retry --code parser_unavailable --since 24h --dry-run
  navigator failed retry --code parser_unavailable --since 24h --limit 500 --reason OPS-18`
}

type failedQuery struct {
	Code  string `placeholder:"CODE" help:"Only with this code."`
	Stage string `placeholder:"STAGE" help:"Only at this stage."`
	Since moment `placeholder:"TIME" help:"Only those that failed then or later: 2026-01-31, or 24h for the last day."`
	Limit int    `default:"100" placeholder:"N" help:"At most so many documents, the longest failed first."`
	JSON  bool   `name:"json" help:"Write JSON."`
}

// mostFailed bounds what one command holds in its hand.
const mostFailed = 10_000

func (q failedQuery) read() (postgres.Failures, error) {
	f := postgres.Failures{Code: core.Code(q.Code), Stage: core.Stage(q.Stage), Since: q.Since.at, Limit: q.Limit}
	switch {
	case q.Code != "" && !slices.Contains(core.Codes(), f.Code):
		return f, usageError{fmt.Sprintf("there is no code %q; navigator failed list shows those that occur", q.Code)}
	case q.Stage != "" && !slices.Contains(core.Stages(), f.Stage):
		return f, usageError{fmt.Sprintf("there is no stage %q: they are %v", q.Stage, core.Stages())}
	case q.Limit < 1 || q.Limit > mostFailed:
		return f, usageError{fmt.Sprintf("--limit: 1 to %d", mostFailed)}
	}
	return f, nil
}

type failedList struct{ failedQuery }

// failures is the list in JSON.
type failures struct {
	Counts    []postgres.FailureCount `json:"counts"`
	Documents []postgres.Failure      `json:"documents"`
}

// Run lists what failed.
func (c *failedList) Run(ctx context.Context, w *world) error {
	query, err := c.read()
	if err != nil {
		return err
	}
	return w.operate(ctx, func(hand *boot.Operator) error {
		list, counts, err := hand.Failed(ctx, query)
		if err != nil || c.JSON {
			return firstOf(err, func() error { return w.screen.JSON(failures{counts, list}) })
		}
		w.showFailed(list, counts)
		return nil
	})
}

func (w *world) showFailed(list []postgres.Failure, counts []postgres.FailureCount) {
	if len(counts) == 0 {
		w.screen.Say("nothing failed")
		return
	}
	rows := [][]string{{"COUNT", "CODE", "STAGE", "OLDEST", "NEWEST"}}
	all := 0
	for _, c := range counts {
		all += c.Count
		rows = append(rows, []string{fmt.Sprint(c.Count), string(c.Code), string(c.Stage), since(c.Oldest), since(c.Newest)})
	}
	w.screen.Table(rows)
	w.screen.Say("")
	rows = [][]string{{"DOCUMENT", "CODE", "STAGE", "ATTEMPT", "AGE", "OWNER"}}
	for _, f := range list {
		rows = append(rows, []string{f.Document.String(), string(f.Code), string(f.Stage), fmt.Sprint(f.Attempt), since(f.At), f.Owner.String()})
	}
	w.screen.Table(rows)
	if all > len(list) {
		w.screen.Note("%d more: raise --limit", all-len(list))
	}
}

// since is a moment's distance, for people.
func since(at time.Time) string { return time.Since(at).Round(time.Second).String() }

type failedRetry struct {
	failedQuery
	DryRun bool `help:"Show what would be retried; change nothing."`
	Rate   int  `default:"5" placeholder:"N" help:"Documents a second, 1 to 50, so that the line is not flooded."`
	audited
}

// Run retries what failed with a code.
func (c *failedRetry) Run(ctx context.Context, w *world) error {
	query, err := c.read()
	if err != nil {
		return err
	}
	if c.Code == "" {
		return usageError{"--code is needed: what failed for different reasons is retried by reason"}
	}
	if c.Rate < 1 || c.Rate > 50 {
		return usageError{"--rate: 1 to 50 documents a second"}
	}
	by, err := c.audit(w)
	if err != nil {
		return err
	}
	return w.operate(ctx, func(hand *boot.Operator) error { return c.retry(ctx, w, hand, query, by) })
}

func (c *failedRetry) retry(ctx context.Context, w *world, hand *boot.Operator, query postgres.Failures, by core.Audit) error {
	list, counts, err := hand.Failed(ctx, query)
	if err != nil {
		return err
	}
	if c.DryRun {
		if c.JSON {
			return w.screen.JSON(failures{counts, list})
		}
		w.showFailed(list, counts)
		w.screen.Say("dry run: %d documents would be retried; nothing was changed", len(list))
		return nil
	}
	done, err := hand.Retry(ctx, list, by, c.Rate, nil)
	if c.JSON {
		return firstOf(err, func() error { return w.screen.JSON(done) })
	}
	w.screen.Say("%d retried; %d had moved on meanwhile", done.Opened, done.Moved)
	return err
}
