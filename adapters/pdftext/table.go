package pdftext

import (
	"math"
	"slices"
	"strings"
)

const (
	minRows    = 2   // a header and a row
	alignShare = 0.7 // of a column's cells that must share an edge
	alignSlack = 2.0 // points
)

// table gives the run's rows, a cell a zone, when it is one with confidence:
// at least a header and a row, two columns, and every column aligned.
func (r *run) table() ([][]string, bool) {
	if len(r.zones) < 2 || r.prose() || !r.aligned() {
		return nil, false
	}
	var rows [][]string
	padded := r.padded()
	for i, l := range r.lines {
		cells := make([]string, len(r.zones))
		for _, s := range l.segments {
			column := r.column(s)
			cells[column] = strings.TrimSpace(cells[column] + " " + s.text())
		}
		if i > 0 && r.continues(i, cells, padded) {
			appendCells(rows[len(rows)-1], cells)
			continue
		}
		rows = append(rows, cells)
	}
	return rows, len(rows) >= minRows && filled(rows[0]) >= 2
}

// padded reports whether rows stand clearly apart, so that tight lines must be
// the second lines of their cells.
func (r *run) padded() bool {
	var pitches []float64
	for i := 1; i < len(r.lines); i++ {
		pitches = append(pitches, (r.lines[i].base-r.lines[i-1].base)/r.lines[i].size)
	}
	return len(pitches) > 0 && slices.Max(pitches) >= 1.5
}

// continues reports whether line i holds the second lines of the row above.
func (r *run) continues(i int, cells []string, padded bool) bool {
	pitch := (r.lines[i].base - r.lines[i-1].base) / r.lines[i].size
	if pitch > 1.35 {
		return false
	}
	return padded || cells[0] == "" || filled(cells) == 1
}

func appendCells(row, more []string) {
	for i, cell := range more {
		row[i] = strings.TrimSpace(row[i] + " " + cell)
	}
}

func filled(cells []string) int {
	n := 0
	for _, cell := range cells {
		if cell != "" {
			n++
		}
	}
	return n
}

// aligned reports whether each column's cells share their left edges, their
// right edges or their middles.
func (r *run) aligned() bool {
	edges := make([][3][]float64, len(r.zones))
	for _, l := range r.lines {
		for _, s := range l.segments {
			column := &edges[r.column(s)]
			for k, at := range [3]float64{s.x0, s.x1, (s.x0 + s.x1) / 2} {
				column[k] = append(column[k], at)
			}
		}
	}
	for _, column := range edges {
		if !slices.ContainsFunc(column[:], agree) {
			return false
		}
	}
	return true
}

// agree reports whether most positions are the same.
func agree(positions []float64) bool {
	sorted := slices.Sorted(slices.Values(positions))
	if len(sorted) == 0 {
		return true
	}
	middle, near := sorted[len(sorted)/2], 0
	for _, p := range sorted {
		if math.Abs(p-middle) <= alignSlack {
			near++
		}
	}
	return float64(near) >= alignShare*float64(len(sorted))
}

var cellText = strings.NewReplacer("|", `\|`, "\n", " ")

// writeTable writes rows as a markdown table; the first is its header.
func writeTable(out *strings.Builder, rows [][]string) {
	for i, row := range rows {
		out.WriteString("|")
		for _, cell := range row {
			out.WriteString(" " + cellText.Replace(cell) + " |")
		}
		out.WriteString("\n")
		if i == 0 {
			out.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
}
