package supabasetest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

const pdfType, textType = "application/pdf", "text/plain"

// session is a replay under way.
type session struct {
	client
	t       *testing.T
	bucket  string // of the recording's own name
	replies map[string]reply
	later   atomic.Int64 // how far the project's clock is ahead
}

func newSession(t *testing.T, bucket string) *session {
	t.Helper()
	s := &session{t: t, bucket: bucket, replies: map[string]reply{}}
	s.client = serve(t, supabasetest.Options{Now: func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }})
	return s
}

// asks is a step of one request; "B" in path and body stands for the bucket.
func asks(method, path, body string, headers ...string) func(*session) reply {
	return func(s *session) reply {
		fill := strings.NewReplacer("{B}", s.bucket)
		var sent io.Reader
		if method != http.MethodGet && method != http.MethodHead {
			sent = strings.NewReader(fill.Replace(body))
		}
		return s.do(s.t, method, "/storage/v1/"+fill.Replace(path), sent, headers...)
	}
}

// chunks sends a body whose length is not declared.
func chunks(method, path, body string, headers ...string) func(*session) reply {
	return func(s *session) reply {
		return s.do(s.t, method, "/storage/v1/"+strings.ReplaceAll(path, "{B}", s.bucket), io.MultiReader(strings.NewReader(body)), headers...)
	}
}

// follows uses the address that an earlier answer gave, without a key.
func follows(title, method string, change func(string) string, body string, headers ...string) func(*session) reply {
	return func(s *session) reply {
		return s.follow(addressIn(s.t, s.replies[title]), method, change, body, headers...)
	}
}

func (s *session) follow(address, method string, change func(string) string, body string, headers ...string) reply {
	if change != nil {
		address = change(address)
	}
	return s.do(s.t, method, "/storage/v1"+address, strings.NewReader(body), append([]string{"Apikey", ""}, headers...)...)
}

func addressIn(t *testing.T, r reply) string {
	t.Helper()
	var body struct {
		Signed string `json:"signedURL"`
		Upload string `json:"url"`
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("%s: %v", r.body, err)
	}
	return body.Signed + body.Upload
}

