package pdftext

import (
	"errors"
	"math"
	"strings"
	"unicode"
)

// errPage says that PDFium cannot load one page of an open document.
var errPage = errors.New("the page cannot be loaded")

// word is a run of characters without a gap, in what the reader sees: origin
// top left, points.
type word struct {
	text   string
	x0, x1 float64
	y0, y1 float64 // top and bottom of the font's box
	base   float64 // the baseline
	tilted bool    // it does not run from left to right
	space  bool    // a gap of the same line stood before it in the file's order
}

// size is the height of the font's box: comparable within a page.
func (w word) size() float64 { return w.y1 - w.y0 }

// isGap reports whether PDFium's character separates words.
func isGap(r rune) bool { return r == 0 || unicode.IsSpace(r) }

// dropped are characters that stand for no ink: PDFium's mark for a hyphen at
// a line's end (U+FFFE), soft marks of other producers, byte order marks.
func dropped(r rune) bool {
	return r == 0xfffe || r == 0xffff || r == 0xfeff || r == 0x200b ||
		(unicode.IsControl(r) && !unicode.IsSpace(r)) || !validRune(r)
}

func validRune(r rune) bool { return r >= 0 && r <= unicode.MaxRune && (r < 0xd800 || r > 0xdfff) }

// ligatures are spelled out, as readers search for letters.
var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st")

// wordBuilder collects characters in the file's order.
type wordBuilder struct {
	shape   shape
	words   []word
	text    strings.Builder
	current word
	lastX   float64
	spaced  bool
}

// gap ends the word at hand.
func (b *wordBuilder) gap(r rune) {
	if b.text.Len() > 0 {
		b.current.text = ligatures.Replace(b.text.String())
		b.words = append(b.words, b.current)
		b.text.Reset()
	}
	b.spaced = r != '\n' && r != '\r'
}

func (b *wordBuilder) add(r rune, box glyphBox) {
	if dropped(r) {
		return
	}
	x0, y0 := b.shape.upright(box.left, box.top)
	x1, y1 := b.shape.upright(box.right, box.bottom)
	originX, base := b.shape.upright(box.originX, box.originY)
	if b.text.Len() > 0 && b.jumps(base, min(x0, x1)) {
		b.gap(' ')
	}
	if b.text.Len() == 0 {
		b.current = word{x0: min(x0, x1), x1: max(x0, x1), y0: min(y0, y1), y1: max(y0, y1), base: base, space: b.spaced}
		b.lastX = originX
	} else {
		b.current.tilted = b.current.tilted || math.Abs(base-b.current.base) > 0.2*b.current.size() && b.current.size() > 0
		b.current.x0, b.current.x1 = min(b.current.x0, x0, x1), max(b.current.x1, x0, x1)
		b.current.y0, b.current.y1 = min(b.current.y0, y0, y1), max(b.current.y1, y0, y1)
	}
	b.text.WriteRune(r)
}

// jumps reports whether a character lies so far to the right that it belongs
// to another word, though the file has no gap there.
func (b *wordBuilder) jumps(base, x0 float64) bool {
	height := b.current.size()
	return math.Abs(base-b.current.base) < 0.2*height && x0-b.current.x1 > height
}
