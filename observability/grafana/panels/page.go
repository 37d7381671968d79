package panels

import (
	"fmt"
	"strings"
)

const heading = `# What the panels showed

Every query of every dashboard and annotation, and what it showed in a run of ` + "`make panels`" + `: the services under a load with faults, before a real
Prometheus. Of several series the last values of the first are told. [dashboards.md](../../docs/dashboards.md) explains the run. Written by the
run, not by hand.
`

// Page writes what was shown as a page of Markdown, a table a dashboard.
func Page(shots []Shot) string {
	var page strings.Builder
	page.WriteString(heading)
	board := ""
	for _, s := range shots {
		if s.Board.UID != board {
			board = s.Board.UID
			fmt.Fprintf(&page, "\n## %s\n\n`%s`. %s\n\n| Panel | Query | Showed |\n| --- | --- | --- |\n", s.Board.Title, board, s.Board.Description)
		}
		fmt.Fprintf(&page, "| %s | `%s` | %s |\n", cell(s.Panel.Title), cell(s.Target.Expr), cell(s.Result()))
	}
	return page.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
