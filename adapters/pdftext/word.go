package pdftext

import (
	"errors"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
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

// accents are signs that old TeX fonts print under the letter that follows,
// and the marks they stand for.
var accents = map[rune]rune{'\u00b4': '\u0301', '\u02c6': '\u0302', '\u00a8': '\u0308', '\u02dc': '\u0303', '\u02c7': '\u030c', '\u00b8': '\u0327', '\u02d8': '\u0306', '\u02dd': '\u030b', '\u02da': '\u030a'}

// spell writes a word as its readers would type it.
func spell(text string) string {
	text = ligatures.Replace(text)
	if !strings.ContainsFunc(text, func(r rune) bool { return accents[r] != 0 }) {
		return text
	}
	runes := []rune(text)
	for i := 0; i+1 < len(runes); i++ {
		if mark := accents[runes[i]]; mark != 0 && unicode.IsLetter(runes[i+1]) {
			letter := runes[i+1]
			if letter == 'ı' {
				letter = 'i'
			}
			runes[i], runes[i+1] = letter, mark
		}
	}
	return norm.NFC.String(string(runes))
}

// wordBuilder collects characters in the file's order.
type wordBuilder struct {
	shape   shape
	words   []word
	text    strings.Builder
	current word
	spaced  bool
	broken  bool // a hyphen at a line's end came last
	next    bool // the rest of the word stands on the next line
}

// hyphenMark is what PDFium puts in place of a hyphen that parts a word at a
// line's end; the rest of the word follows without a gap.
const hyphenMark = 0xfffe

// gap ends the word at hand.
func (b *wordBuilder) gap(r rune) {
	if b.text.Len() > 0 {
		b.current.text = spell(b.text.String())
		b.words = append(b.words, b.current)
		b.text.Reset()
	}
	b.broken, b.next = false, false
	b.spaced = r != '\n' && r != '\r'
}

// starts reports whether the next character begins a word.
func (b *wordBuilder) starts() bool { return b.text.Len() == 0 }

// add takes the next character; tilted is looked at where it begins a word.
func (b *wordBuilder) add(r rune, box glyphBox, tilted bool) {
	if r == hyphenMark {
		b.broken = b.text.Len() > 0
	}
	if dropped(r) {
		return
	}
	x0, y0 := b.shape.upright(box.left, box.top)
	x1, y1 := b.shape.upright(box.right, box.bottom)
	_, base := b.shape.upright(box.originX, box.originY)
	if b.text.Len() > 0 && b.jumps(base, min(x0, x1)) {
		b.gap(' ')
	}
	switch {
	case b.text.Len() == 0:
		b.current = word{x0: min(x0, x1), x1: max(x0, x1), y0: min(y0, y1), y1: max(y0, y1), base: base, space: b.spaced, tilted: tilted}
	case b.broken && math.Abs(base-b.current.base) > 0.5*b.current.size():
		b.next = true
	case !b.next:
		b.current.x0, b.current.x1 = min(b.current.x0, x0, x1), max(b.current.x1, x0, x1)
		b.current.y0, b.current.y1 = min(b.current.y0, y0, y1), max(b.current.y1, y0, y1)
	}
	b.broken = false
	b.text.WriteRune(r)
}

// jumps reports whether a character lies so far to the right that it belongs
// to another word, though the file has no gap there.
func (b *wordBuilder) jumps(base, x0 float64) bool {
	height := b.current.size()
	return math.Abs(base-b.current.base) < 0.2*height && x0-b.current.x1 > height
}
