package show

import (
	"fmt"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// Passages writes what a search found, the best first, each with its score.
func (s *Screen) Passages(query string, found []client.Passage) {
	if len(found) == 0 {
		s.Say("Nothing found. Only documents that are complete can be searched.")
		return
	}
	words := matchWords(query)
	for i, p := range found {
		if i > 0 {
			s.Say("")
		}
		s.passage(i+1, p, words)
	}
}

const indent = "    "

func (s *Screen) passage(rank int, p client.Passage, words []string) {
	head := fmt.Sprintf("%2d. %s  %.3f", rank, s.paint(bold, Clean(p.Filename)), p.Score)
	if pages := pagesOf(p.PageFrom, p.PageTo); pages != "" {
		head += "  " + pages
	}
	s.Say("%s", head)
	if path := headingPath(p.Headings); path != "" {
		for _, line := range wrap(path, s.Width-len(indent)) {
			s.Say("%s%s", indent, s.paint(dim, line))
		}
	}
	for _, line := range paragraphs(p.Text, s.Width-len(indent)) {
		s.Say("%s", strings.TrimRight(indent+s.highlight(line, words), " "))
	}
}

func pagesOf(from, to int) string {
	switch {
	case from <= 0:
		return ""
	case to <= from:
		return fmt.Sprintf("page %d", from)
	default:
		return fmt.Sprintf("pages %d-%d", from, to)
	}
}

func headingPath(headings []string) string {
	clean := make([]string, 0, len(headings))
	for _, h := range headings {
		if h = Clean(h); h != "" {
			clean = append(clean, h)
		}
	}
	return strings.Join(clean, " > ")
}
