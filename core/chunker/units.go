package chunker

import (
	"context"
	"strings"
)

// edge is how good a place the beginning of a unit is to cut at.
type edge uint8

const (
	inside     edge = iota // within a sentence, row or word too large for a piece
	atCell                 // before a cell of such a row
	atSentence             // before a sentence, a list item, a row, a line of code
	atBlock                // before a paragraph, a list, a fence
	atTopic                // before a heading or a table
)

// unit is what is never cut: a sentence, a row, a heading, a line of code, or a
// fragment of one that is too large for a piece. The units are the whole text
// in order; each holds the blanks before it and the line breaks after it,
// because that is where counts add up.
type unit struct {
	start, end int // in the text
	tokens     int
	from, to   int32 // pages
	section    int32
	table      int32 // 0 is none
	kind       kind
	edge       edge
	inner      bool // begins within a line
	loose      bool // begins where counts need not add up
}

// announces reports whether the unit says what comes next and nothing else.
func (u unit) announces() bool { return u.kind == heading || u.kind == header }

// top is a table's header, to be repeated.
type top struct {
	text   string // with the line break at its end
	tokens int
}

// builder makes the units of an outline.
type builder struct {
	*outline
	tally *tally
	limit int

	text  string
	units []unit
	tops  []top // by table; a header that leaves no room for rows is not kept
	line  int   // the line the next unit begins in
}

func (b *builder) build(ctx context.Context) error {
	b.join()
	b.tops = make([]top, b.tables+1)
	b.units = make([]unit, 0, len(b.text)/64+1)
	for i := 0; i < len(b.lines); {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := b.blockEnd(i)
		if err := b.block(i, end); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// join writes all lines into one text.
func (b *builder) join() {
	size := 0
	for i := range b.lines {
		size += len(b.lines[i].text) + int(b.lines[i].gap)
	}
	var text strings.Builder
	text.Grow(size)
	for i := range b.lines {
		l := &b.lines[i]
		text.WriteString("\n\n"[:l.gap])
		l.at = text.Len()
		text.WriteString(l.text)
	}
	b.text = text.String()
}

// blockEnd is the line after the block that begins at line i: a header and each
// row are blocks of their own here.
func (b *builder) blockEnd(i int) int {
	k := i + 1
	for k < len(b.lines) && !b.lines[k].first && b.lines[k].kind == b.lines[i].kind && b.lines[i].kind != row {
		k++
	}
	return k
}

// at is where line i begins in the text; beyond the last line, where it ends.
func (b *builder) at(i int) int {
	if i < len(b.lines) {
		return b.lines[i].at
	}
	return len(b.text)
}

// block makes the units of lines i to end.
func (b *builder) block(i, end int) error {
	l := b.lines[i]
	u := unit{start: l.at, end: b.at(end), section: l.section, table: l.table, kind: l.kind, edge: atSentence}
	switch {
	case l.kind == heading || l.kind == header:
		u.edge = atTopic
	case l.first:
		u.edge = atBlock
	}
	switch l.kind {
	case prose:
		return b.sentences(u, i, end)
	case code:
		return b.eachLine(u, i, end)
	}
	if err := b.add(u); err != nil {
		return err
	}
	if l.kind == header {
		b.keepTop(b.units[len(b.units)-1])
	}
	return nil
}

// eachLine makes each line a unit.
func (b *builder) eachLine(u unit, i, end int) error {
	for k := i; k < end; k++ {
		u.start, u.end = b.at(k), b.at(k+1)
		if err := b.add(u); err != nil {
			return err
		}
		u.edge = atSentence
	}
	return nil
}

// sentences makes each sentence of a block of prose a unit; a list item begins
// one too.
func (b *builder) sentences(u unit, i, end int) error {
	last := u.end
	for k := i; k < end; k++ {
		text := b.lines[k].text
		from := itemMark(text)
		if b.lines[k].item && b.at(k) > u.start {
			if err := b.split(&u, b.at(k), false); err != nil {
				return err
			}
		}
		for {
			stop, loose := sentenceEnd(text, from)
			if stop < 0 {
				break
			}
			cut := b.at(k) + stop
			if stop == len(text) {
				cut = min(b.at(k+1), last)
			}
			if cut >= last {
				break
			}
			if err := b.split(&u, cut, loose); err != nil {
				return err
			}
			u.inner = stop < len(text)
			from = stop
		}
	}
	u.end = last
	return b.add(u)
}

// split ends the unit at cut and begins the next there.
func (b *builder) split(u *unit, cut int, loose bool) error {
	u.end = cut
	if err := b.add(*u); err != nil {
		return err
	}
	u.start, u.edge, u.inner, u.loose = cut, atSentence, false, loose
	return nil
}

// add counts a unit and keeps it, in fragments if it is too large.
func (b *builder) add(u unit) error {
	u.tokens = b.tally.of(b.text[u.start:u.end])
	if !b.tooLarge(u) {
		b.put(u)
		return nil
	}
	return b.fragments(u)
}

// tooLarge reports whether a piece cannot hold the unit: a row together with
// its header where that is kept. Stripping the blanks of a unit that begins a
// piece can change the count of its first word, so a large one is asked twice.
func (b *builder) tooLarge(u unit) bool {
	limit := b.room(u)
	return u.tokens > limit || (u.tokens > limit/2 && b.tally.of(b.bare(u)) > limit)
}

// room is how many tokens a piece has for the unit.
func (b *builder) room(u unit) int {
	if u.kind == row {
		return b.limit - b.tops[u.table].tokens
	}
	return b.limit
}

// bare is the unit's text as it stands alone.
func (b *builder) bare(u unit) string { return bare(b.text[u.start:u.end], u.inner) }

func bare(s string, inner bool) string {
	if inner {
		s = strings.TrimLeft(s, " \t")
	}
	return strings.TrimRight(s, "\n")
}

// put keeps a unit and tells its pages.
func (b *builder) put(u unit) {
	for b.at(b.line+1) <= u.start {
		b.line++
	}
	k := b.line
	u.from = b.lines[k].page
	for k+1 < len(b.lines) && b.at(k+1) < u.end {
		k++
	}
	u.to = b.lines[k].page
	b.units = append(b.units, u)
}

// keepTop keeps a table's header for repeating, unless it would take more than
// half of a piece or was itself too large for one.
func (b *builder) keepTop(u unit) {
	text := b.text[u.start:u.end]
	if u.edge == atTopic && u.tokens <= b.limit/2 && strings.HasSuffix(text, "\n") {
		text = strings.TrimRight(text, "\n") + "\n"
		b.tops[u.table] = top{text: text, tokens: b.tally.of(text)}
	}
}
