package pdftext

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// docxText is a part of a Word document in the making.
type docxText struct {
	flow    flow
	counts  map[numberRef]int // the last number given
	pending []string          // notes that the page at hand refers to
	inTable int
	full    bool
}

// readNotes keeps footnotes and endnotes as text.
func (d *docx) readNotes() error {
	for _, kind := range []string{"footnote", "endnote"} {
		err := d.walk("word/"+kind+"s.xml", func(w *xmlWalk) error {
			return w.children(func(xml.StartElement) error {
				return w.children(func(e xml.StartElement) error {
					text, err := d.plain(w)
					if attr(e, "type") == "" || attr(e, "type") == "normal" {
						d.notes[kind+attr(e, "id")] = text
					}
					return err
				}, nil)
			}, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// plain reads the blocks of the element at hand as one line of text.
func (d *docx) plain(w *xmlWalk) (string, error) {
	outer := d.body
	d.body = docxText{}
	err := d.blocks(w)
	text := strings.Join(strings.Fields(joinBlocks(d.body.flow.blocks)), " ")
	d.body = outer
	return text, err
}

// readBody reads header, body and footer. What stands in the margins of every
// page is written once: repeated, it would drown what the pages say.
func (d *docx) readBody() error {
	if d.parts[docxBody] == nil {
		return fmt.Errorf("no %s", docxBody)
	}
	headers, footers, err := d.margins()
	if err != nil {
		return err
	}
	d.body.flow.add(strings.Join(headers, "\n"), false)
	if err := d.walk(docxBody, d.blocks); err != nil {
		return err
	}
	d.flushNotes()
	d.body.flow.add(strings.Join(footers, "\n"), false)
	return nil
}

// margins reads the headers and footers that the document names.
func (d *docx) margins() (headers, footers []string, err error) {
	parts, err := d.related()
	seen := map[string]bool{"": true}
	for n := 1; err == nil && n <= len(parts); n++ {
		for _, kind := range []string{"header", "footer"} {
			name := "word/" + kind + strconv.Itoa(n) + ".xml"
			var text string
			err = d.walk(name, func(w *xmlWalk) (err error) { text, err = d.plain(w); return err })
			if seen[kind+text] || text == "" {
				continue
			}
			seen[kind+text] = true
			if kind == "header" {
				headers = append(headers, text)
			} else {
				footers = append(footers, text)
			}
		}
	}
	return headers, footers, err
}

// passed are elements whose content is no text of the document: deleted and
// moved text, field codes, and the second form of what stands there already.
var passed = map[string]bool{"del": true, "moveFrom": true, "Fallback": true, "sectPr": true, "instrText": true, "delText": true}

// blocks reads paragraphs and tables wherever they stand in the element.
func (d *docx) blocks(w *xmlWalk) error {
	return w.children(func(e xml.StartElement) error {
		switch {
		case d.body.full || passed[e.Name.Local]:
			return w.skip()
		case e.Name.Local == "p":
			return d.paragraph(w)
		case e.Name.Local == "tbl" && d.body.inTable == 0:
			return d.table(w)
		}
		return d.blocks(w)
	}, nil)
}

// paragraph is a line of text, a heading or an item of a list.
func (d *docx) paragraph(w *xmlWalk) error {
	p := paragraph{docx: d}
	if err := p.inside(w); err != nil {
		return err
	}
	p.end()
	return nil
}

// paragraph is one in the making.
type paragraph struct {
	*docx
	look paragraphStyle
	text strings.Builder
}

func (p *paragraph) inside(w *xmlWalk) error {
	return w.children(func(e xml.StartElement) error { return p.element(w, e) }, nil)
}

func (p *paragraph) element(w *xmlWalk, e xml.StartElement) error {
	switch name := e.Name.Local; name {
	case "pPr":
		look, err := readParagraphStyle(w)
		p.look = p.resolve(look)
		if look.breaks {
			p.breakPage()
		}
		return err
	case "r":
		return p.run(w)
	case "p": // a text box within the paragraph
		return p.paragraph(w)
	}
	if passed[e.Name.Local] {
		return w.skip()
	}
	return p.inside(w)
}

// run reads a stretch of characters of one look.
func (p *paragraph) run(w *xmlWalk) error {
	hidden := false
	return w.children(func(e xml.StartElement) error {
		name := e.Name.Local
		switch {
		case name == "rPr":
			return w.children(func(look xml.StartElement) error {
				hidden = hidden || look.Name.Local == "vanish" && on(look)
				return w.skip()
			}, nil)
		case hidden || passed[name]:
			return w.skip()
		case name == "t":
			text, err := w.text()
			p.text.WriteString(text)
			return err
		case name == "br" && attr(e, "type") == "page" || name == "lastRenderedPageBreak":
			p.breakWithin()
		case name == "footnoteReference" || name == "endnoteReference":
			p.refer(strings.TrimSuffix(name, "Reference"), attr(e, "id"))
		case signs[name] != "":
			p.text.WriteString(signs[name])
		default:
			return p.inside(w)
		}
		return w.skip()
	}, nil)
}

// signs are characters that Word writes as elements.
var signs = map[string]string{"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}

// breakWithin ends the page in the middle of a paragraph. What Word notes of
// its own breaks between pages (lastRenderedPageBreak) counts as well: those
// are the pages that a person sees.
func (p *paragraph) breakWithin() {
	if p.body.inTable > 0 {
		return
	}
	p.end()
	p.breakPage()
}

func (p *paragraph) refer(kind, id string) {
	note, ok := p.notes[kind+id]
	if !ok || note == "" {
		return
	}
	mark := "[^" + kind[:1] + id + "]"
	p.text.WriteString(mark)
	p.body.pending = append(p.body.pending, mark+": "+note)
}

// end hands the text so far to the flow.
func (p *paragraph) end() {
	text := foldLines(p.text.String())
	p.text.Reset()
	if text == "" {
		return
	}
	item := ""
	switch {
	case p.look.outline > 0:
		text = strings.Repeat("#", min(p.look.outline, 6)) + " " + strings.ReplaceAll(text, "\n", " ")
	case p.look.number.list != "" && p.look.number.list != "0":
		item = p.mark(p.look.number)
	}
	p.body.full = !p.body.flow.add(item+text, item != "") || p.body.full
	p.look = paragraphStyle{}
}

// mark is what stands before the next item of a list.
func (d *docx) mark(ref numberRef) string {
	indent := strings.Repeat("  ", ref.depth)
	format := d.numbers[ref.list][ref.depth]
	if format == "" || format == "bullet" || format == "none" {
		return indent + "- "
	}
	if d.body.counts == nil {
		d.body.counts = map[numberRef]int{}
	}
	d.body.counts[ref]++
	for deeper := ref.depth + 1; deeper <= maxLists; deeper++ {
		delete(d.body.counts, numberRef{ref.list, deeper})
	}
	return indent + strconv.Itoa(d.body.counts[ref]) + ". "
}

func (d *docx) breakPage() {
	if d.body.inTable == 0 {
		d.flushNotes()
		d.body.flow.breakPage()
	}
}

// flushNotes writes the notes below the page that refers to them.
func (d *docx) flushNotes() {
	for _, note := range d.body.pending {
		d.body.flow.add(note, true)
	}
	d.body.pending = nil
}

// table reads rows of cells; tables within cells become text of the cell.
func (d *docx) table(w *xmlWalk) error {
	d.body.inTable++
	defer func() { d.body.inTable-- }()
	var rows [][]string
	var visit func(e xml.StartElement) error
	visit = func(e xml.StartElement) error {
		switch e.Name.Local {
		case "tr":
			rows = append(rows, nil)
		case "tc":
			if len(rows) == 0 {
				rows = append(rows, nil)
			}
			cells, err := d.cell(w)
			rows[len(rows)-1] = append(rows[len(rows)-1], cells...)
			return err
		case "tblPr", "tblGrid", "trPr":
			return w.skip()
		}
		return w.children(visit, nil)
	}
	if err := w.children(visit, nil); err != nil {
		return err
	}
	d.body.full = !d.body.flow.table(rows) || d.body.full
	return nil
}

// cell reads one, and gives empty ones after it for the columns it spans.
func (d *docx) cell(w *xmlWalk) ([]string, error) {
	outer := d.body.flow
	d.body.flow = flow{}
	span := 1
	err := w.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "tcPr":
			return w.children(func(look xml.StartElement) error {
				if n, err := strconv.Atoi(attr(look, "val")); look.Name.Local == "gridSpan" && err == nil {
					span = min(max(n, 1), maxSpan)
				}
				return w.skip()
			}, nil)
		case "p":
			return d.paragraph(w)
		}
		return d.blocks(w)
	}, nil)
	cells := make([]string, span)
	cells[0] = strings.Join(strings.Fields(joinBlocks(d.body.flow.blocks)), " ")
	outer.size += d.body.flow.size
	d.body.flow = outer
	return cells, err
}

// maxSpan bounds what one cell may claim.
const maxSpan = 64
