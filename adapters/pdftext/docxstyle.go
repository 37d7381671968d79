package pdftext

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// docxStyle is what a paragraph style says about structure.
type docxStyle struct {
	name    string
	based   string
	outline int // the heading's level from 1, 0 for none
	number  numberRef
}

// numberRef is a paragraph's place in a list: the list and how deep.
type numberRef struct {
	list  string
	depth int
}

// numbering is a list's format by depth: "bullet", "decimal" and others.
type numbering map[int]string

func (d *docx) readStyles() error {
	d.styles = map[string]docxStyle{}
	return d.walk("word/styles.xml", func(w *xmlWalk) error {
		return w.children(func(root xml.StartElement) error {
			return w.children(func(e xml.StartElement) error {
				if e.Name.Local != "style" {
					return w.skip()
				}
				style, err := readStyle(w)
				d.styles[attr(e, "styleId")] = style
				return err
			}, nil)
		}, nil)
	})
}

func readStyle(w *xmlWalk) (docxStyle, error) {
	style := docxStyle{}
	err := w.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "name":
			style.name = attr(e, "val")
		case "basedOn":
			style.based = attr(e, "val")
		case "pPr":
			p, err := readParagraphStyle(w)
			style.outline, style.number = p.outline, p.number
			return err
		}
		return w.skip()
	}, nil)
	return style, err
}

// paragraphStyle is what a paragraph says of itself.
type paragraphStyle struct {
	style   string
	outline int
	number  numberRef
	breaks  bool
}

func readParagraphStyle(w *xmlWalk) (p paragraphStyle, err error) {
	err = w.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "pStyle":
			p.style = attr(e, "val")
		case "outlineLvl":
			if level, err := strconv.Atoi(attr(e, "val")); err == nil && level < 9 {
				p.outline = level + 1
			}
		case "pageBreakBefore":
			p.breaks = on(e)
		case "numPr":
			return readNumberRef(w, &p.number)
		}
		return w.skip()
	}, nil)
	return p, err
}

func readNumberRef(w *xmlWalk, ref *numberRef) error {
	return w.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numId":
			ref.list = attr(e, "val")
		case "ilvl":
			if depth, err := strconv.Atoi(attr(e, "val")); err == nil {
				ref.depth = min(max(depth, 0), maxLists)
			}
		}
		return w.skip()
	}, nil)
}

// maxBased bounds the chain of styles based on others, which may be a circle.
const maxBased = 10

// resolve fills what a paragraph leaves to its style: a heading by outline
// level or by one of Word's own names, and a list.
func (d *docx) resolve(p paragraphStyle) paragraphStyle {
	for id, n := p.style, 0; id != "" && n < maxBased; n++ {
		style := d.styles[id]
		if p.outline == 0 {
			p.outline = max(style.outline, namedLevel(style.name))
		}
		if p.number.list == "" {
			p.number = style.number
		}
		id = style.based
	}
	return p
}

// namedLevel is the level of a built-in style's name: they are the same in
// every language of Word.
func namedLevel(name string) int {
	name = strings.ToLower(name)
	if name == "title" {
		return 1
	}
	level, err := strconv.Atoi(strings.TrimPrefix(name, "heading "))
	if err != nil || level < 1 || level > 9 {
		return 0
	}
	return level
}

// readNumbering reads the lists: each refers to a format.
func (d *docx) readNumbering() error {
	d.numbers = map[string]numbering{}
	formats := map[string]numbering{}
	return d.walk("word/numbering.xml", func(w *xmlWalk) error {
		return w.children(func(xml.StartElement) error {
			return w.children(func(e xml.StartElement) error {
				switch e.Name.Local {
				case "abstractNum":
					format := numbering{}
					formats[attr(e, "abstractNumId")] = format
					return readFormat(w, format)
				case "num":
					id := attr(e, "numId")
					return w.children(func(of xml.StartElement) error {
						if of.Name.Local == "abstractNumId" {
							d.numbers[id] = formats[attr(of, "val")]
						}
						return w.skip()
					}, nil)
				}
				return w.skip()
			}, nil)
		}, nil)
	})
}

func readFormat(w *xmlWalk, format numbering) error {
	return w.children(func(level xml.StartElement) error {
		depth, err := strconv.Atoi(attr(level, "ilvl"))
		if level.Name.Local != "lvl" || err != nil {
			return w.skip()
		}
		return w.children(func(e xml.StartElement) error {
			if e.Name.Local == "numFmt" {
				format[depth] = attr(e, "val")
			}
			return w.skip()
		}, nil)
	}, nil)
}
