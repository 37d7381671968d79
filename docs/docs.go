// Package docs holds the pages, and fills the parts of them that are generated:
// what stands between <!-- name --> and <!-- /name --> is made from the code
// and tested against it.
package docs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Command writes the generated parts anew; messages name it.
const Command = "make generate"

// Pages are the pages with parts made from the code, from the module's root,
// each part with what makes it.
var Pages = map[string]map[string]func() string{
	"README.md":    {"line": Way},
	"docs/line.md": {"line": Picture, "legs": Legs, "ends": Ends, "verdicts": Verdicts},

	"docs/limits.md":  {"rates": Rates},
	"docs/metrics.md": {"families": Metrics},
	"docs/verify.md":  {"rules": Rules},

	"docs/performance.md": {"load": Load},
}

// The OpenAPI documents 3.1 and 3.0.3 under the default limits, from the
// module's root.
const (
	OpenAPI   = "docs/openapi.json"
	OpenAPI30 = "docs/openapi-3.0.json"
)

// Fill replaces the named parts of a page. A part without its two marks is an
// error: the page would silently go stale.
func Fill(page string, parts map[string]func() string) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		open, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		before, rest, ok := strings.Cut(page, open)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			return "", fmt.Errorf("the page has no part between %s and %s", strings.TrimSpace(open), end)
		}
		page = before + open + parts[name]() + end + after
	}
	return page, nil
}

// cell keeps a bar from ending a cell, and <word> from being read as HTML.
var cell = strings.NewReplacer("|", `\|`, "<", `\<`)

// Table is a table in markdown.
func Table(header []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for _, text := range cells {
			b.WriteString("| " + cell.Replace(text) + " ")
		}
		b.WriteString("|\n")
	}
	line(header)
	b.WriteString(strings.Repeat("| --- ", len(header)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return b.String()
}
