package pdftext_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
)

// zipped packs parts in the order given: name, content, name, content.
func zipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		part, err := archive.Create(parts[i])
		if err == nil {
			_, err = part.Write([]byte(parts[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// word wraps a body in a Word document's part.
func word(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="urn:w" xmlns:mc="urn:mc"><w:body>` + body + `</w:body></w:document>`
}

func para(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

func styled(style, text string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
}

func listed(list, depth, text string) string {
	return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + depth + `"/><w:numId w:val="` + list + `"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
}

const (
	wordStyles = `<w:styles xmlns:w="urn:w"><w:style w:styleId="Berschrift1"><w:name w:val="heading 1"/></w:style>` +
		`<w:style w:styleId="Own"><w:name w:val="Clause"/><w:basedOn w:val="Two"/></w:style>` +
		`<w:style w:styleId="Two"><w:name w:val="Section"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>` +
		`<w:style w:styleId="Circle"><w:basedOn w:val="Circle"/></w:style></w:styles>`
	wordLists = `<w:numbering xmlns:w="urn:w"><w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>` +
		`<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></w:numbering>`
	wordNotes = `<w:footnotes xmlns:w="urn:w"><w:footnote w:type="separator" w:id="0">` + `<w:p/></w:footnote>` +
		`<w:footnote w:id="2"><w:p><w:r><w:t>After the deductible.</w:t></w:r></w:p></w:footnote></w:footnotes>`
	wordRels = `<Relationships xmlns="urn:r"><Relationship Id="r1" Target="header1.xml"/><Relationship Id="r2" Target="footer1.xml"/></Relationships>`
)

func TestWordDocumentsBecomeMarkdown(t *testing.T) {
	t.Parallel()
	table := `<w:tbl><w:tblPr/><w:tr><w:tc><w:p><w:r><w:t>Service</w:t></w:r></w:p></w:tc><w:tc>` + para("You") + para("pay") + `</w:tc></w:tr>` +
		`<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>` + para("Office | visit") + `</w:tc></w:tr></w:tbl>`
	body := styled("Berschrift1", "Your Plan") +
		`<w:p><w:r><w:t xml:space="preserve">Copay </w:t></w:r><w:del><w:r><w:delText>$30</w:delText></w:r></w:del><w:ins><w:r><w:t>$25</w:t></w:r></w:ins>` +
		`<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>` +
		listed("1", "0", "first") + listed("1", "1", "inner") + listed("1", "0", "second") + table +
		`<w:p><w:r><w:br w:type="page"/></w:r></w:p>` + styled("Own", "Exclusions") + styled("Circle", "None.") +
		`<mc:AlternateContent><mc:Choice>` + para("Box") + `</mc:Choice><mc:Fallback>` + para("Box") + `</mc:Fallback></mc:AlternateContent>`
	data := zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", word(body), "word/styles.xml", wordStyles, "word/numbering.xml", wordLists,
		"word/footnotes.xml", wordNotes, "word/_rels/document.xml.rels", wordRels, "word/header1.xml", word(para("Northwind")), "word/footer1.xml", word(para("Form 7")))
	want := []core.Page{
		{Number: 1, Text: "Northwind\n\n# Your Plan\n\nCopay $25[^f2]\n\n1. first\n  - inner\n2. second\n\n" +
			"| Service | You pay |\n| --- | --- |\n| Office \\| visit |  |\n\n[^f2]: After the deductible."},
		{Number: 2, Text: "## Exclusions\n\nNone.\n\nBox\n\nForm 7"},
	}
	if diff := cmp.Diff(want, mustPages(t, data)); diff != "" {
		t.Error(diff)
	}
	found, err := inspect(t.Context(), data)
	if diff := cmp.Diff(core.Inspection{Type: pdftext.TypeDOCX, Marks: []core.Mark{}}, found); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestHTMLBecomesMarkdown(t *testing.T) {
	t.Parallel()
	page := "<!DOCTYPE html><html><head><meta charset=iso-8859-1><title>t</title><style>p{}</style><script>var x = '<p>no</p>'</script></head>" +
		"<body><h1>Your\nPlan</h1><p>Caf\xe9 &amp; copay<br>$25<p>unclosed<ol><li>first<ul><li>inner</ul><li>second</ol>" +
		"<table><tr><th>Service<th>You <b>pay</b><tr><td><p>Office</p><p>visit</p><td>$25 | day</table><h3>End</h3></body></html>"
	want := []core.Page{{Number: 1, Text: "# Your Plan\n\nCafé & copay\n$25\n\nunclosed\n\n1. first\n  - inner\n2. second\n\n" +
		"| Service | You pay |\n| --- | --- |\n| Office visit | $25 \\| day |\n\n### End"}}
	if diff := cmp.Diff(want, mustPages(t, []byte(page))); diff != "" {
		t.Error(diff)
	}
}

func utf16Bytes(text string, big bool) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if big {
			out = append(out, byte(unit>>8), byte(unit))
		} else {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return out
}

func TestPlainTextInAnyEncoding(t *testing.T) {
	t.Parallel()
	text := "Prämie: 25 €\fSelbstbehalt: 500 Euro"
	want := []core.Page{{Number: 1, Text: "Prämie: 25 €"}, {Number: 2, Text: "Selbstbehalt: 500 Euro"}}
	for name, data := range map[string][]byte{
		"UTF-8":                []byte(text),
		"UTF-8 marked":         []byte("\uFEFF" + text),
		"UTF-16 little marked": append([]byte{0xff, 0xfe}, utf16Bytes(text, false)...),
		"UTF-16 big marked":    append([]byte{0xfe, 0xff}, utf16Bytes(text, true)...),
		"UTF-16 little":        utf16Bytes(text, false),
		"UTF-16 big":           utf16Bytes(text, true),
		"Windows-1252":         []byte("Pr\xe4mie: 25 \x80\fSelbstbehalt: 500 Euro"),
	} {
		if diff := cmp.Diff(want, mustPages(t, data)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFormatsWithoutPagesAreCutToPages(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("benefit ", 100_000/8)
	var long strings.Builder
	for i := range 400 {
		fmt.Fprintf(&long, "<p>Paragraph %d of the policy.</p>", i)
	}
	for name, data := range map[string][]byte{"one line of 100 kB": []byte(line), "no blank at all": []byte(strings.Repeat("ä", 50_000)),
		"HTML": []byte("<html><body>" + long.String()), "DOCX": zipped(t, "word/document.xml", word(strings.Repeat(para("word word"), 2000)))} {
		pages := mustPages(t, data)
		if len(pages) < 3 {
			t.Errorf("%s: %d pages", name, len(pages))
		}
		for i, page := range pages {
			if page.Number != i+1 || page.Text == "" || len(page.Text) > 8000 {
				t.Errorf("%s: page %d has number %d and %d bytes", name, i+1, page.Number, len(page.Text))
			}
		}
	}
	if got, want := len(strings.Fields(join(mustPages(t, []byte(line))))), 100_000/8; got != want {
		t.Errorf("%d words of the long line, want %d", got, want)
	}
}

func join(pages []core.Page) string {
	var out strings.Builder
	for _, page := range pages {
		out.WriteString(page.Text + "\n")
	}
	return out.String()
}
