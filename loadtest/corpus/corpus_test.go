package corpus_test

import (
	"bytes"
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