// form sends a file as browsers' forms do: fields first, the file last.
func form(path, content, partType string, fields ...string) func(*session) reply {
	return func(s *session) reply {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for i := 0; i+1 < len(fields); i += 2 {
			if err := w.WriteField(fields[i], fields[i+1]); err != nil {
				s.t.Fatal(err)
			}
		}
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name=""; filename="m.pdf"`}, "Content-Type": {partType}})
		if err == nil {
			_, err = io.WriteString(part, content)
		}
		if err != nil || w.Close() != nil {
			s.t.Fatal(err)
		}
		return s.do(s.t, http.MethodPost, "/storage/v1/"+strings.ReplaceAll(path, "{B}", s.bucket), &body, "Content-Type", w.FormDataContentType())
	}
}

// paper is a file of the recordings' size.
var paper = "%PDF-1.4\n" + strings.Repeat("x", 3016-len("%PDF-1.4\n"))

var (
	large = strings.Repeat("x", 6000)
	anon  = []string{"Apikey", supabasetest.DefaultPublishableKey}
	asPDF = []string{"Content-Type", pdfType}
)

func with(a []string, b ...string) []string { return append(append([]string(nil), a...), b...) }

const rules = `{"id":"{B}","name":"{B}","public":false,"file_size_limit":5000,"allowed_mime_types":["application/pdf","text/plain"]}`

var storageSteps = map[string]func(*session) reply{
	"bucket create":                   asks("POST", "bucket", rules),
	"bucket create dup":               asks("POST", "bucket", rules),
	"bucket create limit string":      asks("POST", "bucket", `{"id":"{B}-b","name":"{B}-b","file_size_limit":"1MB"}`),
	"bucket create limit over global": asks("POST", "bucket", `{"id":"{B}-c","name":"{B}-c","file_size_limit":"99GB"}`),
	"bucket create bad name":          asks("POST", "bucket", `{"id":"a/b","name":"a/b"}`),
	"bucket create anon":              asks("POST", "bucket", `{"id":"{B}-d","name":"{B}-d"}`, anon...),
	"bucket get":                      asks("GET", "bucket/{B}", ""),
	"bucket get missing":              asks("GET", "bucket/none", ""),
	"bucket list":                     asks("GET", "bucket", ""),
	"bucket update":                   asks("PUT", "bucket/{B}", rules),
	"bucket delete nonempty":          asks("DELETE", "bucket/{B}", ""),
	"bucket empty":                    asks("POST", "bucket/{B}/empty", ""),
	"bucket delete":                   asks("DELETE", "bucket/{B}", ""),

	"upload raw":              asks("POST", "object/{B}/u1/a.pdf", paper, asPDF...),
	"upload dup":              asks("POST", "object/{B}/u1/a.pdf", paper, asPDF...),
	"upload upsert":           asks("POST", "object/{B}/u1/a.pdf", paper, with(asPDF, "X-Upsert", "true")...),
	"upload PUT":              asks("PUT", "object/{B}/u1/a.pdf", paper, asPDF...),
	"upload PUT new key":      asks("PUT", "object/{B}/u1/put-new.pdf", paper, asPDF...),
	"upload multipart":        form("object/{B}/u1/m.pdf", paper, pdfType, "cacheControl", "600", "metadata", `{"docId":"d1","sha256":"x"}`),
	"upload raw + x-metadata": asks("POST", "object/{B}/u1/meta.pdf", paper, with(asPDF, "X-Metadata", "eyJkb2NJZCI6ImQxIn0=")...),
	"upload wrong mime":       asks("POST", "object/{B}/u1/w.png", paper, "Content-Type", "image/png"),
	"upload no content type (curl default form)":   asks("POST", "object/{B}/u1/n.pdf", paper, "Content-Type", "application/x-www-form-urlencoded"),
	"upload too large for bucket":                  asks("POST", "object/{B}/u1/big.pdf", large, asPDF...),
	"upload too large chunked (no content-length)": chunks("POST", "object/{B}/u1/big2.pdf", large, asPDF...),
	"upload empty":                 asks("POST", "object/{B}/u1/empty.pdf", "", asPDF...),
	"upload missing bucket":        asks("POST", "object/none/u1/a.pdf", paper, asPDF...),
	"upload invalid key":           asks("POST", "object/{B}/u1/bad%23%5B.pdf", paper, asPDF...),
	"upload unicode key":           asks("POST", "object/{B}/u1/t%C3%A4%C3%B6.pdf", paper, asPDF...),
	"upload key with space+parens": asks("POST", "object/{B}/u1/my%20plan%20(1).pdf", paper, asPDF...),
	"upload anon (RLS)":            asks("POST", "object/{B}/u1/n.pdf", paper, with(asPDF, anon...)...),
	"upload no auth":               asks("POST", "object/{B}/u1/n.pdf", paper, with(asPDF, "Apikey", "")...),
	"upload garbage jwt":           asks("POST", "object/{B}/u1/n.pdf", paper, with(asPDF, "Authorization", "Bearer garbage")...),

	"download authenticated":   asks("GET", "object/authenticated/{B}/u1/a.pdf", ""),
	"download (object/)":       asks("GET", "object/{B}/u1/a.pdf", ""),
	"download range":           asks("GET", "object/authenticated/{B}/u1/a.pdf", "", "Range", "bytes=0-7"),
	"download HEAD":            asks("HEAD", "object/authenticated/{B}/u1/a.pdf", ""),
	"download missing":         asks("GET", "object/authenticated/{B}/u1/none.pdf", ""),
	"download HEAD missing":    asks("HEAD", "object/authenticated/{B}/u1/none.pdf", ""),
	"download anon":            asks("GET", "object/authenticated/{B}/u1/a.pdf", "", anon...),
	"public on private bucket": asks("GET", "object/public/{B}/u1/a.pdf", ""),
	"if-none-match": func(s *session) reply {
		return asks("GET", "object/authenticated/{B}/u1/a.pdf", "", "If-None-Match", s.replies["download authenticated"].header.Get("Etag"))(s)
	},
	"info":               asks("GET", "object/info/{B}/u1/m.pdf", ""),
	"info authenticated": asks("GET", "object/info/authenticated/{B}/u1/a.pdf", ""),

	"sign":                     asks("POST", "object/sign/{B}/u1/a.pdf", `{"expiresIn":60}`),
	"GET signed":               follows("sign", "GET", nil, ""),
	"GET signed download=name": follows("sign", "GET", func(a string) string { return a + "&download=plan.pdf" }, ""),
	"GET signed tampered":      follows("sign", "GET", func(a string) string { return a + "x" }, ""),
	"GET signed other path":    follows("sign", "GET", func(a string) string { return strings.Replace(a, "/a.pdf", "/m.pdf", 1) }, ""),
	"GET signed no token":      follows("sign", "GET", func(a string) string { return strings.Split(a, "?")[0] }, ""),
	"GET signed expired": func(s *session) reply {
		s.later.Add(int64(61 * time.Second))
		return follows("sign", "GET", nil, "")(s)
	},
	"sign missing object": asks("POST", "object/sign/{B}/u1/none.pdf", `{"expiresIn":60}`),
	"sign bad expiresIn":  asks("POST", "object/sign/{B}/u1/a.pdf", `{"expiresIn":0}`),
	"sign batch":          asks("POST", "object/sign/{B}", `{"expiresIn":60,"paths":["u1/a.pdf","u1/none.pdf"]}`),

	"signed upload url":                     asks("POST", "object/upload/sign/{B}/u1/su.pdf", ""),
	"PUT to signed url wrong mime":          follows("signed upload url", "PUT", nil, paper, "Content-Type", "image/png"),
	"PUT to signed url":                     follows("signed upload url", "PUT", nil, paper, asPDF...),
	"PUT to signed url again":               follows("signed upload url", "PUT", nil, paper, asPDF...),
	"signed upload url existing, no upsert": asks("POST", "object/upload/sign/{B}/u1/a.pdf", ""),
	"signed upload url existing, x-upsert":  asks("POST", "object/upload/sign/{B}/u1/a.pdf", "", "X-Upsert", "true"),

	"list v1":                asks("POST", "object/list/{B}", `{"prefix":"u1","limit":2,"offset":0,"sortBy":{"column":"name","order":"asc"}}`),
	"list v1 root (folders)": asks("POST", "object/list/{B}", `{"prefix":"","limit":10}`),
	"list v2":                asks("POST", "object/list-v2/{B}", `{"prefix":"u1/","limit":2,"with_delimiter":true}`),
	"list anon":              asks("POST", "object/list/{B}", `{"prefix":"u1"}`, anon...),
	"copy":                   asks("POST", "object/copy", `{"bucketId":"{B}","sourceKey":"u1/a.pdf","destinationKey":"u1/copy.pdf"}`),
	"move":                   asks("POST", "object/move", `{"bucketId":"{B}","sourceKey":"u1/copy.pdf","destinationKey":"u1/moved.pdf"}`),
	"delete one":             asks("DELETE", "object/{B}/u1/moved.pdf", ""),
	"delete one missing":     asks("DELETE", "object/{B}/u1/moved.pdf", ""),
	"delete many":            asks("DELETE", "object/{B}", `{"prefixes":["u1/m.pdf","u1/none.pdf"]}`),
}
