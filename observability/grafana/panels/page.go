package panels

import (
	"fmt"
	"strings"
)

// Page writes what was shown as a page of Markdown, a table a dashboard.
func Page(shots []Shot) string {
	var page strings.Builder
	board := ""
	for _, s := range shots {
		if s.Board.UID != board {
			board = s.Board.UID
			fmt.Fprintf(&page, "\n## %s\n\n`%s`. %s\n\n| Panel | Query | Showed |\n| --- | --- | --- |\n", s.Board.Title, board, s.Board.Description)
		}
		fmt.Fprintf(&page, "| %s | `%s` | %s |\n", cell(s.Panel.Title), cell(s.Target.Expr), cell(s.Result()))
	}
	return strings.TrimPrefix(page.String(), "\n")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
