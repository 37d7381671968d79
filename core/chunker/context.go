package chunker

import (
	"strings"
	"unicode"

	"github.com/insurance-navigator/navigator/core"
)

// between parts the document's name and the titles of a context.
const between = " > "

// setting gives pieces their context: the document's name and the section path.
// Two years of one policy are the same words but for a few; which of them a
// passage is of stands on the cover, in the footers and in the titles, and
// seldom in the passage itself.
type setting struct {
	tally    *tally
	room     int // most tokens of a context, its line breaks included
	limit    int // most tokens of a piece
	document string
}

func (s setting) addTo(pieces []core.Piece) {
	for i := range pieces {
		p := &pieces[i]
		context := s.of(p.Headings)
		if context == "" {
			continue
		}
		bare := *p
		p.Context = context
		if p.Tokens = s.count(context) + bare.Tokens; !s.tally.additive() {
			p.Tokens = s.tally.counter.Count(p.Input())
		}
		if p.Tokens > s.limit {
			*p = bare
		}
	}
}

// of is the context of a path, as much of it as there is room for: the whole,
// else the document with the innermost title, else the document alone, else the
// words of that which fit.
func (s setting) of(path []string) string {
	parts := path
	if s.document != "" && (len(path) == 0 || path[0] != s.document) {
		parts = append([]string{s.document}, path...)
	}
	if len(parts) == 0 {
		return ""
	}
	for _, some := range [][]string{parts, {parts[0], parts[len(parts)-1]}, parts[:1]} {
		if text := strings.Join(some, between); s.count(text) <= s.room {
			return text
		}
	}
	words := strings.Fields(parts[0])
	for len(words) > 0 && s.count(strings.Join(words, " ")) > s.room {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// count is the tokens of a context with the line breaks below it.
func (s setting) count(context string) int { return s.tally.of(context + "\n\n") }

// document names the document: by the line that it repeats on its pages, else
// by its first heading. Empty where it has neither.
func (o *outline) document() string {
	if name := o.running(); name != "" {
		return name
	}
	if len(o.sections) > 1 {
		return o.sections[1].path[len(o.sections[1].path)-1]
	}
	return ""
}

// repeated is a line that stands first or last on pages.
type repeated struct {
	words []string // blank where they differ between pages
	pages int
}

// running is the header or footer that more than half of the pages have, without
// what differs from page to page. Pages are compared with their figures masked.
func (o *outline) running() string {
	seen := map[string]*repeated{}
	var order []*repeated
	pages := 0
	for i := range o.lines {
		first := o.lines[i].top
		last := i+1 == len(o.lines) || o.lines[i+1].top
		if first {
			pages++
		}
		if !first && !last || o.lines[i].kind != prose || len(o.lines[i].text) > maxTitle {
			continue
		}
		key := masked(o.lines[i].text)
		if seen[key] == nil {
			seen[key] = &repeated{words: strings.Fields(o.lines[i].text)}
			order = append(order, seen[key])
		}
		seen[key].add(strings.Fields(o.lines[i].text))
	}
	for _, r := range order {
		if r.pages > 1 && r.pages*2 > pages {
			return r.name()
		}
	}
	return ""
}

// masked is a line with each figure, of any length, as one 0.
func masked(text string) string {
	var out strings.Builder
	figure := false
	for _, r := range text {
		digit := unicode.IsDigit(r)
		switch {
		case !digit:
			out.WriteRune(r)
		case !figure:
			out.WriteByte('0')
		}
		figure = digit
	}
	return out.String()
}

// add blanks the words that differ; masked alike, both lines have as many.
func (r *repeated) add(words []string) {
	r.pages++
	for i := range words {
		if r.words[i] != words[i] {
			r.words[i] = ""
		}
	}
}

// name is the line without the page number and its label: "Page 3 of 40".
func (r *repeated) name() string {
	var kept []string
	for i, w := range r.words {
		after := i > 0 && (r.words[i-1] == "" || r.words[i-1] == "of") && !strings.ContainsFunc(w, unicode.IsUpper)
		label := i+1 < len(r.words) && r.words[i+1] == "" && strings.EqualFold(w, "page")
		if w != "" && !after && !label {
			kept = append(kept, w)
		}
	}
	return strings.Trim(strings.Join(kept, " "), " -–—|·•/,")
}
