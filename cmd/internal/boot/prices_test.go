package boot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// The page's table is the adapters' lists.
func TestThePriceTableIsTheLists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "costs.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- prices -->\n")
	table, _, found := strings.Cut(rest, "<!-- /prices -->")
	want := "| Vendor | What | Price | Credits | List of |\n| --- | --- | --- | --- | --- |\n"
	for _, p := range boot.Prices() {
		price, credits := fmt.Sprintf("$%g a page", p.Nano.USD()), fmt.Sprint(p.Credits)
		if p.Unit == "token" {
			price, credits = fmt.Sprintf("$%g a million tokens", (p.Nano*1_000_000).USD()), ""
		}
		want += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", p.Provider, p.Item, price, credits, p.Of)
		if p.Source == "" || p.Nano <= 0 {
			t.Errorf("%s has no source or no price", p.Item)
		}
	}
	if !found || table != want {
		t.Errorf("the page has\n%s\nthe lists are\n%s", table, want)
	}
}
