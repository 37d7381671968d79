package portstest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// OversightCase is what operators read, under test. Somebody makes an account
// without a role; Turn grants it one, or takes it; Add makes a document of that
// name, younger than those before; Written counts the readings that are written
// down.
type OversightCase struct {
	ports.Oversight
	Somebody func() ports.Principal
	Turn     func(who ports.Principal, role core.Role, on bool)
	Add      func(owner ports.Principal, name string) core.ID
	Written  func() int
}

// Oversight checks an adapter against the contract of ports.Oversight. open gives
// one without documents.
func Oversight(t *testing.T, open func(t *testing.T) OversightCase) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, OversightCase){
		"a_role_opens_and_ends_at_once":            oversightOpens,
		"what_operators_did_is_for_admins":         oversightOfActs,
		"documents_come_newest_first_and_in_pages": oversightPages,
		"each_reading_is_written_down":             oversightWrites,
		"no_name_is_told":                          oversightTellsNoName,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

const overseen = 10 // documents at most that a check reads

// readings is each reading that any role opens, as one account.
func (c OversightCase) readings(t *testing.T, who ports.Principal, id core.ID) map[string]func() (any, error) {
	ctx := t.Context()
	return map[string]func() (any, error){
		"Watch": func() (any, error) { return c.Watch(ctx, who, ports.Watching{Limit: overseen}) },
		"Story": func() (any, error) { return c.Story(ctx, who, id) },
		"Loads": func() (any, error) { return c.Loads(ctx, who) },
		"Failures": func() (any, error) {
			list, counts, err := c.Failures(ctx, who, ports.Failures{Limit: overseen})
			return []any{list, counts}, err
		},
	}
}

func oversightOpens(t *testing.T, c OversightCase) {
	who := c.Somebody()
	id := c.Add(c.Somebody(), "a.pdf")
	for _, role := range core.Roles() {
		for _, on := range []bool{false, true, false} {
			if on {
				c.Turn(who, role, true)
			}
			roles, err := c.Roles(t.Context(), who)
			if err != nil || (len(roles) == 1 && roles[0] == role) != on || (len(roles) == 0) == on {
				t.Fatalf("the roles are %v, %v", roles, err)
			}
			for name, read := range c.readings(t, who, id) {
				if _, err := read(); (err == nil) != on || (!on && !core.HasCode(err, core.CodeRoleRequired)) {
					t.Errorf("%s with the role %s %t: %v", name, role, on, err)
				}
			}
			if on {
				c.Turn(who, role, false)
			}
		}
	}
}

func oversightOfActs(t *testing.T, c OversightCase) {
	oncall, admin := c.Somebody(), c.Somebody()
	c.Turn(oncall, core.RoleOnCall, true)
	c.Turn(admin, core.RoleAdmin, true)
	if _, err := c.Acts(t.Context(), oncall, overseen); !core.HasCode(err, core.CodeRoleRequired) {
		t.Errorf("for on-call: %v", err)
	}
	acts, err := c.Acts(t.Context(), admin, 1)
	if err != nil || len(acts) != 1 || acts[0].Operator == "" || acts[0].Action == "" || acts[0].At.IsZero() {
		t.Errorf("for an admin: %+v, %v", acts, err)
	}
}

func oversightPages(t *testing.T, c OversightCase) {
	who := c.Somebody()
	c.Turn(who, core.RoleOnCall, true)
	var made []core.ID
	for range 5 {
		made = append([]core.ID{c.Add(c.Somebody(), "a.pdf")}, made...)
	}
	var seen []core.ID
	for behind := (*ports.Place)(nil); len(seen) <= len(made); {
		page, err := c.Watch(t.Context(), who, ports.Watching{Behind: behind, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			seen = append(seen, d.Document)
			behind = &ports.Place{CreatedAt: d.CreatedAt, Document: d.Document}
		}
	}
	if fmt.Sprint(seen) != fmt.Sprint(made) {
		t.Errorf("the pages give %v, want %v", seen, made)
	}
	if none, err := c.Watch(t.Context(), who, ports.Watching{Statuses: []core.Status{core.FailedEmbedding}, Limit: 2}); err != nil || len(none) != 0 {
		t.Errorf("of a status that none has: %+v, %v", none, err)
	}
}

func oversightWrites(t *testing.T, c OversightCase) {
	who := c.Somebody()
	c.Turn(who, core.RoleOnCall, true)
	id := c.Add(c.Somebody(), "a.pdf")
	for name, read := range c.readings(t, who, id) {
		before := c.Written()
		if _, err := read(); err != nil || c.Written() != before+1 {
			t.Errorf("%s wrote %d rows down (%v)", name, c.Written()-before, err)
		}
	}
	before := c.Written()
	if _, err := c.Story(t.Context(), who, core.NewID()); !core.HasCode(err, core.CodeNotFound) || c.Written() != before+1 {
		t.Errorf("a document that is not there: %v, and %d rows", err, c.Written()-before)
	}
}

func oversightTellsNoName(t *testing.T, c OversightCase) {
	who := c.Somebody()
	c.Turn(who, core.RoleAdmin, true)
	id := c.Add(c.Somebody(), "canary-hiv-result.pdf")
	for name, read := range c.readings(t, who, id) {
		got, err := read()
		if err != nil || strings.Contains(fmt.Sprintf("%+v", got), "canary") {
			t.Errorf("%s tells %+v, %v", name, got, err)
		}
	}
}
