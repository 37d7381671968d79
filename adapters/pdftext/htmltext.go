package pdftext

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"github.com/insurance-navigator/navigator/core"
)

// maxToken bounds one tag or one stretch of text of an HTML file, in bytes.
// Pictures written into their tags are the longest that occur.
const maxToken = 16 << 20

// htmlFlow reads HTML token by token. No tree is built, so that neither depth
// nor unclosed elements cost memory: a block's tag ends the block before.
func htmlFlow(ctx context.Context, r io.Reader) (*flow, error) {
	utf8, err := charset.NewReader(r, "")
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	tokens := html.NewTokenizer(utf8)
	tokens.SetMaxBuf(maxToken)
	page := htmlPage{}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("read the document: %w", ctx.Err())
		}
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		if !page.token(kind, tokens.Token()) {
			return &page.flow, nil
		}
	}
	page.end()
	page.endTable()
	if err := tokens.Err(); !errors.Is(err, io.EOF) {
		return nil, core.Fail(core.CodeFileBroken, err)
	}
	return &page.flow, nil
}

// htmlPage is an HTML file in the making.
type htmlPage struct {
	flow  flow
	text  strings.Builder // of the block at hand
	level int             // of the heading at hand
	items []int           // of the lists around: the next number, or -1 for bullets
	item  string          // the mark of the item at hand
	rows  [][]string
	cell  bool
	deep  int // tables within tables
	drop  string
	pre   bool // line ends count
	full  bool
}

// unseen elements hold no text that a reader sees.
var unseen = map[string]bool{
	"script": true, "style": true, "title": true, "noscript": true, "template": true, "svg": true, "iframe": true, "textarea": true,
}

// blocks are elements that begin and end a block of text.
var blocks = map[string]bool{
	"address": true, "article": true, "aside": true, "blockquote": true, "body": true, "caption": true, "dd": true, "div": true,
	"dl": true, "dt": true, "fieldset": true, "figcaption": true, "figure": true, "footer": true, "form": true, "header": true,
	"hr": true, "html": true, "main": true, "nav": true, "p": true, "pre": true, "section": true,
}

// token takes the next token and reports whether there is room for more.
func (p *htmlPage) token(kind html.TokenType, t html.Token) bool {
	switch {
	case p.drop != "":
		if kind == html.EndTagToken && t.Data == p.drop || t.Data == "body" && kind == html.StartTagToken {
			p.drop = ""
		}
	case kind == html.TextToken:
		if !p.pre {
			t.Data = strings.NewReplacer("\n", " ", "\r", " ").Replace(t.Data)
		}
		p.text.WriteString(t.Data)
	case kind == html.StartTagToken && unseen[t.Data]:
		p.drop = t.Data
	case kind == html.StartTagToken || kind == html.SelfClosingTagToken:
		p.open(t.Data)
	case kind == html.EndTagToken:
		p.close(t.Data)
	}
	return !p.full && p.text.Len() <= maxFlow
}

func (p *htmlPage) open(name string) {
	switch {
	case name == "br":
		p.text.WriteString("\n")
	case name == "li":
		p.end()
		p.item = p.mark()
	case name == "ul" || name == "ol":
		p.end()
		p.items = append(p.items[:min(len(p.items), maxLists)], map[string]int{"ul": -1, "ol": 1}[name])
	case name == "table":
		p.openTable()
	case name == "tr" && p.deep == 1:
		p.endCell()
		p.rows = append(p.rows, nil)
	case (name == "td" || name == "th") && p.deep == 1:
		p.endCell()
		p.cell = true
	case heading(name) > 0:
		p.end()
		p.level = heading(name)
	case blocks[name]:
		p.end()
		p.pre = p.pre || name == "pre"
	}
}

func (p *htmlPage) close(name string) {
	switch {
	case name == "table":
		p.closeTable()
	case name == "ul" || name == "ol":
		p.end()
		p.items = p.items[:max(len(p.items)-1, 0)]
	case (name == "td" || name == "th" || name == "tr") && p.deep == 1:
		p.endCell()
	case name == "li" || heading(name) > 0 || blocks[name]:
		p.end()
		p.pre = p.pre && name != "pre"
	}
}

// maxLists bounds how deep lists are told apart.
const maxLists = 8

// mark is what stands before the next item of the innermost list.
func (p *htmlPage) mark() string {
	depth := len(p.items)
	if depth == 0 {
		return "- "
	}
	indent := strings.Repeat("  ", depth-1)
	number := p.items[depth-1]
	if number < 0 {
		return indent + "- "
	}
	p.items[depth-1]++
	return indent + strconv.Itoa(number) + ". "
}

// heading is the level of h1 to h6, and 0 of any other element.
func heading(name string) int {
	if len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' {
		return int(name[1] - '0')
	}
	return 0
}

// end ends the block at hand. Within a cell blocks are parted by a blank.
func (p *htmlPage) end() {
	if p.cell {
		p.text.WriteString(" ")
		return
	}
	if p.deep > 0 {
		p.text.Reset() // between rows
	}
	text := foldLines(p.text.String())
	p.text.Reset()
	if text != "" {
		if p.level > 0 {
			text = strings.Repeat("#", p.level) + " " + strings.ReplaceAll(text, "\n", " ")
		}
		p.full = !p.flow.add(p.item+text, p.item != "") || p.full
		p.item = ""
	}
	p.level = 0
}

func (p *htmlPage) openTable() {
	p.end()
	p.deep++
}

func (p *htmlPage) closeTable() {
	if p.deep == 1 {
		p.endTable()
	}
	p.deep = max(p.deep-1, 0)
}

func (p *htmlPage) endTable() {
	p.endCell()
	p.full = !p.flow.table(p.rows) || p.full
	p.rows = nil
	p.text.Reset()
}

func (p *htmlPage) endCell() {
	if p.cell {
		if len(p.rows) == 0 {
			p.rows = append(p.rows, nil)
		}
		last := len(p.rows) - 1
		p.rows[last] = append(p.rows[last], strings.Join(strings.Fields(p.text.String()), " "))
	}
	p.cell = false
	p.text.Reset()
}

// foldLines folds blanks within each line and drops empty lines.
func foldLines(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
