package supabasetest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

// sizeSteps are what was tried on sizes, types and keys.
var sizeSteps = map[string]func(*session) reply{
	"multipart too large": func(s *session) reply {
		asks("POST", "bucket", rules)(s)
		return form("object/{B}/m.pdf", large, pdfType)(s)
	},
	"multipart part-type png named pdf": form("object/{B}/m.pdf", paper, "image/png"),
	"signed PUT too large": func(s *session) reply {
		s.replies["signed"] = asks("POST", "object/upload/sign/{B}/s.pdf", "")(s)
		return follows("signed", "PUT", nil, large, asPDF...)(s)
	},
	"signed PUT chunked too large": func(s *session) reply {
		return chunks("PUT", strings.TrimPrefix(addressIn(s.t, s.replies["signed"]), "/"), large, with(asPDF, "Apikey", "")...)(s)
	},
	"content-type lies (png bytes as pdf) accepted?":          asks("POST", "object/{B}/lie.pdf", "\x89PNG", asPDF...),
	"mime with charset param":                                 asks("POST", "object/{B}/charset.pdf", paper, "Content-Type", "application/pdf; charset=binary"),
	"10 parallel POST same key (no upsert)":                   tenAtOnce,
	"upload >1GB-global via header only (Content-Length lie)": lyingLength,
	"cache-control raw header is stored as sent":              asks("POST", "object/{B}/cc.pdf", paper, with(asPDF, "Cache-Control", "max-age=60")...),
	"download it":          asks("GET", "object/authenticated/{B}/cc.pdf", ""),
	"public bucket create": asks("POST", "bucket", `{"id":"pub{B}","name":"pub{B}","public":true}`),
	"public GET no auth": func(s *session) reply {
		asks("POST", "object/pub{B}/hi.txt", "hi", "Content-Type", textType)(s)
		return asks("GET", "object/public/pub{B}/hi.txt", "", "Apikey", "")(s)
	},
	"authenticated route no auth on public bucket": asks("GET", "object/authenticated/pub{B}/hi.txt", "", "Apikey", ""),
	"path traversal":   asks("POST", "object/{B}/%2e%2e/x.pdf", paper, asPDF...),
	"long key (>1024)": asks("POST", "object/{B}/"+strings.Repeat("k", 1030), paper, asPDF...),
	"delete many 1001": func(s *session) reply {
		names, err := json.Marshal(map[string]any{"prefixes": slices.Repeat([]string{"none.pdf"}, 1001)})
		if err != nil {
			s.t.Fatal(err)
		}
		return asks("DELETE", "object/{B}", string(names))(s)
	},
}

// tenAtOnce answers the ten statuses in order, as the recording notes them.
func tenAtOnce(s *session) reply {
	statuses := make([]int, 10)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = asks("POST", "object/{B}/same.pdf", paper, asPDF...)(s).status })
	}
	all.Wait()
	slices.Sort(statuses)
	return reply{body: strings.Trim(fmt.Sprint(statuses), "[]") + " "}
}

// lyingLength declares two gigabytes and sends nothing.
func lyingLength(s *session) reply {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	request := "POST /storage/v1/object/" + s.bucket + "/huge.pdf HTTP/1.1\r\nHost: fake\r\nApikey: " + supabasetest.DefaultSecretKey +
		"\r\nContent-Type: " + pdfType + "\r\nContent-Length: 2147483648\r\n\r\n"
	if _, err := conn.Write([]byte(request)); err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return replyOf(s.t, resp)
}

// bucketIn is the bucket of a recording's first exchange of a title.
func bucketIn(t *testing.T, file, title, field string) string {
	t.Helper()
	all, _ := readExact(t, file)
	for _, x := range all {
		if x.title == title {
			var body map[string]string
			if err := json.Unmarshal([]byte(x.body), &body); err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(body[field], "/")
			return name
		}
	}
	t.Fatalf("%s has no %q", file, title)
	return ""
}

// TestRecordedStorageExchanges replays what was recorded of the real storage:
// the fake has to give the same status, headers and body to the letter, but for
// ids, digests, times and tokens, of which the same have to stay the same.
func TestRecordedStorageExchanges(t *testing.T) {
	t.Parallel()
	const file = "ex-storage.txt"
	replayAll(t, file, newSession(t, bucketIn(t, file, "bucket create", "name")), storageSteps)
}

func TestRecordedSizesAndKeys(t *testing.T) {
	t.Parallel()
	const file = "ex-storage2.txt"
	replayAll(t, file, newSession(t, bucketIn(t, file, "signed PUT chunked too large", "Key")), sizeSteps)
}
