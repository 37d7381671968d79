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

var printed = time.Date(2025, 1, 2, 9, 0, 0, 0, time.UTC)

// paper is a document in the making. Paragraphs and table rows never break
// over a page, so the page of each is known when it is written.
type paper struct {
	pdf *fpdf.Fpdf
	doc Document
}

// newPaper starts a document with a running footer on each page.
func newPaper(kind, name, footer string) *paper {
	pdf := fpdf.New("P", "mm", "Letter", "")
	pdf.SetCreationDate(printed)
	pdf.SetModificationDate(printed)
	pdf.SetCatalogSort(true)
	pdf.SetTitle(name, true)
	pdf.SetProducer("Northwind Mutual print service", true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, margin)
	pdf.SetFooterFunc(func() {
		pdf.SetY(-14)
		pdf.SetFont("Helvetica", "", 8)
		pdf.CellFormat(0, 5, fmt.Sprintf("%s - Page %d", footer, pdf.PageNo()), "", 0, "C", false, 0, "")
	})
	pdf.AddPage()
	return &paper{pdf: pdf, doc: Document{Kind: kind, Name: name}}
}

// ask notes a question that the page at hand answers.
func (p *paper) ask(question, answer string) {
	p.doc.Questions = append(p.doc.Questions, Question{Ask: question, Page: p.pdf.PageNo(), Answer: answer})
}

// room starts a new page when less than height is left on this one.
func (p *paper) room(height float64) {
	_, pageHeight := p.pdf.GetPageSize()
	if p.pdf.GetY()+height > pageHeight-margin {
		p.pdf.AddPage()
	}
}

// heading writes a section's title; level 1 is the larger. The space after it
// belongs to what follows, so a heading never ends a page.
func (p *paper) heading(level int, text string) {
	points := 18.0
	if level > 1 {
		points = 14
	}
	p.room(40)
	p.doc.Headings = append(p.doc.Headings, Heading{Page: p.pdf.PageNo(), Level: level, Text: text})
	p.pdf.Ln(2)
	p.pdf.SetFont("Helvetica", "B", points)
	p.pdf.MultiCell(0, points*0.5, text, "", "L", false)
	p.pdf.Ln(2)
}

// text writes a paragraph.
func (p *paper) text(paragraph string) {
	p.pdf.SetFont("Times", "", bodyPoints)
	width, _ := p.pdf.GetPageSize()
	lines := p.pdf.SplitText(paragraph, width-2*margin)
	p.room(float64(len(lines))*lineHeight + 2)
	p.pdf.MultiCell(0, lineHeight, paragraph, "", "L", false)
	p.pdf.Ln(2)
}

// table draws rows of one line each under a header that is repeated on every
// page. Widths are shares of the text's width.
func (p *paper) table(widths []float64, header []string, rows [][]string) {
	p.room(4 * rowHeight)
	p.tableHead(widths, header)
	for _, row := range rows {
		before := p.pdf.PageNo()
		p.room(rowHeight)
		if p.pdf.PageNo() != before {
			p.tableHead(widths, header)
		}
		p.row(widths, row, "")
		last := &p.doc.Tables[len(p.doc.Tables)-1]
		last.Rows = append(last.Rows, row)
	}
	p.pdf.Ln(4)
}

func (p *paper) tableHead(widths []float64, header []string) {
	p.row(widths, header, "B")
	p.doc.Tables = append(p.doc.Tables, Table{Page: p.pdf.PageNo(), Header: header})
}

func (p *paper) row(widths []float64, cells []string, style string) {
	width, _ := p.pdf.GetPageSize()
	p.pdf.SetFont("Helvetica", style, 9)
	for i, cell := range cells {
		p.pdf.CellFormat(widths[i]*(width-2*margin), rowHeight, cell, "1", 0, "L", false, 0, "")
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
