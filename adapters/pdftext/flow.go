package pdftext

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
)

// flowPage is how many bytes of markdown a page of a format without pages
// holds: about a printed one, so that a citation's page number still says
// where to look.
const flowPage = 4000

// maxFlow bounds the text of such a document, in bytes.
const maxFlow = 32 << 20

// flow lays blocks of text out to pages. A document with page breaks of its
// own has those pages; any other is cut between blocks, and within one only
// where that alone is longer than a page.
type flow struct {
	blocks []flowBlock
	size   int
}

// flowBlock is a paragraph, a heading, an item or a table. The page it begins
// counts the breaks before it.
type flowBlock struct {
	text string
	page int
	list bool // no empty line between two of them
}

// add appends a block to the page at hand. It reports whether there is room.
func (f *flow) add(text string, list bool) bool {
	text = strings.Trim(text, "\n")
	if strings.TrimSpace(text) == "" {
		return true
	}
	f.size += len(text)
	f.blocks = append(f.blocks, flowBlock{text: text, page: f.page(), list: list})
	return f.size <= maxFlow
}

// page is the number of breaks so far.
func (f *flow) page() int {
	if n := len(f.blocks); n > 0 {
		return f.blocks[n-1].page
	}
	return 0
}

// breakPage begins a page. Breaks without text between them make one page
// only: where a blank page was meant cannot be told from a doubled mark.
func (f *flow) breakPage() {
	if n := len(f.blocks); n > 0 && f.blocks[n-1].text != "" {
		f.blocks = append(f.blocks, flowBlock{page: f.page() + 1})
	}
}

// table adds rows as a table, the first being its header.
func (f *flow) table(rows [][]string) bool {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	if width == 0 {
		return true
	}
	for i := range rows {
		rows[i] = append(rows[i], make([]string, width-len(rows[i]))...)
	}
	var out strings.Builder
	writeTable(&out, rows)
	return f.add(out.String(), false)
}

// pages gives what was laid out; limit bounds their number.
func (f *flow) pages(limit int) ([]core.Page, error) {
	if f.size > maxFlow {
		return nil, core.Fail(core.CodeFileTooLarge, nil)
	}
	texts := f.own()
	if f.page() == 0 {
		texts = f.even()
	}
	if len(texts) > limit {
		return nil, core.Fail(core.CodeFileTooManyPages, nil)
	}
	pages := make([]core.Page, len(texts))
	for i, text := range texts {
		pages[i] = core.Page{Number: i + 1, Text: text}
		if utf8.RuneCountInString(text) > maxPageText {
			pages[i] = core.Page{Number: i + 1, Failed: string(core.CodePageCut)}
		}
	}
	return pages, nil
}

// own gives the pages that the document's breaks make; a break at the very end
// makes none.
func (f *flow) own() []string {
	var texts []string
	for from := 0; from < len(f.blocks); {
		to := from
		for to < len(f.blocks) && f.blocks[to].page == f.blocks[from].page {
			to++
		}
		texts = append(texts, joinBlocks(f.blocks[from:to]))
		from = to
	}
	if last := len(texts) - 1; last > 0 && texts[last] == "" {
		texts = texts[:last]
	}
	return texts
}

// even gives pages of about the same length.
func (f *flow) even() []string {
	var texts []string
	from, size := 0, 0
	for i, block := range f.blocks {
		if size > 0 && size+len(block.text) > flowPage {
			texts, from, size = append(texts, joinBlocks(f.blocks[from:i])), i, 0
		}
		size += len(block.text)
		if size > flowPage {
			texts, from, size = append(texts, cutText(block.text, flowPage)...), i+1, 0
		}
	}
	if from < len(f.blocks) {
		texts = append(texts, joinBlocks(f.blocks[from:]))
	}
	return atLeastOne(texts)
}

// atLeastOne keeps a document without text a document of one blank page.
func atLeastOne(texts []string) []string {
	if len(texts) == 0 {
		return []string{""}
	}
	return texts
}

func joinBlocks(blocks []flowBlock) string {
	var out strings.Builder
	for i, block := range blocks {
		switch {
		case block.text == "" || out.Len() == 0:
		case block.list && blocks[i-1].list:
			out.WriteString("\n")
		default:
			out.WriteString("\n\n")
		}
		out.WriteString(block.text)
	}
	return out.String()
}

// cutText cuts text into pieces of at most size bytes: after the last line
// end, else after the last blank, else between two characters.
func cutText(text string, size int) []string {
	var parts []string
	for len(text) > size {
		cut := max(strings.LastIndexByte(text[:size], '\n'), 0)
		if cut == 0 {
			cut = max(strings.LastIndexByte(text[:size], ' '), 0)
		}
		if cut == 0 {
			for cut = size; !utf8.RuneStart(text[cut]); cut-- {
			}
		}
		parts = append(parts, strings.TrimSpace(text[:cut]))
		text = text[cut:]
	}
	parts = append(parts, strings.TrimSpace(text))
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}
