package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

// keep opens the database for one command.
func (w *world) keep(ctx context.Context, work func(*boot.Keeper) error) error {
	keeper, err := boot.OpenKeeper(ctx, w.environ)
	if err != nil {
		return err
	}
	defer keeper.Close()
	return work(keeper)
}

type retentionCommand struct {
	audited

	DryRun bool `help:"Count what would be removed now; remove nothing."`
	JSON   bool `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (retentionCommand) Help() string {
	return operatorHelp + `Workers do the same by
themselves every RETAIN_EVERY; the settings RETAIN_* say how long each kind is kept.

Examples:
  navigator retention --dry-run
  navigator retention --json`
}

// keptKind is a row of the answer in JSON.
type keptKind struct {
	Kind    core.Kept `json:"kind"`
	Setting string    `json:"setting"`
	Seconds *float64  `json:"seconds"` // null: for ever
	Rows    int       `json:"rows"`
}

// retain removes, and logs for whom; or it counts.
func (c *retentionCommand) retain(ctx context.Context, w *world, keeper *boot.Keeper) ([]boot.Expired, error) {
	if c.DryRun {
		return keeper.Due(ctx)
	}
	by, err := c.audit(w)
	if err != nil {
		return nil, err
	}
	return keeper.Retain(ctx, by)
}

// Run counts or removes, and tells what of each kind.
func (c *retentionCommand) Run(ctx context.Context, w *world) error {
	return w.keep(ctx, func(keeper *boot.Keeper) error {
		done, failed := c.retain(ctx, w, keeper)
		list := make([]keptKind, len(done))
		rows := [][]string{{"KIND", "KEPT", "REMOVED", "SETTING"}}
		if c.DryRun {
			rows[0][2] = "DUE"
		}
		for i, one := range done {
			list[i] = keptKind{Kind: one.Kind, Setting: one.Setting, Rows: one.Rows}
			if one.For != core.Forever {
				list[i].Seconds = new(one.For.Seconds())
			}
			rows = append(rows, []string{string(one.Kind), ageWords(one.For), fmt.Sprint(one.Rows), one.Setting})
		}
		if c.JSON {
			if err := w.screen.JSON(list); err != nil {
				return err
			}
			return failed
		}
		w.screen.Table(rows)
		return failed
	})
}

// ageWords is how long something is kept, for a person.
func ageWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == core.Forever:
		return "for ever"
	case d >= 2*day:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
	return d.String()
}

type holdCommand struct {
	List  holdList  `cmd:"" default:"1" help:"Show the holds that stand."`
	Set   holdSet   `cmd:"" help:"Hold a document, or all of an owner."`
	Clear holdClear `cmd:"" help:"Lift a hold."`
}

// Help is shown behind the flags.
func (holdCommand) Help() string {
	return operatorHelp + `What is held can be deleted neither
by its owner, who is told legal_hold and no more, nor by the retention clock.
Each hold keeps who set it, when and why, and who lifted it, for years after.

Examples:
  navigator hold set 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f --reason CASE-2026-114
  navigator hold set --owner 0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f --reason CASE-2026-114
  navigator hold clear 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
}

// holdTarget is what a hold covers, and who asks.
type holdTarget struct {
	Document string `arg:"" optional:"" help:"The document's id."`
	Owner    string `placeholder:"USER" help:"All documents of this user's id, later ones too."`
	audited
}

func (t holdTarget) hold(w *world) (h core.Hold, err error) {
	if (t.Document == "") == (t.Owner == "") {
		return h, usageError{"name a document, or --owner and a user"}
	}
	by, err := t.audit(w)
	if err != nil {
		return h, err
	}
	h.Operator, h.Reason = by.Operator, by.Reason
	target := &h.Document
	if t.Owner != "" {
		target = &h.User
	}
	if *target, err = core.ParseID(cmp.Or(t.Document, t.Owner)); err != nil {
		return h, usageError{"the id is not a UUID"}
	}
	return h, nil
}

type holdSet struct{ holdTarget }

var holdReason = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,64}$`)

// Run sets a hold.
func (c *holdSet) Run(ctx context.Context, w *world) error {
	if !holdReason.MatchString(c.Reason) {
		return usageError{"a hold needs --reason, a code that leads to the case: 1 to 64 letters, digits and ._/-"}
	}
	return c.change(ctx, w, (*boot.Keeper).SetHold, "held")
}

type holdClear struct{ holdTarget }

// Run lifts a hold.
func (c *holdClear) Run(ctx context.Context, w *world) error {
	return c.change(ctx, w, (*boot.Keeper).LiftHold, "no longer held")
}

func (t holdTarget) change(ctx context.Context, w *world,
	do func(*boot.Keeper, context.Context, core.Hold) (core.Hold, error), done string,
) error {
	h, err := t.hold(w)
	if err != nil {
		return err
	}
	return w.keep(ctx, func(keeper *boot.Keeper) error {
		changed, err := do(keeper, ctx, h)
		if err != nil {
			return err
		}
		w.screen.Say("%s: %s", covered(changed), done)
		return nil
	})
}

func covered(h core.Hold) string {
	if h.Document.IsZero() {
		return "all of " + h.User.String()
	}
	return h.Document.String()
}

type holdList struct {
	All  bool `help:"Those that were lifted, too."`
	JSON bool `name:"json" help:"Write JSON."`
}

// Run lists holds.
func (c *holdList) Run(ctx context.Context, w *world) error {
	return w.keep(ctx, func(keeper *boot.Keeper) error {
		holds, err := keeper.Holds(ctx, c.All)
		if err != nil {
			return err
		}
		if c.JSON {
			return w.screen.JSON(holds)
		}
		if len(holds) == 0 {
			w.screen.Note("nothing is held")
			return nil
		}
		rows := [][]string{{"HELD", "SINCE", "BY", "REASON", "LIFTED"}}
		for _, h := range holds {
			lifted := ""
			if h.LiftedAt != nil {
				lifted = h.LiftedAt.UTC().Format(time.RFC3339) + " by " + show.Clean(h.LiftedBy)
			}
			rows = append(rows, []string{covered(h), h.SetAt.UTC().Format(time.RFC3339), show.Clean(h.Operator), show.Clean(h.Reason), lifted})
		}
		w.screen.Table(rows)
		return nil
	})
}
