package pdftext

import (
	"cmp"
	"slices"
)

// zone is a stretch of the page's width that some text occupies.
type zone struct{ x0, x1 float64 }

// run is a stretch of lines that divide the width alike: prose has one zone, a
// table one for each column, text in columns as many as those.
type run struct {
	lines []line
	zones []zone
}

// runsOf divides lines, top to bottom, into runs.
func runsOf(lines []line) []run {
	var runs []run
	for _, l := range lines {
		if len(runs) > 0 && runs[len(runs)-1].take(l) {
			continue
		}
		runs = append(runs, run{lines: []line{l}, zones: merge(nil, l)})
	}
	return runs
}

// take adds the next line when it keeps the run's zones apart.
func (r *run) take(l line) bool {
	last := r.lines[len(r.lines)-1]
	merged := merge(r.zones, l)
	switch {
	case l.y0-last.y1 > 2.5*max(l.size, last.size):
		return false
	case len(r.zones) == 1 && len(merged) == 1:
		if len(l.segments) > 1 {
			return false
		}
	case len(r.zones) == 1:
		// A second zone opens only beside the first, not below it.
		if len(last.segments) == 1 && len(r.lines) > 1 || l.y0 >= last.y1 || len(l.segments) > 1 {
			return false
		}
	case len(merged) < len(r.zones):
		return false
	case len(l.segments) == 1 && l.base-last.base > 1.5*max(l.size, last.size):
		return false
	}
	r.lines, r.zones = append(r.lines, l), merged
	return true
}

// merge adds a line's segments to zones; those nearer than a wide gap join.
func merge(zones []zone, l line) []zone {
	all := slices.Clone(zones)
	for _, s := range l.segments {
		all = append(all, zone{s.x0, s.x1})
	}
	slices.SortFunc(all, func(a, b zone) int { return cmp.Compare(a.x0, b.x0) })
	out := all[:0:0]
	for _, z := range all {
		last := len(out) - 1
		if last >= 0 && z.x0-out[last].x1 < wideGap/2*l.size {
			out[last].x1 = max(out[last].x1, z.x1)
			continue
		}
		out = append(out, z)
	}
	return out
}

// column is the index of the zone a segment lies in.
func (r *run) column(s segment) int {
	for i, z := range r.zones {
		if s.x0 >= z.x0-0.01 && s.x0 <= z.x1 {
			return i
		}
	}
	return 0
}

// prose reports whether the run is text set in columns: most of its segments
// are several words long and fill their zone.
func (r *run) prose() bool {
	segments, words, full := 0, 0, 0
	perZone := make([]int, len(r.zones))
	for _, l := range r.lines {
		for _, s := range l.segments {
			column := r.column(s)
			perZone[column]++
			segments++
			words += len(s.words)
			if z := r.zones[column]; s.x1-s.x0 > 0.7*(z.x1-z.x0) {
				full++
			}
		}
	}
	return slices.Min(perZone) >= 3 && words >= 4*segments && 2*full > segments
}

// split gives the lines of each zone on their own.
func (r *run) split() [][]line {
	parts := make([][]line, len(r.zones))
	for _, l := range r.lines {
		words := make([][]word, len(r.zones))
		for _, s := range l.segments {
			column := r.column(s)
			words[column] = append(words[column], s.words...)
		}
		for i, w := range words {
			if len(w) > 0 {
				parts[i] = append(parts[i], newLine(w))
			}
		}
	}
	return parts
}
