package corpus

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// word is a Word document in the making, of the fewest parts that make one:
// styles for headings, a numbering for lists, and the body.
type word struct {
	truth
	body  strings.Builder
	pages int
}

func newWord(kind, name string) *word {
	w := &word{pages: 1, truth: truth{doc: Document{Kind: kind, Name: name, Type: TypeDOCX}}}
	w.page = func() int { return w.pages }
	return w
}

// breakPage ends the page at hand.
func (w *word) breakPage() {
	w.pages++
	w.body.WriteString(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
}

func (w *word) heading(level int, text string) {
	w.noteHeading(level, text)
	w.paragraph(fmt.Sprintf(`<w:pPr><w:pStyle w:val="Heading%d"/></w:pPr>`, level), text)
}

func (w *word) text(paragraph string) {
	w.noteText(paragraph)
	w.paragraph("", paragraph)
}

// items writes a list with bullets.
func (w *word) items(list ...string) {
	for _, item := range list {
		w.noteText(item)
		w.paragraph(`<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>`, item)
	}
}

func (w *word) paragraph(properties, text string) {
	w.body.WriteString("<w:p>" + properties + `<w:r><w:t xml:space="preserve">` + escaped(text) + "</w:t></w:r></w:p>")
}

// table writes rows under a header that Word repeats on each page.
func (w *word) table(header []string, rows [][]string) {
	w.noteTable(header)
	w.body.WriteString("<w:tbl><w:tblPr/><w:tblGrid/>")
	w.row(header, "<w:trPr><w:tblHeader/></w:trPr>")
	for _, row := range rows {
		w.row(row, "")
		w.noteRow(row)
	}
	w.body.WriteString("</w:tbl>")
}

func (w *word) row(cells []string, properties string) {
	w.body.WriteString("<w:tr>" + properties)
	for _, cell := range cells {
		w.body.WriteString("<w:tc>")
		w.paragraph("", cell)
		w.body.WriteString("</w:tc>")
	}
	w.body.WriteString("</w:tr>")
}

func escaped(text string) string {
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		panic("corpus: " + err.Error())
	}
	return out.String()
}

// done packs the file. The archive's times are fixed, so that its bytes are.
func (w *word) done() Document {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, part := range w.parts() {
		file, err := archive.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: printed})
		if err == nil {
			_, err = io.WriteString(file, xml.Header+part.text)
		}
		if err != nil {
			panic(fmt.Sprintf("corpus: %s: %v", w.doc.Name, err))
		}
	}
	if err := archive.Close(); err != nil {
		panic(fmt.Sprintf("corpus: %s: %v", w.doc.Name, err))
	}
	w.doc.Pages, w.doc.Bytes = w.pages, out.Bytes()
	return w.doc
}

const (
	officeTypes = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	officeRels  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageRels = "http://schemas.openxmlformats.org/package/2006/relationships"
	wordSpace   = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
)

type part struct{ name, text string }

func (w *word) parts() []part {
	types := `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>`
	related := ""
	for i, kind := range []string{"styles", "numbering"} {
		types += fmt.Sprintf(`<Override PartName="/word/%s.xml" ContentType="%s%s+xml"/>`, kind, officeTypes, kind)
		related += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/%s" Target="%s.xml"/>`, i+1, officeRels, kind, kind)
	}
	types += `<Override PartName="/word/document.xml" ContentType="` + officeTypes + `document.main+xml"/></Types>`
	root := `<Relationship Id="rId1" Type="` + officeRels + `/officeDocument" Target="word/document.xml"/>`
	return []part{
		{"[Content_Types].xml", types},
		{"_rels/.rels", `<Relationships xmlns="` + packageRels + `">` + root + `</Relationships>`},
		{"word/_rels/document.xml.rels", `<Relationships xmlns="` + packageRels + `">` + related + `</Relationships>`},
		{"word/styles.xml", wordStyles()},
		{"word/numbering.xml", wordNumbering},
		{"word/document.xml", "<w:document " + wordSpace + "><w:body>" + w.body.String() +
			`<w:sectPr><w:pgSz w:w="12240" w:h="15840"/></w:sectPr></w:body></w:document>`},
	}
}

func wordStyles() string {
	styles := `<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>`
	for level := 1; level <= 3; level++ {
		styles += fmt.Sprintf(`<w:style w:type="paragraph" w:styleId="Heading%d"><w:name w:val="heading %d"/><w:basedOn w:val="Normal"/>`+
			`<w:pPr><w:keepNext/><w:outlineLvl w:val="%d"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>`, level, level, level-1)
	}
	return "<w:styles " + wordSpace + ">" + styles + "</w:styles>"
}

const wordNumbering = "<w:numbering " + wordSpace + `><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>` +
	`<w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`
