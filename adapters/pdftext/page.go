package pdftext

import (
	"math"
	"time"
	"unicode/utf16"
)

// pageText is what a page holds: its words, or else what it shows.
type pageText struct {
	words []word
	shape shape
	drawn drawn // looked at where there are no words
	cut   bool  // there is more text than is read
}

// directions parts the words that run from left to right from all others.
func (p pageText) directions() (upright, tilted []word) {
	for _, w := range p.words {
		if w.tilted {
			tilted = append(tilted, w)
		} else {
			upright = append(upright, w)
		}
	}
	return upright, tilted
}

// shape is the page's size in points and its turn in quarters, clockwise.
type shape struct {
	width, height float64
	turn          int
}

// upright maps a point of the page's own space (origin bottom left, not
// turned) to what a reader sees: origin top left.
func (s shape) upright(x, y float64) (float64, float64) {
	switch s.turn {
	case 1:
		return y, x
	case 2:
		return s.width - x, y
	case 3:
		return s.width - y, s.height - x
	}
	return x, s.height - y
}

// pageTime bounds the reading of one page; the densest real ones take a
// twentieth of a second.
const pageTime = 10 * time.Second

// readPage reads page index (from 0). One that takes too long traps, so that
// the other pages can still be read.
func (d *document) readPage(index int) (pageText, error) {
	alarm := time.AfterFunc(pageTime, func() { d.memory.stop() })
	defer alarm.Stop()
	page, err := d.call("FPDF_LoadPage", d.handle, uint64(index))
	if err != nil {
		return pageText{}, err
	}
	if page == 0 {
		return pageText{}, errPage
	}
	out, err := d.pageText(page)
	if err != nil {
		return pageText{}, err
	}
	_, err = d.call("FPDF_ClosePage", page)
	return out, err
}

func (d *document) pageText(page uint64) (out pageText, err error) {
	if out.shape, err = d.shape(page); err != nil {
		return out, err
	}
	text, err := d.call("FPDFText_LoadPage", page)
	if err != nil {
		return out, err
	}
	if text == 0 {
		return out, errPage
	}
	if out.words, out.cut, err = d.words(text, out.shape); err != nil {
		return out, err
	}
	if _, err = d.call("FPDFText_ClosePage", text); err != nil {
		return out, err
	}
	if len(out.words) == 0 {
		out.drawn, err = d.drawn(page, out.shape)
	}
	return out, err
}

// shape asks PDFium for the page's size as it is shown and for its rotation.
func (d *document) shape(page uint64) (shape, error) {
	turn, err := d.number("FPDFPage_GetRotation", page)
	if err != nil {
		return shape{}, err
	}
	width, err := d.call("FPDF_GetPageWidthF", page)
	if err != nil {
		return shape{}, err
	}
	height, err := d.call("FPDF_GetPageHeightF", page)
	size := func(bits uint64) float64 { return float64(math.Float32frombits(uint32(bits))) }
	return shape{size(width), size(height), turn & 3}, err
}

// words reads the page's characters and joins them to words. PDFium marks the
// gaps it sees with spaces and line ends of its own.
func (d *document) words(text uint64, s shape) ([]word, bool, error) {
	count, err := d.number("FPDFText_CountChars", text)
	if err != nil || count <= 0 {
		return nil, false, err
	}
	cut := count > maxPageText
	count = min(count, maxPageText)
	runes, err := d.runes(text, count)
	if err != nil {
		return nil, cut, err
	}
	builder, box := wordBuilder{shape: s}, glyphBox{level: s.turn == 0}
	for i, r := range runes {
		if isGap(r) {
			builder.gap(r)
			continue
		}
		if err := d.glyph(text, i, &box); err != nil {
			return nil, cut, err
		}
		tilted := false
		if builder.starts() {
			if tilted, err = d.tilted(text, i, s); err != nil {
				return nil, cut, err
			}
		}
		builder.add(r, box, tilted)
	}
	builder.gap('\n')
	return builder.words, cut, nil
}

// runes gives one rune a character index. One call reads them all, unless the
// page hides characters or holds some beyond the basic plane.
func (d *document) runes(text uint64, count int) ([]rune, error) {
	room, err := d.alloc(2 * (count + 1))
	if err != nil {
		return nil, err
	}
	got, err := d.number("FPDFText_GetText", text, 0, uint64(count), uint64(room))
	if err != nil {
		return nil, err
	}
	units := d.utf16(room, max(got-1, 0))
	if _, err := d.call("free", uint64(room)); err != nil {
		return nil, err
	}
	runes := make([]rune, count)
	plain := len(units) == count
	for i := range runes {
		if plain && !utf16.IsSurrogate(rune(units[i])) {
			runes[i] = rune(units[i])
			continue
		}
		value, err := d.number("FPDFText_GetUnicode", text, uint64(i))
		if err != nil {
			return nil, err
		}
		runes[i] = rune(value)
	}
	return runes, nil
}

// glyphBox is where a character stands in the page's own space.
type glyphBox struct {
	left, bottom, right, top float64 // the font's box, not the ink
	originX, originY         float64
	level                    bool // the page is not turned: boxes have the height of the font
}

// glyph fills box for the character at index. A character whose font box is as
// high and deep as the one before stands on the same baseline, which saves
// asking for it.
func (d *document) glyph(text uint64, index int, box *glyphBox) error {
	at := d.scratch
	if _, err := d.call("FPDFText_GetLooseCharBox", text, uint64(index), uint64(at)); err != nil {
		return err
	}
	top, bottom := d.float32(at+4), d.float32(at+12)
	same := index > 0 && top > bottom && top == box.top && bottom == box.bottom && box.originY >= bottom && box.originY <= top
	box.left, box.top, box.right, box.bottom = d.float32(at), top, d.float32(at+8), bottom
	if same && box.level {
		box.originX = box.left
		return nil
	}
	x, y := at+16, at+24
	if _, err := d.call("FPDFText_GetCharOrigin", text, uint64(index), uint64(x), uint64(y)); err != nil {
		return err
	}
	box.originX, box.originY = d.float64(x), d.float64(y)
	return nil
}

// tilted reports whether a character does not stand upright on the page as it
// is shown.
func (d *document) tilted(text uint64, index int, s shape) (bool, error) {
	bits, err := d.call("FPDFText_GetCharAngle", text, uint64(index))
	angle := float64(math.Float32frombits(uint32(bits))) + float64(s.turn)*math.Pi/2
	return err == nil && math.Abs(math.Sin(angle)) > maxSlope || math.Cos(angle) < 0, err
}

// maxSlope is how far a line may rise on its length and still be upright: 3
// degrees, as crooked scans have.
const maxSlope = 0.05
