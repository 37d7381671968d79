package pdftext

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// segment is a stretch of one line without a wide gap: a table's cell, a
// column's line, or a whole line of prose.
type segment struct {
	words  []word
	x0, x1 float64
}

// text joins the segment's words.
func (s segment) text() string {
	parts := make([]string, len(s.words))
	for i, w := range s.words {
		parts[i] = w.text
	}
	return strings.Join(parts, " ")
}

// line is what stands on one baseline across the page, left to right.
type line struct {
	segments []segment
	y0, y1   float64
	base     float64
	size     float64 // the largest word's
}

func (l line) text() string {
	parts := make([]string, len(l.segments))
	for i, s := range l.segments {
		parts[i] = s.text()
	}
	return strings.Join(parts, " ")
}

// wideGap is the share of the text's size from which a gap divides segments:
// twice the widest space of ordinary text.
const wideGap = 0.55

// linesOf groups upright words by baseline, top to bottom.
func linesOf(words []word) []line {
	sorted := slices.Clone(words)
	slices.SortStableFunc(sorted, func(a, b word) int { return cmp.Compare(a.base, b.base) })
	var lines []line
	for from := 0; from < len(sorted); {
		to, anchor := from+1, sorted[from]
		for to < len(sorted) && sameLine(anchor, sorted[to]) {
			if sorted[to].size() > anchor.size() {
				anchor = sorted[to]
			}
			to++
		}
		lines = append(lines, newLine(sorted[from:to]))
		from = to
	}
	return lines
}

func sameLine(a, b word) bool {
	return math.Abs(b.base-a.base) <= 0.3*max(a.size(), b.size())
}

// newLine sorts a line's words and divides them at wide gaps.
func newLine(words []word) line {
	slices.SortStableFunc(words, func(a, b word) int { return cmp.Compare(a.x0, b.x0) })
	l := line{y0: math.Inf(1), y1: math.Inf(-1)}
	for _, w := range words {
		l.y0, l.y1 = min(l.y0, w.y0), max(l.y1, w.y1)
		l.size = max(l.size, w.size())
		l.base = max(l.base, w.base)
		last := len(l.segments) - 1
		if last < 0 || w.x0-l.segments[last].x1 > wideGap*w.size() {
			l.segments = append(l.segments, segment{[]word{w}, w.x0, w.x1})
			continue
		}
		l.segments[last].words = append(l.segments[last].words, w)
		l.segments[last].x1 = max(l.segments[last].x1, w.x1)
	}
	return l
}
