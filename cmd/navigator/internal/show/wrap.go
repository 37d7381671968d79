package show

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wrap breaks a clean line at spaces so that no piece is wider than width,
// unless a single word is.
func wrap(line string, width int) []string {
	var pieces []string
	var piece strings.Builder
	columns := 0
	for _, word := range strings.Fields(line) {
		n := utf8.RuneCountInString(word)
		if columns > 0 && columns+1+n > width {
			pieces = append(pieces, piece.String())
			piece.Reset()
			columns = 0
		}
		if columns > 0 {
			piece.WriteByte(' ')
			columns++
		}
		piece.WriteString(word)
		columns += n
	}
	return append(pieces, piece.String())
}

// paragraphs wraps a markdown text. Lines of running text are joined first; a
// table's rows stay whole, for broken ones could not be read.
func paragraphs(text string, width int) []string {
	var lines []string
	var running []string
	flush := func() {
		if len(running) > 0 {
			lines = append(lines, wrap(strings.Join(running, " "), width)...)
		}
		running = nil
	}
	for _, line := range cleanText(text) {
		switch {
		case line == "" || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#"):
			flush()
			lines = append(lines, line)
			continue
		case item.MatchString(line):
			flush()
		}
		running = append(running, line)
	}
	flush()
	return lines
}

// item is how an entry of a list begins.
var item = regexp.MustCompile(`^([-*+>]|[0-9]+[.)]) `)

// fillers are words of a question that say nothing about its answer.
var fillers = strings.Fields("a an and are at be by can do does for from how i if in is it me my of on or our the this to was we what when where which who why will with you your")

// matchWords is the words of a query worth showing in what was found.
func matchWords(query string) []string {
	var words []string
	for _, word := range strings.FieldsFunc(strings.ToLower(query), notWord) {
		if !slices.Contains(fillers, word) {
			words = append(words, word)
		}
	}
	return words
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// highlight paints the words of a clean line that a query asked for. Longer
// words also match with an ending behind them.
func (s *Screen) highlight(line string, words []string) string {
	if !s.Color || len(words) == 0 {
		return line
	}
	var out strings.Builder
	for len(line) > 0 {
		end := strings.IndexFunc(line, notWord)
		if end < 0 {
			end = len(line)
		}
		if end > 0 && matches(strings.ToLower(line[:end]), words) {
			out.WriteString(s.paint(match, line[:end]))
		} else {
			out.WriteString(line[:end])
		}
		line = line[end:]
		if r, n := utf8.DecodeRuneInString(line); n > 0 && notWord(r) {
			out.WriteString(line[:n])
			line = line[n:]
		}
	}
	return out.String()
}

func matches(word string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return word == w || (len(w) >= 4 && strings.HasPrefix(word, w))
	})
}
