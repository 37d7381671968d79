package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/docs"
)

const root = "../../../../"

// TestPagesDrift holds the pages' tables to the code.
func TestPagesDrift(t *testing.T) {
	t.Parallel()
	for name, made := range pages {
		text, err := os.ReadFile(root + name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := docs.Fill(string(text), made)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s's table is not what the code says: go run ./cmd/internal/boot/table, or %s (-code +page):\n%s", name, docs.Command, diff)
		}
	}
}

// TestEveryVariableIsExplained keeps rows without a meaning out of the table,
// and values of secrets.
func TestEveryVariableIsExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range boot.Table() {
		if row.Help == "" || row.Name != strings.ToUpper(row.Name) || seen[row.Name] {
			t.Errorf("%q: a variable needs an upper-case name of its own and a meaning", row.Name)
		}
		if row.Secret && row.Default != "" {
			t.Errorf("%s: a secret has a default", row.Name)
		}
		seen[row.Name] = true
	}
	if !seen["DATABASE_URL"] || !seen["SERVICE_MODE"] {
		t.Error("the table lacks the variables everyone needs")
	}
}
