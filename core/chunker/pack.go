package chunker

import (
	"context"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// packer puts units together into pieces.
type packer struct {
	*builder
	overlap int
	pieces  []core.Piece
}

// span is a piece in the making: units first to end are new, units lead to
// first repeat the piece before.
type span struct {
	lead, first, end int
	top              top // repeated above the rest; empty where none is
}

func (p *packer) pack(ctx context.Context) ([]core.Piece, error) {
	before := 0
	for first := 0; first < len(p.units); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := p.cut(p.begin(before, first))
		text, tokens := p.render(s)
		for tokens > p.limit {
			if !p.shrink(&s) {
				return nil, core.Fail(core.CodeInputTooLong, nil)
			}
			text, tokens = p.render(s)
		}
		p.keep(s, text, tokens)
		before, first = first, s.end
	}
	return p.pieces, nil
}

// begin opens a span at unit first with what it repeats: the header of the
// table it goes on with, or the end of the piece before.
func (p *packer) begin(before, first int) span {
	u := p.units[first]
	s := span{lead: first, first: first, end: first}
	if u.kind == row {
		s.top = p.tops[u.table]
		return s
	}
	sum := 0
	for k := first - 1; u.kind == prose && !u.loose && k > before; k-- {
		o := p.units[k]
		if o.kind != prose || o.section != u.section || sum+o.tokens > p.overlap {
			break
		}
		sum += o.tokens
		if !o.loose {
			s.lead = k
		}
	}
	return s
}

// cut finds the end of a span: as many units as the limit takes, or up to a
// heading that begins a piece of its own, or to a better place before that.
func (p *packer) cut(s span) span {
	sum := p.fresh(&s)
	repeated := sum - p.units[s.first].tokens
	path := trail{sections: p.sections}
	path.add(p.units[s.first])
	for s.end = s.first + 1; s.end < len(p.units); s.end++ {
		u := p.units[s.end]
		if u.kind == heading && path.ends(u, sum-repeated < p.limit/8) {
			return s
		}
		if sum+u.tokens > p.limit {
			s.end = p.better(s)
			return s
		}
		sum += u.tokens
		path.add(u)
	}
	return s
}

// fresh drops what the span repeats as far as its first new unit needs the
// room, and counts what is left, that unit included.
func (p *packer) fresh(s *span) int {
	u := p.units[s.first]
	sum := s.top.tokens
	for k := s.lead; k < s.first; k++ {
		sum += p.units[k].tokens
	}
	for s.lead < s.first && sum+u.tokens > p.limit {
		sum -= p.units[s.lead].tokens
		s.lead++
	}
	if s.lead == s.first && s.top.text == "" {
		return min(u.tokens, p.limit) // alone it fits: add saw to that
	}
	if sum+u.tokens > p.limit {
		s.top, sum = top{}, 0
	}
	return min(sum+u.tokens, p.limit)
}

// better is the best place to cut a full span at: in its later half before a
// heading or table, in its last third between blocks, after its first quarter
// between sentences, else where it is full. What announces something (headings,
// table headers) is not left at the end, unless there is nothing else.
func (p *packer) better(s span) int {
	need := [...]int{inside: p.limit, atCell: p.limit / 4, atSentence: p.limit / 4, atBlock: p.limit * 2 / 3, atTopic: p.limit / 2}
	total := 0
	for k := s.first; k < s.end; k++ {
		total += p.units[k].tokens
	}
	best, rank := s.end, inside
	for k := s.end; k > s.first; k-- {
		if e := p.units[k].edge; e > rank && total >= need[e] && !p.units[k-1].announces() {
			best, rank = k, e
		}
		total -= p.units[k-1].tokens
	}
	for k := best; k > s.first; k-- {
		if !p.units[k-1].announces() {
			return k
		}
	}
	return best
}

// shrink makes a span that came out too large smaller: by its last new unit,
// else by what it repeats. It returns false where there is nothing to give up.
func (p *packer) shrink(s *span) bool {
	switch {
	case s.end > s.first+1:
		s.end--
	case s.lead < s.first:
		s.lead++
	case s.top.text != "":
		s.top = top{}
	default:
		return false
	}
	return true
}

// render is the span's text and its exact count.
func (p *packer) render(s span) (string, int) {
	first, last := p.units[s.lead], p.units[s.end-1]
	text := s.top.text + bare(p.text[first.start:last.end], first.inner)
	if !p.addsUp(s) {
		return text, p.tally.counter.Count(text)
	}
	if s.end-s.lead == 1 {
		return text, s.top.tokens + p.tally.of(p.bare(first))
	}
	tokens := s.top.tokens + first.tokens
	if first.inner {
		tokens += p.tally.of(strings.TrimLeft(p.text[first.start:first.end], " \t")) - first.tokens
	}
	for k := s.lead + 1; k < s.end-1; k++ {
		tokens += p.units[k].tokens
	}
	return text, tokens + p.tally.of(strings.TrimRight(p.text[last.start:last.end], "\n"))
}

// addsUp reports whether the span's count is the sum of its units'.
func (p *packer) addsUp(s span) bool {
	if !p.tally.additive() {
		return false
	}
	for k := s.lead + 1; k < s.end; k++ {
		if p.units[k].loose {
			return false
		}
	}
	return true
}

// keep makes the span a piece.
func (p *packer) keep(s span, text string, tokens int) {
	path := trail{sections: p.sections}
	for k := s.first; k < s.end; k++ {
		path.add(p.units[k])
	}
	p.pieces = append(p.pieces, core.Piece{
		Ordinal:  len(p.pieces),
		Text:     strings.Clone(text),
		Headings: append([]string{}, path.common()...),
		PageFrom: int(p.units[s.lead].from),
		PageTo:   int(p.units[s.end-1].to),
		Tokens:   tokens,
	})
}
