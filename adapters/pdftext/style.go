package pdftext

import (
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
)

// How much larger than the body a heading's text is, how long it may be, how
// far sizes of one level differ, and how many levels are told apart.
const (
	headingSize = 1.18
	maxHeading  = 200
	sameLevel   = 0.93
	maxLevels   = 3
)

// style is what a document's sizes mean: that of its ordinary text, and those
// of its headings, the largest first. The sizes rank over the whole document,
// so a section's heading has one level on every page.
type style struct {
	body     float64
	headings []float64
}

func styleOf(pages []pageText) style {
	look := style{body: bodySize(pages)}
	sizes := map[float64]bool{}
	for _, page := range pages {
		upright, _ := page.directions()
		for _, l := range linesOf(upright) {
			if look.headline(l) {
				sizes[math.Round(l.size*4)/4] = true
			}
		}
	}
	for _, size := range slices.Backward(slices.Sorted(maps.Keys(sizes))) {
		if n := len(look.headings); n == 0 || size < sameLevel*look.headings[n-1] {
			look.headings = append(look.headings, size)
		}
	}
	return look
}

// headline reports whether a line is large enough, and short enough, for a
// heading.
func (s style) headline(l line) bool {
	if s.body <= 0 || len(l.segments) != 1 || l.size < headingSize*s.body {
		return false
	}
	text := l.text()
	return len(text) <= maxHeading && strings.ContainsFunc(text, unicode.IsLetter)
}

// level is 1, 2 or 3 for a heading's line, 0 for any other.
func (s style) level(l line) int {
	if !s.headline(l) {
		return 0
	}
	for i, size := range s.headings {
		if l.size >= sameLevel*size {
			return min(i+1, maxLevels)
		}
	}
	return maxLevels
}

// bodySize is the size most of a document's characters have.
func bodySize(pages []pageText) float64 {
	counts := map[int]int{}
	for _, page := range pages {
		for _, w := range page.words {
			counts[int(math.Round(w.size()*4))] += len(w.text)
		}
	}
	best, most := 0, 0
	for size, count := range counts {
		if count > most || count == most && size < best {
			best, most = size, count
		}
	}
	return float64(best) / 4
}
