package chunker

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// section is what stands between one heading and the next.
type section struct {
	level int      // of its heading; 0 before the first one
	path  []string // titles, outermost first, its own last
}

// outline is the lines with what each is part of.
type outline struct {
	lines    []line
	sections []section // 0 is the text before the first heading
	tables   int       // tables seen; they are numbered from 1
	open     []int     // the sections that hold the current one, outermost first

	unclosed map[byte]hole // by the fence's character
}

// hole is what is known of fences that nothing closes: up to line end there is
// no closing fence of length or more. It keeps a page full of them linear.
type hole struct{ end, length int }

// readOutline tells what each line is: one pass, looking one line ahead.
func readOutline(lines []line) *outline {
	o := &outline{lines: lines, sections: make([]section, 1)}
	for i := 0; i < len(lines); {
		i = o.block(i)
	}
	return o
}

// block reads the block that begins at line i and returns where the next does.
func (o *outline) block(i int) int {
	text := o.lines[i].text
	if mark := openingFence(text); mark != "" {
		return o.fence(i, mark)
	}
	if level, title := atx(text); level > 0 {
		return o.heading(i, 1, level, title)
	}
	if o.tableAt(i) {
		return o.table(i)
	}
	if level := o.setextAt(i); level > 0 {
		return o.heading(i, 2, level, text)
	}
	return o.prose(i)
}

func (o *outline) mark(i int, k kind, table int) {
	l := &o.lines[i]
	l.kind, l.table = k, int32(table)      //nolint:gosec // bounded by the number of lines
	l.section = int32(len(o.sections) - 1) //nolint:gosec // bounded by the number of lines
}

// heading opens a section with the n lines from i on.
func (o *outline) heading(i, n, level int, title string) int {
	for len(o.open) > 0 && o.sections[o.open[len(o.open)-1]].level >= level {
		o.open = o.open[:len(o.open)-1]
	}
	o.open = append(o.open, len(o.sections))
	o.sections = append(o.sections, section{level: level})
	path := make([]string, 0, len(o.open))
	for _, s := range o.open[:len(o.open)-1] {
		path = append(path, o.sections[s].path[len(o.sections[s].path)-1])
	}
	path = append(path, plainTitle(title))
	o.sections[len(o.sections)-1].path = path
	o.lines[i].first = true
	for k := i; k < i+n; k++ {
		o.mark(k, heading, 0)
	}
	return i + n
}

// fence reads fenced code. A fence that its own page does not close is code of
// one line: parsers write each page for itself, and taken at its word it would
// turn all that follows, headings included, into code.
func (o *outline) fence(i int, mark string) int {
	end := max(o.fenceEnd(i, mark), i+1)
	o.lines[i].first = true
	for k := i; k < end; k++ {
		o.mark(k, code, 0)
	}
	return end
}

// fenceEnd is the line after the one that closes the fence at i, 0 if there is
// none on the page.
func (o *outline) fenceEnd(i int, mark string) int {
	known := o.unclosed[mark[0]]
	if i < known.end && len(mark) >= known.length {
		return 0
	}
	k := i + 1
	for ; k < len(o.lines) && !o.lines[k].top; k++ {
		if closesFence(o.lines[k].text, mark) {
			return k + 1
		}
	}
	if o.unclosed == nil {
		o.unclosed = make(map[byte]hole)
	}
	o.unclosed[mark[0]] = hole{end: k, length: len(mark)}
	return 0
}

// table reads a pipe table. It goes on over a page break if the next page
// begins with a row of as many cells that is not a table's header itself.
func (o *outline) table(i int) int {
	o.tables++
	o.lines[i].first = true
	o.mark(i, header, o.tables)
	o.mark(i+1, header, o.tables)
	want := cells(o.lines[i].text)
	k := i + 2
	for ; k < len(o.lines); k++ {
		l := &o.lines[k]
		if !strings.Contains(l.text, "|") || openingFence(l.text) != "" {
			break
		}
		if l.gap != 1 && (!l.top || cells(l.text) != want || o.tableAt(k)) {
			break
		}
		if level, _ := atx(l.text); level > 0 {
			break
		}
		l.gap = 1
		o.mark(k, row, o.tables)
	}
	return k
}

// prose reads a paragraph, list or quote up to a blank line or another block.
// It goes on over a page break where a sentence does.
func (o *outline) prose(i int) int {
	o.lines[i].first = true
	o.mark(i, prose, 0)
	k := i + 1
	for ; k < len(o.lines); k++ {
		l := &o.lines[k]
		if l.gap != 1 && !(l.top && runsOn(o.lines[k-1].text, l.text)) {
			break
		}
		if level, _ := atx(l.text); level > 0 || openingFence(l.text) != "" || o.tableAt(k) {
			break
		}
		l.gap = 1
		l.item = isItem(l.text)
		o.mark(k, prose, 0)
	}
	return k
}

// tableAt reports whether a table begins at line i: a row with a delimiter row
// right below.
func (o *outline) tableAt(i int) bool {
	return o.below(i) && isDelimiterRow(o.lines[i+1].text) && strings.Contains(o.lines[i].text, "|")
}

// setextAt is the level of the heading that line i and its underline make, 0
// if they make none. Only a block's first line is asked: a longer paragraph
// over a rule is text, and its author meant a rule.
func (o *outline) setextAt(i int) int {
	if !o.below(i) || isItem(o.lines[i].text) || strings.HasPrefix(strings.TrimLeft(o.lines[i].text, " "), ">") {
		return 0
	}
	switch under, ok := unindent(o.lines[i+1].text); {
	case !ok || isRule(o.lines[i].text):
		return 0
	case strings.Trim(under, "=") == "":
		return 1
	case strings.Trim(under, "-") == "":
		return 2
	}
	return 0
}

// below reports whether line i+1 stands right under line i.
func (o *outline) below(i int) bool {
	return i+1 < len(o.lines) && o.lines[i+1].gap == 1 && !o.lines[i+1].top
}

// runsOn reports whether a sentence goes on from a page's last line to the next
// page's first: the one does not end it, the other begins in lower case.
func runsOn(last, next string) bool {
	end, _ := utf8.DecodeLastRuneInString(last)
	begin, _ := utf8.DecodeRuneInString(next)
	return !strings.ContainsRune(".!?:;|\"”…。！？", end) && unicode.IsLower(begin)
}
