package pdftext_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/injection"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

func eachReadable(t *testing.T, check func(*testing.T, corpus.Document)) {
	t.Parallel()
	for _, doc := range corpus.All() {
		if doc.Readable() {
			t.Run(doc.Name, func(t *testing.T) {
				t.Parallel()
				check(t, doc)
			})
		}
	}
}

func TestEveryAnswerStandsOnItsPage(t *testing.T) {
	eachReadable(t, func(t *testing.T, doc corpus.Document) {
		pages := mustPages(t, doc.Bytes)
		for i, page := range pages {
			if page.Number != i+1 || page.Failed != "" {
				t.Errorf("page %d: number %d, failed %q", i+1, page.Number, page.Failed)
			}
		}
		if len(pages) != doc.Pages {
			t.Fatalf("%d pages, want %d", len(pages), doc.Pages)
		}
		for _, q := range doc.Questions {
			if !strings.Contains(fold(pages[q.Page-1].Text), fold(q.Answer)) {
				t.Errorf("page %d lacks %q, the answer to %q", q.Page, q.Answer, q.Ask)
			}
		}
	})
}

func TestTablesBecomeMarkdownWithTheirHeader(t *testing.T) {
	eachReadable(t, func(t *testing.T, doc corpus.Document) {
		pages := mustPages(t, doc.Bytes)
		for _, table := range doc.Tables {
			want := markdownRow(table.Header) + "\n|" + strings.Repeat(" --- |", len(table.Header)) + "\n"
			for _, row := range table.Rows {
				want += markdownRow(row) + "\n"
			}
			if got := pages[table.Page-1].Text + "\n"; !strings.Contains(got, want) {
				t.Errorf("page %d lacks the table:\n%s", table.Page, cmp.Diff(want, got))
			}
		}
	})
}

func markdownRow(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

func TestHeadingsKeepTheirOrderAndLevels(t *testing.T) {
	eachReadable(t, func(t *testing.T, doc corpus.Document) {
		var want, got []string
		for _, h := range doc.Headings {
			want = append(want, fmt.Sprintf("%d %s %s", h.Page, strings.Repeat("#", h.Level), h.Text))
		}
		for _, page := range mustPages(t, doc.Bytes) {
			for text := range strings.Lines(page.Text) {
				if strings.HasPrefix(text, "#") {
					got = append(got, fmt.Sprintf("%d %s", page.Number, strings.TrimSpace(text)))
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Our own papers have nothing in them but pages, and no mark.
func TestInspectCountsPages(t *testing.T) {
	eachReadable(t, func(t *testing.T, doc corpus.Document) {
		got, err := inspect(t.Context(), doc.Bytes)
		want := core.Inspection{Type: doc.Type, Pages: doc.Pages, Marks: []core.Mark{}}
		if doc.Type != pdftext.TypePDF {
			want.Pages = 0 // told by reading it
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestUnreadableFilesHaveTheirCode(t *testing.T) {
	t.Parallel()
	text := []byte("first page\fsecond page")
	for _, test := range []struct {
		name        string
		data        []byte
		pages, door core.Code
	}{
		{"encrypted", corpus.Encrypted().Bytes, core.CodeFileEncrypted, core.CodeFileEncrypted},
		{"broken", corpus.Broken().Bytes, core.CodeFileBroken, core.CodeFileBroken},
		{"scan", corpus.Scan().Bytes, core.CodeNeedsOCR, ""},
		{"empty", nil, core.CodeFileEmpty, core.CodeFileEmpty},
		{"program", []byte("\x7fELF\x02\x01\x01\x00\x00"), core.CodeFileUnsupported, core.CodeFileUnsupported},
		{"text", text, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := pagesOf(t.Context(), test.data)
			wantCode(t, "Pages", err, test.pages)
			_, err = inspect(t.Context(), test.data)
			wantCode(t, "Inspect", err, test.door)
		})
	}
}

func wantCode(t *testing.T, what string, err error, want core.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !core.HasCode(err, want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestPlainTextBreaksAtFormFeeds(t *testing.T) {
	t.Parallel()
	got := mustPages(t, []byte("\uFEFFone\r\ntwo\f\fthree\f"))
	want := []core.Page{{Number: 1, Text: "one\ntwo"}, {Number: 2}, {Number: 3, Text: "three"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestManyDocumentsAtOnceReadAsOneByOne(t *testing.T) {
	t.Parallel()
	docs := slices.DeleteFunc(corpus.All(), func(d corpus.Document) bool { return !d.Readable() })
	var wait sync.WaitGroup
	for _, doc := range docs {
		alone := mustPages(t, doc.Bytes)
		for range 2 {
			wait.Go(func() {
				got, err := pagesOf(t.Context(), doc.Bytes)
				if diff := cmp.Diff(alone, got); diff != "" || err != nil {
					t.Errorf("%s: %v %s", doc.Name, err, diff)
				}
			})
		}
	}
	wait.Wait()
}

// No page of our own papers speaks to a language model.
func TestS31_TheCorpusIsNotMarked(t *testing.T) {
	eachReadable(t, func(t *testing.T, doc corpus.Document) {
		for _, page := range mustPages(t, doc.Bytes) {
			if marks := injection.Find(page.Text); len(marks) > 0 {
				t.Errorf("page %d is marked %v", page.Number, marks)
			}
		}
	})
}
