package supabasetest_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

// recordings is where exchanges with the real services lie, beside the
// repository; they are not part of it.
var recordings = filepath.Join("..", "..", "..", "..", "shared", "contracts", "supabase-recorded")

// exchange is the answer half of a recording.
type exchange struct {
	status int
	body   string
}

func readRecording(t *testing.T, name string) map[string]exchange {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings, name))
	if err != nil {
		t.Skipf("no recorded exchanges to compare with: %v", err)
	}
	all := map[string]exchange{}
	for _, part := range strings.Split(string(content), "\n### ") {
		title, rest, _ := strings.Cut(strings.TrimPrefix(part, "### "), "\n")
		var x exchange
		for line := range strings.SplitSeq(rest, "\n") {
			if proto, after, ok := strings.Cut(line, " "); ok && strings.HasPrefix(proto, "HTTP/") {
				x.status, _ = strconv.Atoi(after[:3])
			}
			if x.body == "" && (strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[")) {
				x.body = line
			}
		}
		all[strings.TrimSpace(title)] = x
	}
	return all
}

// shape is a JSON text with its values replaced by their types; the values of
// error bodies stay, but for what names a bucket.
func shape(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return "not JSON"
	}
	if body, ok := value.(map[string]any); ok && (body["statusCode"] != nil || body["error_code"] != nil) {
		return body
	}
	return typesOf(value)
}

