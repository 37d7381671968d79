package llamaparse

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

func reader(t testing.TB) *Parser {
	p, err := New(Config{BaseURL: "https://parser.example", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Parser) readAll(t testing.TB, raw []byte) (core.Text, error) {
	var got result
	if err := decode(t.Context(), bytes.NewReader(raw), 1<<20, &got); err != nil {
		return core.Text{}, err
	}
	return p.read("pjb-1", got)
}

func TestResultsOfEveryKind(t *testing.T) {
	t.Parallel()
	p := reader(t)
	for _, c := range []struct {
		name, raw string
		pages     []core.Page
		code      core.Code
	}{
		{"pages out of order", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":{"pages":[{"page_number":2,"markdown":"b","success":true},{"page_number":1,"markdown":"a","success":true}]}}`,
			[]core.Page{{Number: 1, Text: "a"}, {Number: 2, Text: "b"}}, ""},
		{"bare id, not wrapped, old words", `{"id":"1","status":"SUCCESS","markdown":{"pages":[{"page_number":1,"markdown":"a"}]}}`,
			[]core.Page{{Number: 1, Text: "a"}}, ""},
		{"NUL and half a surrogate", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":{"pages":[{"page_number":1,"markdown":"a\u0000b\ud800","success":true}]}}`,
			[]core.Page{{Number: 1, Text: "ab\uFFFD"}}, ""},
		{"bytes that are no UTF-8", "{\"job\":{\"id\":\"pjb-1\",\"status\":\"COMPLETED\"},\"markdown\":{\"pages\":[{\"page_number\":1,\"markdown\":\"a\xff\",\"success\":true}]}}",
			[]core.Page{{Number: 1, Text: "a\uFFFD"}}, ""},
		{"page without markdown", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":{"pages":[{"page_number":1,"success":true}]}}`,
			[]core.Page{{Number: 1, Failed: "page_failed"}}, ""},
		{"page twice", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":{"pages":[{"page_number":1,"markdown":"a","success":true},{"page_number":1,"markdown":"b","success":true}]}}`,
			nil, core.CodeParseFailed},
		{"page zero", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":{"pages":[{"page_number":0,"markdown":"a","success":true}]}}`,
			nil, core.CodeParseFailed},
		{"no pages", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":{"pages":[]}}`, nil, core.CodeParseEmpty},
		{"completed without result", `{"job":{"id":"pjb-1","status":"COMPLETED"},"markdown":null}`, nil, core.CodeParseNotReady},
		{"links in place of the text", `{"job":{"id":"pjb-1","status":"COMPLETED"},"result_content_metadata":{"md":{"size_bytes":9,"exists":true,"presigned_url":"http://169.254.169.254/latest/meta-data"}}}`, nil, core.CodeParseNotReady},
		{"a bill that is not there yet", `{"job":{"id":"pjb-1","status":"COMPLETED","usage":{"credits":null}},"markdown":{"pages":[{"page_number":1,"markdown":"a"}]}}`,
			[]core.Page{{Number: 1, Text: "a"}}, ""},
		{"an unknown status", `{"job":{"id":"pjb-1","status":"THINKING"}}`, nil, core.CodeParseNotReady},
		{"another job", `{"job":{"id":"pjb-2","status":"COMPLETED"},"markdown":{"pages":[{"page_number":1,"markdown":"a"}]}}`, nil, core.CodeParserUnavailable},
		{"another shape", `{"job":[]}`, nil, core.CodeParserUnavailable},
		{"no JSON", `<html>`, nil, core.CodeParserUnavailable},
		{"error_code field", `{"job":{"id":"pjb-1","status":"FAILED","error_code":"PDF_IS_BROKEN"}}`, nil, core.CodeFileBroken},
		{"code within the message", `{"job":{"id":"pjb-1","status":"ERROR","error_message":"job failed (TOO_MANY_PAGES)"}}`, nil, core.CodeFileTooManyPages},
	} {
		text, err := p.readAll(t, []byte(c.raw))
		if c.code != "" {
			if !core.HasCode(err, c.code) {
				t.Errorf("%s: got %v, want %s", c.name, err, c.code)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.pages, text.Pages); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestCutIsSeenAtItsBoundary(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{pageLimit - 1: "", pageLimit: string(core.CodePageCut)} {
		text := strings.Repeat("x", size)
		if got := (resultPage{Number: 1, Markdown: &text}).page(); got.Failed != want || len(got.Text) != size {
			t.Errorf("%d bytes: failed %q, %d kept", size, got.Failed, len(got.Text))
		}
	}
}

func FuzzResult(f *testing.F) {
	f.Add([]byte(`{"job":{"id":"pjb-1","status":"COMPLETED","usage":{"credits":3}},"markdown":{"pages":[{"page_number":1,"markdown":"a\u0000","success":true},{"page_number":2,"error":"x","success":false}]}}`))
	f.Add([]byte(`{"id":"1","status":"FAILED","error_message":"PDF_IS_BROKEN"}`))
	f.Add([]byte(`{"job":{"id":"pjb-1","status":"RUNNING"}}`))
	f.Add([]byte(`{"job":null}`))
	p := reader(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := p.readAll(t, raw)
		if err != nil {
			if e := core.AsError(err); e.Code == core.CodeInternal {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		last := 0
		for _, page := range text.Pages {
			if page.Number <= last || !utf8.ValidString(page.Text) || strings.Contains(page.Text, "\x00") {
				t.Fatalf("bad page %d after %d", page.Number, last)
			}
			last = page.Number
		}
	})
}
