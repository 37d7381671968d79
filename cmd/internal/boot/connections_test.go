package boot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// sizes are what a hosted database of each size allows: connections of the
// server, and clients of its pooler. Three of the first are kept for its owner.
var sizes = []struct {
	name           string
	server, pooler int
}{{"Micro", 60, 200}, {"Small", 90, 400}, {"Medium", 120, 600}, {"Large", 160, 800}}

const reservedConns = 3

// The table of docs/database.md is what the settings make of it.
func TestTheConnectionBudgetIsThePages(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "database.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range [][3]int{{1, 1, 1}, {2, 2, 2}, {4, 2, 4}, {10, 6, 10}} {
		processes := map[boot.Service]int{boot.API: n[0], boot.Webhook: n[1], boot.Worker: n[2]}
		steady, rolling := boot.Connections(processes, func(s boot.Service) int { return boot.AdvisedConns[s] })
		direct, pooled := "none of these", "none of these"
		for i := len(sizes) - 1; i >= 0; i-- {
			if rolling <= sizes[i].server-reservedConns {
				direct = sizes[i].name
			}
			if rolling <= sizes[i].pooler {
				pooled = sizes[i].name
			}
		}
		row := fmt.Sprintf("| %d, %d, %d | %d | %d | %s | %s |", n[0], n[1], n[2], steady, rolling, direct, pooled)
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/database.md lacks the row\n%s", row)
		}
	}
	for _, size := range sizes {
		if row := fmt.Sprintf("| %s | %d | %d |", size.name, size.server, size.pooler); !strings.Contains(string(page), row) {
			t.Errorf("docs/database.md lacks the row\n%s", row)
		}
	}
	for service, conns := range boot.AdvisedConns {
		if row := fmt.Sprintf("| %s | %d |", service, conns); !strings.Contains(string(page), row) {
			t.Errorf("docs/database.md lacks the row\n%s", row)
		}
	}
}
