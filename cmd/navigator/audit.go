package main

import (
	"cmp"
	"context"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Follow the chain of the audit log and name every row that is missing, changed or moved."`
	Export auditExport `cmd:"" help:"Write rows of the audit log, a line of JSON each."`
}

// Help is shown behind the flags.
func (auditCommand) Help() string {
	return operatorHelp + `The audit log says who read or changed which document, when and from
where. Its rows are chained by hashes; workers write the chain's end, the anchor, to their
log. verify ends with 0 when the log is as it was written, with 1 when it is not.

Examples:
  navigator audit verify
  navigator audit verify --anchor 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  navigator audit export --from 2026-01-01T00:00:00Z --user 0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f`
}

// auditor opens the audit log for one command.
func (w *world) auditor(ctx context.Context, work func(*boot.Auditor) error) error {
	hand, err := boot.OpenAuditor(ctx, w.environ)
	if err != nil {
		return err
	}
	defer hand.Close()
	return work(hand)
}

type auditVerify struct {
	Anchor []string `placeholder:"NUMBER:HASH" help:"An end of the chain that was noted earlier, elsewhere. Without one a log that was cut off or made anew as a whole looks right."`
	JSON   bool     `name:"json" help:"Write JSON."`
}

// Run follows the chain.
func (c *auditVerify) Run(ctx context.Context, w *world) error {
	anchors := map[int64][32]byte{}
	for _, text := range c.Anchor {
		seq, hash, err := core.ParseAnchor(text)
		if err != nil {
			return usageError{"--anchor: " + err.Error()}
		}
		anchors[seq] = hash
	}
	return w.auditor(ctx, func(hand *boot.Auditor) error {
		check, err := hand.Verify(ctx, anchors)
		if err != nil {
			return err
		}
		return c.show(w, check)
	})
}

func (c *auditVerify) show(w *world, check boot.AuditCheck) error {
	if c.JSON {
		if err := w.screen.JSON(check); err != nil {
			return err
		}
	} else {
		for _, fault := range check.Faults {
			w.screen.Say("row %d: %s", fault.Seq, fault.What)
		}
		w.screen.Say("%d rows from %d on, %d faults; the anchor is %s", check.Rows, check.First, len(check.Faults), check.Anchor)
	}
	if len(check.Faults) > 0 {
		return errFailed
	}
	return nil
}

type auditExport struct {
	From     time.Time `placeholder:"TIME" help:"Rows of then and later, such as 2026-01-01T00:00:00Z."`
	Before   time.Time `placeholder:"TIME" help:"Rows of earlier."`
	User     string    `placeholder:"USER" help:"Rows of this user's id."`
	Document string    `placeholder:"ID" help:"Rows about this document's id."`
}

// Run writes the rows.
func (c *auditExport) Run(ctx context.Context, w *world) (err error) {
	filter := postgres.AuditFilter{From: c.From, Before: c.Before}
	for text, id := range map[string]*core.ID{c.User: &filter.User, c.Document: &filter.Document} {
		if text == "" {
			continue
		}
		if *id, err = core.ParseID(text); err != nil {
			return usageError{"the id is not a UUID"}
		}
	}
	return w.auditor(ctx, func(hand *boot.Auditor) error {
		rows, err := hand.Export(ctx, filter, w.out)
		if err == nil {
			w.screen.Note("%d rows", rows)
		}
		return err
	})
}

// operator is who sits at the terminal, as the audit log names them.
func (w *world) operator() string {
	by := core.Audit{Operator: cmp.Or(w.get("NAVIGATOR_OPERATOR"), w.get("USER"), w.get("LOGNAME"))}
	if by.Fault() != "" {
		return "unnamed"
	}
	return by.Operator
}

// origin is where a command's acts come from.
func (w *world) origin() core.Origin {
	return core.Origin{Service: "navigator", Operator: w.operator()}
}
