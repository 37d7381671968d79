package corpus_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

func TestTheSameBytesEveryTime(t *testing.T) {
	t.Parallel()
	first, second := corpus.All(), corpus.All()
	for i := range first {
		if !bytes.Equal(first[i].Bytes, second[i].Bytes) {
			t.Errorf("%s differs between two runs", first[i].Name)
		}
	}
	if bytes.Equal(corpus.Filler(2, 1).Bytes, corpus.Filler(2, 2).Bytes) {
		t.Error("two seeds give one filler")
	}
}

func TestQuestionsPointIntoTheirDocument(t *testing.T) {
	t.Parallel()
	questions, names := 0, map[string]bool{}
	for _, doc := range corpus.All() {
		if names[doc.Name] {
			t.Errorf("two documents are called %s", doc.Name)
		}
		names[doc.Name] = true
		for _, q := range doc.Questions {
			questions++
			if q.Ask == "" || q.Answer == "" || q.Page < 1 || q.Page > doc.Pages {
				t.Errorf("%s: %+v", doc.Name, q)
			}
		}
	}
	if questions < 40 {
		t.Errorf("%d questions, want at least 40", questions)
	}
}

func TestFillerHasItsPages(t *testing.T) {
	t.Parallel()
	for _, pages := range []int{1, 7} {
		if doc := corpus.Filler(pages, 9); doc.Pages != pages {
			t.Errorf("Filler(%d) has %d pages", pages, doc.Pages)
		}
	}
}

// The truth is one: what answers a question stands in a block of its page, and
// blocks, tables and headings tell the same.
func TestTheTruthAgreesWithItself(t *testing.T) {
	t.Parallel()
	for _, doc := range corpus.All() {
		if !doc.Readable() {
			continue
		}
		text := map[int]string{}
		rows := 0
		for _, b := range doc.Blocks {
			if b.Page < 1 || b.Page > doc.Pages || (b.Row == nil) != (b.Header == nil) || (b.Row == nil) == (b.Text == "") {
				t.Errorf("%s: %+v", doc.Name, b)
			}
			if b.Row != nil {
				rows++
			}
			text[b.Page] += b.Markdown() + "\n"
		}
		for _, table := range doc.Tables {
			rows -= len(table.Rows)
		}
		if rows != 0 {
			t.Errorf("%s: %d rows more in blocks than in tables", doc.Name, rows)
		}
		for _, q := range doc.Questions {
			if !strings.Contains(text[q.Page], q.Answer) {
				t.Errorf("%s: no block of page %d says %q", doc.Name, q.Page, q.Answer)
			}
		}
	}
}

func TestTheTwoYearsDifferInTheirTermsAlone(t *testing.T) {
	t.Parallel()
	now, before := corpus.Policy(), corpus.PolicyLastYear()
	if len(now.Blocks) != len(before.Blocks) {
		t.Fatalf("%d blocks and %d", len(now.Blocks), len(before.Blocks))
	}
	differ := 0
	for i := range now.Blocks {
		if now.Blocks[i].Markdown() != before.Blocks[i].Markdown() {
			differ++
		}
	}
	if differ < 15 || differ > len(now.Blocks)/5 {
		t.Errorf("%d of %d blocks differ", differ, len(now.Blocks))
	}
}

func TestDistractorsHaveTheirPagesAndNoTwoAreOne(t *testing.T) {
	t.Parallel()
	pages, seen := 0, map[string]bool{}
	for _, doc := range corpus.Distractors(100) {
		pages += doc.Pages
		if seen[doc.Name] || doc.Kind != corpus.KindFiller || len(doc.Questions) != 0 {
			t.Errorf("%s: kind %s, %d questions", doc.Name, doc.Kind, len(doc.Questions))
		}
		seen[doc.Name] = true
	}
	if pages != 100 {
		t.Errorf("%d pages, want 100", pages)
	}
}
