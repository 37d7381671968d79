package corpus

import (
	"slices"
	"strings"
)

// truth is what a document in the making is known to say, and where.
type truth struct {
	doc    Document
	named  string     // what questions call the document where others of its kind may stand
	page   func() int // the page at hand
	path   []string
	levels []int
}

// ask notes a question that the page at hand answers.
func (t *truth) ask(question, answer string) {
	t.question(question, t.page(), answer)
}

func (t *truth) question(ask string, page int, answer string) {
	if t.named != "" {
		ask += " (" + t.named + ")"
	}
	t.doc.Questions = append(t.doc.Questions, Question{Ask: ask, Page: page, Answer: answer})
}

// askRow notes a question that the newest table row of that first cell answers.
func (t *truth) askRow(question, label string) {
	for _, table := range slices.Backward(t.doc.Tables) {
		for _, row := range table.Rows {
			if row[0] == label {
				t.question(question, table.Page, joinRow(row))
				return
			}
		}
	}
	panic("corpus: no row " + label)
}

// joinRow is a row as an answer.
func joinRow(cells []string) string { return strings.Join(cells, " | ") }

func (t *truth) noteHeading(level int, text string) {
	for len(t.levels) > 0 && t.levels[len(t.levels)-1] >= level {
		t.levels, t.path = t.levels[:len(t.levels)-1], t.path[:len(t.path)-1]
	}
	t.levels, t.path = append(t.levels, level), append(slices.Clone(t.path), text)
	t.doc.Headings = append(t.doc.Headings, Heading{Page: t.page(), Level: level, Text: text})
}

func (t *truth) noteText(text string) {
	t.doc.Blocks = append(t.doc.Blocks, Block{Page: t.page(), Path: t.path, Text: text})
}

func (t *truth) noteTable(header []string) {
	t.doc.Tables = append(t.doc.Tables, Table{Page: t.page(), Header: header})
}

// noteRow adds a row to the table noted last.
func (t *truth) noteRow(cells []string) {
	table := &t.doc.Tables[len(t.doc.Tables)-1]
	table.Rows = append(table.Rows, cells)
	t.doc.Blocks = append(t.doc.Blocks, Block{Page: t.page(), Path: t.path, Header: table.Header, Row: cells})
}
