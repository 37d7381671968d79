package chunker

import (
	"strings"
	"unicode/utf8"
)

// maxTitle bounds one title in a heading path, in bytes: a path stands on every
// piece of its section, so an endless heading would multiply.
const maxTitle = 256

// unindent strips up to three spaces; ok is false where there are more, which
// in markdown means code.
func unindent(s string) (rest string, ok bool) {
	n := 0
	for n < len(s) && s[n] == ' ' {
		n++
	}
	return s[n:], n <= 3 && (n == len(s) || s[n] != '\t')
}

// atx reads a heading of the form "## Title ##". Level 0 means it is none.
func atx(s string) (level int, title string) {
	if s[0] != '#' && s[0] != ' ' {
		return 0, ""
	}
	s, ok := unindent(s)
	for level < len(s) && s[level] == '#' {
		level++
	}
	if !ok || level == 0 || level > 6 || (level < len(s) && !isBlank(s[level])) {
		return 0, ""
	}
	title = strings.TrimSpace(s[level:])
	if open := strings.TrimRight(title, "#"); open == "" || isBlank(open[len(open)-1]) {
		title = strings.TrimSpace(open)
	}
	return level, title
}

// plainTitle is a title without the emphasis around it, cut at maxTitle.
func plainTitle(s string) string {
	s = strings.TrimSpace(s)
	for _, mark := range []string{"**", "__", "*", "_"} {
		if len(s) > 2*len(mark) && strings.HasPrefix(s, mark) && strings.HasSuffix(s, mark) && !strings.Contains(s[len(mark):len(s)-len(mark)], mark) {
			s = s[len(mark) : len(s)-len(mark)]
		}
	}
	if len(s) > maxTitle {
		s = s[:runeStart(s, maxTitle)]
	}
	return strings.TrimSpace(s)
}

// runeStart is the last place at or before n where a character starts.
func runeStart(s string, n int) int {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

// openingFence is the run of backticks or tildes that opens fenced code, empty
// where the line opens none.
func openingFence(s string) string {
	if c := s[0]; c != '`' && c != '~' && c != ' ' {
		return ""
	}
	s, ok := unindent(s)
	if !ok || (s[0] != '`' && s[0] != '~') {
		return ""
	}
	info := strings.TrimLeft(s, s[:1])
	mark := s[:len(s)-len(info)]
	if len(mark) < 3 || (mark[0] == '`' && strings.Contains(info, "`")) {
		return ""
	}
	return mark
}

func closesFence(s, mark string) bool {
	s, ok := unindent(s)
	return ok && len(s) >= len(mark) && strings.Trim(s, mark[:1]) == ""
}

// isDelimiterRow reports whether a line is the "|---|:-:|" under a table's
// header row.
func isDelimiterRow(s string) bool {
	dash, pipe := false, false
	for i := range len(s) {
		switch s[i] {
		case '-':
			dash = true
		case '|':
			pipe = true
		case ':', ' ', '\t':
		default:
			return false
		}
	}
	return dash && pipe
}

// cells counts a row's cells; an escaped pipe separates nothing.
func cells(s string) int {
	s = strings.TrimSpace(s)
	n := strings.Count(s, "|") - strings.Count(s, `\|`) + 1
	if strings.HasPrefix(s, "|") {
		n--
	}
	if strings.HasSuffix(s, "|") && !strings.HasSuffix(s, `\|`) {
		n--
	}
	return n
}

// isItem reports whether a line begins a list item: "- ", "* ", "+ ", "12. "
// or "12) ", at any depth.
func isItem(s string) bool { return itemMark(s) > 0 }

// itemMark is where a list item's text begins, 0 if the line begins none.
func itemMark(s string) int {
	i := 0
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	digits := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	numbered := i > digits && i-digits <= 9
	if i+1 >= len(s) || !isBlank(s[i+1]) {
		return 0
	}
	if bullet := s[i] == '-' || s[i] == '*' || s[i] == '+'; (bullet && i == digits) || (numbered && (s[i] == '.' || s[i] == ')')) {
		return i + 2
	}
	return 0
}

// isRule reports whether a line is a thematic break such as "---" or "* * *".
func isRule(s string) bool {
	s, ok := unindent(s)
	if !ok || s == "" || !strings.ContainsRune("-*_", rune(s[0])) {
		return false
	}
	return strings.Count(s, s[:1]) >= 3 && strings.Trim(s, s[:1]+" \t") == ""
}
