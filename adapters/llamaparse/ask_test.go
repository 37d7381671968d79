package llamaparse_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// reply is an answer of the fake, read whole.
type reply struct {
	status int
	header http.Header
	raw    string
}

// is the answer's JSON.
func (r reply) is(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.raw), into); err != nil {
		t.Fatalf("status %d: %q is no JSON of that shape: %v", r.status, r.raw, err)
	}
}

func (r reply) fields(t *testing.T) map[string]any {
	t.Helper()
	var fields map[string]any
	r.is(t, &fields)
	return fields
}

// ask makes a call that the adapter does not make, with the key.
func (b *bench) ask(t *testing.T, method, path, kind, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return b.send(t, req)
}

func (b *bench) send(t *testing.T, req *http.Request) reply {
	t.Helper()
	client := http.DefaultTransport
	if b.judge != nil {
		client = b.judge
	}
	resp, err := client.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(raw)}
}

// form is a multipart body of fields, and of a file where name is not empty.
func form(t *testing.T, name, content string, fields map[string]string) (kind, body string) {
	t.Helper()
	var raw bytes.Buffer
	w := multipart.NewWriter(&raw)
	for field, value := range fields {
		if err := w.WriteField(field, value); err != nil {
			t.Fatal(err)
		}
	}
	if name != "" {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(content))
	}
	_ = w.Close()
	return w.FormDataContentType(), raw.String()
}

// ended asks for a job until it is over.
func (b *bench) ended(t *testing.T, path string, over func(map[string]any) bool) map[string]any {
	t.Helper()
	for {
		fields := b.ask(t, http.MethodGet, path, "", "").fields(t)
		if over(fields) {
			return fields
		}
		if t.Context().Err() != nil {
			t.Fatal("the job did not end")
		}
	}
}
