package corpus

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-pdf/fpdf"
)

// Measures in millimeters and points.
const (
	margin     = 20.0
	lineHeight = 5.2
	rowHeight  = 7.0
	bodyPoints = 10.5
)

// headingPoints is the size of a heading by its level.
var headingPoints = [...]float64{1: 18, 2: 14, 3: 12.5}

var printed = time.Date(2025, 1, 2, 9, 0, 0, 0, time.UTC)

// paper is a PDF in the making. Paragraphs, items and table rows never break
// over a page, so the page of each is known when it is written.
type paper struct {
	truth
	pdf *fpdf.Fpdf
}

// newPaper starts a document with a running footer on each page: what it is,
// the number of its form where it has one, and the page.
func newPaper(kind, name, footer, form string) *paper {
	pdf := fpdf.New("P", "mm", "Letter", "")
	pdf.SetCreationDate(printed)
	pdf.SetModificationDate(printed)
	pdf.SetCatalogSort(true)
	pdf.SetTitle(name, true)
	pdf.SetProducer("Northwind Mutual print service", true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, margin)
	pdf.AliasNbPages("")
	if form != "" {
		footer += " - Form " + form
	}
	pdf.SetFooterFunc(func() {
		pdf.SetY(-14)
		pdf.SetFont("Helvetica", "", 8)
		pdf.CellFormat(0, 5, fmt.Sprintf("%s - Page %d of {nb}", footer, pdf.PageNo()), "", 0, "C", false, 0, "")
	})
	pdf.AddPage()
	p := &paper{pdf: pdf, truth: truth{doc: Document{Kind: kind, Name: name, Type: TypePDF}}}
	p.page = pdf.PageNo
	return p
}

// room starts a new page when less than height is left on this one.
func (p *paper) room(height float64) {
	if !p.fits(height) {
		p.pdf.AddPage()
	}
}

func (p *paper) fits(height float64) bool {
	_, pageHeight := p.pdf.GetPageSize()
	return p.pdf.GetY()+height <= pageHeight-margin
}

// heading writes a section's title; level 1 is the largest. The space after it
// belongs to what follows, so a heading never ends a page.
func (p *paper) heading(level int, text string) {
	points := headingPoints[level]
	p.room(40)
	p.noteHeading(level, text)
	p.pdf.Ln(2)
	p.pdf.SetFont("Helvetica", "B", points)
	p.pdf.MultiCell(0, points*0.5, text, "", "L", false)
	p.pdf.Ln(2)
}

// text writes a paragraph.
func (p *paper) text(paragraph string) {
	height := p.height(paragraph)
	p.room(height)
	p.noteText(paragraph)
	p.pdf.MultiCell(0, lineHeight, paragraph, "", "L", false)
	p.pdf.Ln(2)
}

// height is how much room a paragraph takes; its font is set then.
func (p *paper) height(paragraph string) float64 {
	p.pdf.SetFont("Times", "", bodyPoints)
	width, _ := p.pdf.GetPageSize()
	return float64(len(p.pdf.SplitText(paragraph, width-2*margin)))*lineHeight + 2
}

// items writes a list with letters: (a), (b) and so on.
func (p *paper) items(list ...string) {
	for i, item := range list {
		p.text(fmt.Sprintf("(%c) %s", 'a'+rune(i), item))
	}
}

// table draws rows of one line each under a header that is repeated on every
// page. Widths are shares of the text's width.
func (p *paper) table(widths []float64, header []string, rows [][]string) {
	p.room(4 * rowHeight)
	p.tableHead(widths, header)
	for _, row := range rows {
		if !p.fits(rowHeight) {
			p.pdf.AddPage()
			p.tableHead(widths, header)
		}
		p.row(widths, row, "")
		p.noteRow(row)
	}
	p.pdf.Ln(4)
}

func (p *paper) tableHead(widths []float64, header []string) {
	p.row(widths, header, "B")
	p.noteTable(header)
}

// row draws one line of cells. A cell that does not fit its column is a fault
// of the program: it would run into the next.
func (p *paper) row(widths []float64, cells []string, style string) {
	width, _ := p.pdf.GetPageSize()
	p.pdf.SetFont("Helvetica", style, 9)
	for i, cell := range cells {
		column := widths[i] * (width - 2*margin)
		if p.pdf.GetStringWidth(cell) > column-3 {
			panic(fmt.Sprintf("corpus: %s: cell %q is too wide", p.doc.Name, cell))
		}
		p.pdf.CellFormat(column, rowHeight, cell, "1", 0, "L", false, 0, "")
	}
	p.pdf.Ln(rowHeight)
}

// done renders the file. The input is the program's own, so a fault of the
// library is a fault of the program.
func (p *paper) done() Document {
	var out bytes.Buffer
	p.doc.Pages = p.pdf.PageNo()
	if err := p.pdf.Output(&out); err != nil {
		panic(fmt.Sprintf("corpus: %s: %v", p.doc.Name, err))
	}
	p.doc.Bytes = out.Bytes()
	return p.doc
}
