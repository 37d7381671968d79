package pdftext

import (
	"math"
	"slices"
	"strings"
)

// layout writes a page as markdown in reading order.
func layout(page pageText, look style) string {
	upright, tilted := page.directions()
	m := markdown{look: look}
	m.lines(linesOf(upright), 0)
	m.tilted(tilted)
	return strings.TrimSpace(m.out.String())
}

// markdown is a page in the making.
type markdown struct {
	out  strings.Builder
	look style
}

// maxDepth bounds columns within columns.
const maxDepth = 3

func (m *markdown) lines(lines []line, depth int) {
	for _, r := range runsOf(lines) {
		if rows, ok := r.table(); ok {
			m.block()
			writeTable(&m.out, rows)
			m.block()
			continue
		}
		if len(r.zones) > 1 && r.prose() && depth < maxDepth {
			for _, part := range r.split() {
				m.lines(part, depth+1)
				m.block()
			}
			continue
		}
		m.prose(r.lines)
	}
}

// prose writes lines, a heading where they are large, and an empty line where
// the gap is wider than the text's own.
func (m *markdown) prose(lines []line) {
	usual := usualGap(lines)
	level := 0
	for i, l := range lines {
		was := level
		level = m.look.level(l)
		apart := i > 0 && l.y0-lines[i-1].y1 > usual+0.3*l.size
		switch {
		case level > 0 && level == was && !apart:
			m.out.WriteString(" " + l.text()) // the heading's second line
			continue
		case i == 0 || apart || level > 0 || was > 0:
			m.block()
		default:
			m.newline()
		}
		if level > 0 {
			m.out.WriteString(strings.Repeat("#", level) + " ")
		}
		m.out.WriteString(l.text())
	}
	if level > 0 {
		m.block()
	}
}

// tilted writes words that run another way, in the file's order.
func (m *markdown) tilted(words []word) {
	if len(words) > 0 {
		m.block()
	}
	for i, w := range words {
		if i > 0 && w.space {
			m.out.WriteString(" ")
		} else {
			m.newline()
		}
		m.out.WriteString(w.text)
	}
}

func (m *markdown) newline() {
	if text := m.out.String(); text != "" && !strings.HasSuffix(text, "\n") {
		m.out.WriteString("\n")
	}
}

// block ends a paragraph.
func (m *markdown) block() {
	m.newline()
	if text := m.out.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		m.out.WriteString("\n")
	}
}

// usualGap is the gap between two lines of one paragraph: the lower quartile
// of all, since headings and paragraphs only widen it.
func usualGap(lines []line) float64 {
	var gaps []float64
	for i := 1; i < len(lines); i++ {
		gaps = append(gaps, lines[i].y0-lines[i-1].y1)
	}
	if len(gaps) == 0 {
		return math.Inf(1)
	}
	slices.Sort(gaps)
	return gaps[(len(gaps)-1)/4]
}
