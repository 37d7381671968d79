package chunker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// policyPage is a page of a policy with its running footer.
func policyPage(year, page int, text string) core.Page {
	footer := fmt.Sprintf("Northwind PPO policy %d - Form NW-%d (01/25) - Page %d of 120", year, year%100, page)
	return core.Page{Number: page, Text: text + "\n\n" + footer}
}

func TestContextTellsDocumentAndSection(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 300)
	for name, c := range map[string]struct {
		pages []core.Page
		want  []string // the context of each piece
	}{
		"a running footer, without the page": {
			[]core.Page{policyPage(2024, 9, "# Premium\nDue monthly."), policyPage(2024, 10, "# Claims\nIn writing."), policyPage(2024, 111, "# Appeals\nIn time.")},
			[]string{"Northwind PPO policy 2024 - Form NW-24 (01/25) > Premium", "Northwind PPO policy 2024 - Form NW-24 (01/25) > Claims", "Northwind PPO policy 2024 - Form NW-24 (01/25) > Appeals"},
		},
		"a running header": {
			numbered("Acme Gold Plan 2023\n\n# A\nfirst", "Acme Gold Plan 2023\n\n# B\nsecond"),
			[]string{"Acme Gold Plan 2023 > A", "Acme Gold Plan 2023 > B"},
		},
		"else the first heading": {
			numbered("# Policy of 2025\nA contract.", "# Claims\nIn writing.", "# Appeals\nIn time."),
			[]string{"Policy of 2025", "Policy of 2025 > Claims", "Policy of 2025 > Appeals"},
		},
		"a line of one page alone is none": {numbered("same"), []string{""}},
		"neither":                          {numbered("one", "two"), []string{""}},
		"what has no room is left out, the outer titles first": {
			numbered("# Policy\n" + long + "\n## " + strings.Repeat("middle ", 30) + "\n### Inner\nend"),
			[]string{"Policy", "Policy > Inner"},
		},
		"a name that has no room is cut at words": {
			numbered("# " + strings.Repeat("Name ", 40) + "\ntext"),
			[]string{strings.TrimSpace(strings.Repeat("Name ", 31))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := chunker.Settings{Tokens: 400, Context: 40}
			var got []string
			for _, p := range cut(t, newChunker(t, quarter{}, set), c.pages) {
				if n := (quarter{}).Count(p.Input()); n != p.Tokens || n > set.Tokens {
					t.Errorf("piece %d says %d tokens and has %d", p.Ordinal, p.Tokens, n)
				}
				if n := len(got); n == 0 || got[n-1] != p.Context {
					got = append(got, p.Context)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Two years of one policy share their wording: what is embedded must differ.
func TestTheYearReachesEveryPieceThatIsEmbedded(t *testing.T) {
	t.Parallel()
	c := newChunker(t, newCL100K(t), chunker.Default())
	for _, year := range []int{2024, 2025} {
		var pages []core.Page
		for i, page := range policy(20 << 10) {
			pages = append(pages, policyPage(year, i+1, page.Text))
		}
		for _, p := range cut(t, c, pages) {
			if !strings.Contains(p.Context, fmt.Sprint(year)) || strings.HasPrefix(p.Text, p.Context) {
				t.Fatalf("piece %d has the context %q", p.Ordinal, p.Context)
			}
		}
	}
}
