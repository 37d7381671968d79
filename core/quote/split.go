package quote

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// split cuts a passage of Markdown into sentences, list items, table rows and
// headings. A sentence may run over lines; a blank line, a row, a heading or a
// list item ends it.
func split(passage string) []part {
	var parts []part
	block := part{}
	flush := func() {
		parts = append(parts, sentences(passage, block)...)
		block = part{}
	}
	for at := 0; at < len(passage); {
		end := len(passage)
		if i := strings.IndexByte(passage[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := strings.TrimSpace(passage[at:end])
		switch {
		case line == "" || ruled(line):
			flush()
			if n := len(parts); n > 0 && strings.HasPrefix(line, "|") && passage[parts[n-1].start] == '|' {
				parts[n-1].heading = true // the header of a table
			}
		case line[0] == '#' || line[0] == '|':
			flush()
			parts = append(parts, trimmed(passage, part{at, end, line[0] == '#'})...)
		case strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* "):
			flush()
			block = part{start: at, end: end}
		case block.end == 0:
			block = part{start: at, end: end}
		default:
			block.end = end
		}
		at = end
	}
	flush()
	return parts
}

// ruled reports a line that draws a table's or a section's rule.
func ruled(line string) bool { return strings.Trim(line, "|-: \t=*_") == "" }

// sentences cuts a paragraph.
func sentences(passage string, p part) []part {
	var parts []part
	start := p.start
	for i := p.start; i < p.end; i++ {
		if strings.IndexByte(".!?", passage[i]) < 0 || i+1 >= p.end || !isBlank(passage[i+1]) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(passage[i+1:p.end], " \t\r\n"))
		if unicode.IsLower(next) || short(passage[start:i]) {
			continue
		}
		parts = append(parts, trimmed(passage, part{start: start, end: i + 1})...)
		start = i + 1
	}
	return append(parts, trimmed(passage, part{start: start, end: p.end})...)
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// short reports whether the text ends with an abbreviation or an initial.
func short(text string) bool {
	word := text[strings.LastIndexAny(text, " \t\n(")+1:]
	return len(word) == 1 && unicode.IsUpper(rune(word[0])) ||
		slices.Contains([]string{"no", "dr", "mr", "mrs", "ms", "st", "inc", "co", "vs", "sec", "e.g", "i.e", "u.s"}, strings.ToLower(word))
}

// trimmed is the part without the blanks around it, in pieces no longer than
// longest; none where nothing is left.
func trimmed(passage string, p part) []part {
	var parts []part
	for {
		for p.start < p.end {
			r, n := utf8.DecodeRuneInString(passage[p.start:p.end])
			if !unicode.IsSpace(r) {
				break
			}
			p.start += n
		}
		for p.end > p.start {
			r, n := utf8.DecodeLastRuneInString(passage[p.start:p.end])
			if !unicode.IsSpace(r) {
				break
			}
			p.end -= n
		}
		if p.start >= p.end {
			return parts
		}
		if p.end-p.start <= longest {
			return append(parts, p)
		}
		cut := breakAt(passage, p.start, p.start+longest)
		parts = append(parts, part{p.start, cut, p.heading})
		p.start = cut
	}
}

// breakAt is the last blank before the limit, or else the last whole character.
func breakAt(passage string, start, limit int) int {
	if i := strings.LastIndexAny(passage[start:limit], " \t\n"); i > 0 {
		return start + i
	}
	for limit > start+1 && !utf8.RuneStart(passage[limit]) {
		limit--
	}
	return limit
}

// sorted gives sums of floats one order.
func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