func typesOf(value any) any {
	switch v := value.(type) {
	case map[string]any:
		types := map[string]any{}
		for name, inner := range v {
			types[name] = typesOf(inner)
		}
		return types
	case []any:
		if len(v) == 0 {
			return "empty"
		}
		return []any{typesOf(v[0])}
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return "null"
}

// replay is the request half of a recording, as it was made.
type replay struct {
	title, method, path, body string
	headers                   []string
}

const pdfType, textType = "application/pdf", "text/plain"

// storageReplays follow the order of the recording: later ones need earlier ones.
var storageReplays = []replay{
	{"bucket create", "POST", "bucket", docs, nil},
	{"bucket create dup", "POST", "bucket", docs, nil},
	{"bucket create limit string", "POST", "bucket", `{"id":"b","name":"b","file_size_limit":"1MB"}`, nil},
	{"bucket create limit over global", "POST", "bucket", `{"id":"c","name":"c","file_size_limit":"99GB"}`, nil},
	{"bucket create bad name", "POST", "bucket", `{"id":"a/b","name":"a/b"}`, nil},
	{"bucket create anon", "POST", "bucket", `{"id":"d","name":"d"}`, []string{"Apikey", supabasetest.DefaultPublishableKey}},
	{"bucket get", "GET", "bucket/docs", "", nil},
	{"bucket get missing", "GET", "bucket/none", "", nil},
	{"bucket update", "PUT", "bucket/docs", docs, nil},
	{"upload raw", "POST", "object/docs/u1/a.pdf", "%PDF", []string{"Content-Type", pdfType}},
	{"upload dup", "POST", "object/docs/u1/a.pdf", "%PDF", []string{"Content-Type", pdfType}},
	{"upload upsert", "POST", "object/docs/u1/a.pdf", "%PDF-1.4", []string{"Content-Type", pdfType, "X-Upsert", "true"}},
	{"upload PUT", "PUT", "object/docs/u1/a.pdf", "%PDF-1.4", []string{"Content-Type", pdfType}},
	{"upload raw + x-metadata", "POST", "object/docs/u1/m.pdf", "%PDF", []string{"Content-Type", pdfType, "X-Metadata", "eyJkb2NJZCI6ImQxIiwic2hhMjU2IjoieCJ9"}},
	{"upload wrong mime", "POST", "object/docs/u1/w", "x", []string{"Content-Type", "image/png"}},
	{"upload too large for bucket", "POST", "object/docs/u1/big.pdf", strings.Repeat("x", 6000), []string{"Content-Type", pdfType}},
	{"upload empty", "POST", "object/docs/u1/empty.pdf", "", []string{"Content-Type", pdfType}},
	{"upload missing bucket", "POST", "object/none/u1/a.pdf", "x", []string{"Content-Type", pdfType}},
	{"upload invalid key", "POST", "object/docs/u1/bad%23%5B.pdf", "x", []string{"Content-Type", pdfType}},
	{"upload key with space+parens", "POST", "object/docs/u1/my%20plan%20(1).pdf", "x", []string{"Content-Type", pdfType}},
	{"upload anon (RLS)", "POST", "object/docs/u1/n.pdf", "x", []string{"Content-Type", pdfType, "Apikey", supabasetest.DefaultPublishableKey}},
	{"upload no auth", "POST", "object/docs/u1/n.pdf", "x", []string{"Content-Type", pdfType, "Apikey", ""}},
	{"upload garbage jwt", "POST", "object/docs/u1/n.pdf", "x", []string{"Content-Type", pdfType, "Authorization", "Bearer garbage"}},
	{"download missing", "GET", "object/authenticated/docs/u1/none", "", nil},
	{"download HEAD missing", "HEAD", "object/authenticated/docs/u1/none", "", nil},
	{"download anon", "GET", "object/authenticated/docs/u1/a.pdf", "", []string{"Apikey", supabasetest.DefaultPublishableKey}},
	{"public on private bucket", "GET", "object/public/docs/u1/a.pdf", "", nil},
	{"info", "GET", "object/info/docs/u1/m.pdf", "", nil},
	{"info authenticated", "GET", "object/info/authenticated/docs/u1/a.pdf", "", nil},
	{"sign", "POST", "object/sign/docs/u1/a.pdf", `{"expiresIn":60}`, nil},
	{"GET signed tampered", "GET", "object/sign/docs/u1/a.pdf?token=eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "", nil},
	{"GET signed no token", "GET", "object/sign/docs/u1/a.pdf", "", nil},
	{"sign missing object", "POST", "object/sign/docs/u1/none", `{"expiresIn":60}`, nil},
	{"sign bad expiresIn", "POST", "object/sign/docs/u1/a.pdf", `{"expiresIn":0}`, nil},
	{"sign batch", "POST", "object/sign/docs", `{"expiresIn":60,"paths":["u1/a.pdf","u1/none.pdf"]}`, nil},
	{"signed upload url", "POST", "object/upload/sign/docs/u1/su.pdf", "", nil},
	{"signed upload url existing, no upsert", "POST", "object/upload/sign/docs/u1/a.pdf", "", nil},
	{"signed upload url existing, x-upsert", "POST", "object/upload/sign/docs/u1/a.pdf", "", []string{"X-Upsert", "true"}},
	{"list v1 root (folders)", "POST", "object/list/docs", `{"prefix":"","limit":10}`, nil},
	{"list anon", "POST", "object/list/docs", `{"prefix":"u1"}`, []string{"Apikey", supabasetest.DefaultPublishableKey}},
	{"delete one", "DELETE", "object/docs/u1/empty.pdf", "", nil},
	{"delete one missing", "DELETE", "object/docs/u1/empty.pdf", "", nil},
	{"bucket delete nonempty", "DELETE", "bucket/docs", "", nil},
	{"bucket empty", "POST", "bucket/docs/empty", "", nil},
	{"bucket delete", "DELETE", "bucket/docs", "", nil},
}

// TestRecordedStorageExchanges compares the fake with the real storage: the
// status, the fields and their types, and the whole of every error body.
func TestRecordedStorageExchanges(t *testing.T) {
	t.Parallel()
	recorded := readRecording(t, "ex-storage.txt")
	c := serve(t, supabasetest.Options{})
	for _, r := range storageReplays {
		want, known := recorded[r.title]
		if !known {
			t.Errorf("%q is not in the recording", r.title)
			continue
		}
		var body io.Reader
		if r.method != "GET" && r.method != "HEAD" {
			body = strings.NewReader(r.body)
		}
		got := c.do(t, r.method, "/storage/v1/"+r.path, body, r.headers...)
		if got.status != want.status {
			t.Errorf("%s: HTTP %d, the real one says %d (%s)", r.title, got.status, want.status, got.body)
		}
		if diff := cmp.Diff(shape(t, want.body), shape(t, got.body)); diff != "" {
			t.Errorf("%s (-real +fake):\n%s", r.title, diff)
		}
	}
}
