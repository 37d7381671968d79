package chunker

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
)

// maxIndent is the deepest indentation kept. A deeper one is an artifact of a
// parser and could be larger than a piece.
const maxIndent = 64

// kind is what a line is part of.
type kind uint8

const (
	prose   kind = iota // paragraphs, lists, quotes
	heading             // ATX, or setext with its underline
	header              // a table's header row with its delimiter row
	row                 // any other row of a table
	code                // a line of a fenced block, fences included
)

// line is one non-blank line of a page, without blanks at its end.
type line struct {
	text  string
	at    int   // offset in the text all lines make together
	page  int32 // 1-based
	gap   uint8 // line breaks before it: 0 for the first line, 2 after a blank line, else 1
	top   bool  // the first of its page
	first bool  // begins a block
	item  bool  // begins a list item within a block
	kind  kind

	section int32 // index into outline.sections
	table   int32 // index into outline.tables; 0 is none
}

// readLines gives the non-blank lines of the readable pages in order of page
// number.
func readLines(pages []core.Page) ([]line, error) {
	byNumber := func(a, b core.Page) int { return a.Number - b.Number }
	if !slices.IsSortedFunc(pages, byNumber) {
		pages = slices.Clone(pages)
		slices.SortStableFunc(pages, byNumber)
	}
	size := 0
	for _, p := range pages {
		if p.Number < 1 {
			return nil, core.Fail(core.CodeInternal, errors.New("chunker: page number below 1"))
		}
		size += len(p.Text)
	}
	lines := make([]line, 0, size/64+1)
	for _, p := range pages {
		if p.Failed == "" {
			lines = appendLines(lines, clean(p.Text), int32(p.Number)) //nolint:gosec // pages are counted in thousands
		}
	}
	if len(lines) > 0 {
		lines[0].gap = 0
	}
	return lines, nil
}

// appendLines adds one page. Its first line is kept apart by a blank line:
// whether a paragraph or a table goes on over the break is told later.
func appendLines(lines []line, text string, page int32) []line {
	gap, top := uint8(2), true
	for text != "" {
		var s string
		s, text, _ = strings.Cut(text, "\n")
		if s = trimLine(s); s == "" {
			gap = 2
			continue
		}
		lines = append(lines, line{text: s, page: page, gap: gap, top: top})
		gap, top = 1, false
	}
	return lines
}

// clean makes line breaks LF, and what PostgreSQL's text cannot hold (NUL,
// bytes that are not UTF-8) U+FFFD, as CommonMark does.
func clean(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, string(utf8.RuneError))
	}
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", string(utf8.RuneError))
	}
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	return text
}

// trimLine strips the blanks at a line's end (the tokenizer miscounts them) and
// an indentation that is absurd.
func trimLine(s string) string {
	if s == "" {
		return s
	}
	if last := s[len(s)-1]; last <= ' ' || last >= utf8.RuneSelf {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	}
	if len(s) > maxIndent && isBlank(s[0]) {
		if rest := strings.TrimLeft(s, " \t"); len(s)-len(rest) > maxIndent {
			return rest
		}
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
