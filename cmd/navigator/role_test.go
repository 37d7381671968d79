package main

import (
	"strings"
	"testing"
)

func TestOperatorsGrantAndRevokeRoles(t *testing.T) {
	t.Parallel()
	p := operators(t)
	const account = "0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f"
	for _, step := range []struct {
		args string
		code int
		says string
	}{
		{"role", 0, "no account has a role\n"},
		{"role grant " + account + " oncall --reason OPS-1", 0, account + " is now oncall\n"},
		{"role grant " + account + " oncall", 0, "it was so already\n"},
		{"role grant " + account + " admin --by ada", 0, "is now admin\n"},
		{"role list", 0, "by"},
		{"role list --json", 0, `"granted_by": "ada"`},
		{"role revoke " + account + " admin", 0, "is no longer admin\n"},
		{"role revoke " + account + " admin", 0, "it was so already\n"},
		{"role grant ada@example.org admin", 2, "a UUID such as"},
		{"role grant " + account + " root", 2, "roles are admin and oncall"},
		{"role --json", 0, `"role": "oncall"`},
	} {
		got := p.run(t, strings.Fields(step.args)...)
		if got.code != step.code || !strings.Contains(strings.ToLower(got.out+got.err), strings.ToLower(step.says)) {
			t.Errorf("%s: got %+v, want %d with %q", step.args, got, step.code, step.says)
		}
	}
}
