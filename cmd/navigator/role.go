package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

type roleCommand struct {
	List   roleList   `cmd:"" default:"withargs" help:"Show who has which role."`
	Grant  roleGrant  `cmd:"" help:"Give an account a role."`
	Revoke roleRevoke `cmd:"" help:"Take a role away."`
}

// Help is shown behind the flags.
func (roleCommand) Help() string {
	return operatorHelp + `The roles are admin and oncall. Both read states, times, sizes, counts and codes under
/admin of the API, and never a name, a text or a file; admin also reads what operators did.
A role holds, and ends, with the account's next request. GET /auth/user tells an account's id.

Examples:
  navigator role grant 0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f oncall --reason OPS-17
  navigator role revoke 0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f oncall
  navigator role list`
}

type roleList struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// Run shows the grants.
func (c *roleList) Run(ctx context.Context, w *world) error {
	return w.operate(ctx, func(hand *boot.Operator) error {
		grants, err := hand.RoleGrants(ctx)
		if err != nil || c.JSON {
			return firstOf(err, func() error { return w.screen.JSON(grants) })
		}
		if len(grants) == 0 {
			w.screen.Say("no account has a role")
			return nil
		}
		rows := [][]string{{"ROLE", "ACCOUNT", "SINCE", "BY", "REASON"}}
		for _, g := range grants {
			rows = append(rows, []string{string(g.Role), g.User.String(), g.Granted.UTC().Format(time.RFC3339), show.Clean(g.Operator), show.Clean(g.Reason)})
		}
		w.screen.Table(rows)
		return nil
	})
}

type roleTarget struct {
	Account string `arg:"" help:"The account's id."`
	Role    string `arg:"" help:"admin or oncall."`
	audited
}

type roleGrant struct{ roleTarget }

// Run grants a role.
func (c *roleGrant) Run(ctx context.Context, w *world) error {
	return c.turn(ctx, w, true, "%s is now %s")
}

type roleRevoke struct{ roleTarget }

// Run revokes a role.
func (c *roleRevoke) Run(ctx context.Context, w *world) error {
	return c.turn(ctx, w, false, "%s is no longer %s")
}

func (c roleTarget) turn(ctx context.Context, w *world, grant bool, done string) error {
	by, err := c.audit(w)
	if err != nil {
		return err
	}
	user, err := core.ParseID(c.Account)
	if err != nil {
		return usageError{"the account is a UUID such as 0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f"}
	}
	role := core.Role(c.Role)
	if !role.Known() {
		return usageError{fmt.Sprintf("there is no role %q: roles are %s", c.Role, strings.Join([]string{string(core.RoleAdmin), string(core.RoleOnCall)}, " and "))}
	}
	return w.operate(ctx, func(hand *boot.Operator) error {
		changed, err := hand.TurnRole(ctx, user, role, grant, by)
		return w.turnedTo(changed, err, fmt.Sprintf(done, user, role))
	})
}
