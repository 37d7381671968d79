package show

import (
	"fmt"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

// statusWidth is the longest status's.
var statusWidth = widest(core.Statuses())

func widest(statuses []core.Status) (n int) {
	for _, s := range statuses {
		n = max(n, len(s))
	}
	return n
}

// Ended writes how a document's attempt ended, in one line.
func (s *Screen) Ended(name string, doc client.Document) {
	path := client.Path(doc)
	line := fmt.Sprintf("%s: %s after %s", Clean(name), s.status(doc.Status), elapsed(path[len(path)-1].After))
	if doc.Pages > 0 {
		line += fmt.Sprintf(", %s", Count(doc.Pages, "page"))
	}
	if doc.Chunks.Total > 0 {
		line += fmt.Sprintf(", %s", Count(doc.Chunks.Total, "chunk"))
	}
	s.Say("%s", line)
}

// Way writes the statuses that a document's attempt came through.
func (s *Screen) Way(doc client.Document) {
	for _, r := range client.Path(doc) {
		s.step(r)
	}
}

// Count is a number of things in words.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
