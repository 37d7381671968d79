package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/docs"
)

const readme = "../../../../README.md"

// TestReadmeDrift holds the README's configuration table to the struct.
func TestReadmeDrift(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	want, err := docs.Fill(string(text), parts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("README.md's table is not the configuration: go run ./cmd/internal/boot/table, or %s (-code +page):\n%s", docs.Command, diff)
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
