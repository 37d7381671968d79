package supabasetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

// client speaks to a fake past every adapter.
type client struct {
	fake *supabasetest.Server
	url  string
}

func serve(t *testing.T, o supabasetest.Options) client {
	t.Helper()
	fake, err := supabasetest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return client{fake, server.URL}
}

// reply is an answer with its body.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends header pairs after the body; an "Apikey" pair replaces the secret key.
func (c client) do(t *testing.T, method, path string, body io.Reader, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Apikey", supabasetest.DefaultSecretKey)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		} else {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	return replyOf(t, resp)
}

// replyOf reads an answer whole.
func replyOf(t *testing.T, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, strings.TrimSpace(string(got))}
}

// code is the error code of a body.
func (r reply) code() string {
	var body struct {
		Code any `json:"code"`
	}
	_ = json.Unmarshal([]byte(r.body), &body)
	code, _ := body.Code.(string)
	return code
}

const docs = `{"id":"docs","name":"docs","public":false,"file_size_limit":5000,"allowed_mime_types":["application/pdf","text/plain"]}`

func withBucket(t *testing.T, o supabasetest.Options) client {
	t.Helper()
	c := serve(t, o)
	if r := c.do(t, "POST", "/storage/v1/bucket", strings.NewReader(docs)); r.status != http.StatusOK {
		t.Fatalf("creating the bucket: %d %s", r.status, r.body)
	}
	return c
}

func (c client) upload(t *testing.T, key, content string, headers ...string) reply {
	t.Helper()
	return c.do(t, "POST", "/storage/v1/object/docs/"+key, strings.NewReader(content), append([]string{"Content-Type", "application/pdf"}, headers...)...)
}

func TestABodyWithoutLengthSlipsPastTheLimit(t *testing.T) {
	t.Parallel()
	c := withBucket(t, supabasetest.Options{})
	big := strings.Repeat("x", 6000)
	if r := c.upload(t, "declared", big); r.status != http.StatusBadRequest || r.code() != "EntityTooLarge" {
		t.Errorf("declared: %d %s", r.status, r.body)
	}
	r := c.do(t, "POST", "/storage/v1/object/docs/chunked", io.MultiReader(strings.NewReader(big)), "Content-Type", "application/pdf")
	if r.status != http.StatusOK {
		t.Errorf("chunked: %d %s", r.status, r.body)
	}
	if got := c.fake.Objects("docs"); len(got) != 1 || got[0].Size != 6000 {
		t.Errorf("objects: %v", got)
	}
}

func TestTenParallelPostsMakeOneObject(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		c := withBucket(t, supabasetest.Options{Dir: dir})
		statuses := make([]int, 10)
		var all sync.WaitGroup
		for i := range statuses {
			all.Go(func() { statuses[i] = c.upload(t, "u/same", "x").status })
		}
		all.Wait()
		count := map[int]int{}
		for _, status := range statuses {
			count[status]++
		}
		if diff := cmp.Diff(map[int]int{200: 1, 400: 9}, count); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	}
}

func TestAFolderResumes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := withBucket(t, supabasetest.Options{Dir: dir})
	first.upload(t, "u/a", "\x00\xff kept")
	first.upload(t, "u/b", "gone")
	first.do(t, "DELETE", "/storage/v1/object/docs", strings.NewReader(`{"prefixes":["u/b","u/never"]}`))
	second := serve(t, supabasetest.Options{Dir: dir})
	if diff := cmp.Diff([]supabasetest.Object{{Key: "u/a", Size: 7, ContentType: "application/pdf"}}, second.fake.Objects("docs")); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if got, ok := second.fake.Bytes("docs", "u/a"); !ok || string(got) != "\x00\xff kept" {
		t.Errorf("bytes: %q", got)
	}
	if r := second.do(t, "GET", "/storage/v1/bucket/docs", nil); !strings.Contains(r.body, `"file_size_limit":5000`) {
		t.Errorf("bucket: %s", r.body)
	}
}

// TestStorageWordsItsRefusals goes through the error table.
func TestStorageWordsItsRefusals(t *testing.T) {
	t.Parallel()
	c := withBucket(t, supabasetest.Options{})
	c.upload(t, "u/a", "x")
	anon := []string{"Apikey", supabasetest.DefaultPublishableKey}
	for _, x := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code                     string
	}{
		{"duplicate", "POST", "object/docs/u/a", "y", []string{"Content-Type", "text/plain"}, 400, "KeyAlreadyExists"},
		{"mime with parameter", "POST", "object/docs/u/b", "y", []string{"Content-Type", "application/pdf; charset=binary"}, 400, "InvalidMimeType"},
		{"no such bucket", "POST", "object/none/u/b", "y", []string{"Content-Type", "text/plain"}, 400, "NoSuchBucket"},
		{"bad characters", "POST", "object/docs/u/b%23%5B", "y", []string{"Content-Type", "text/plain"}, 400, "InvalidKey"},
		{"dots", "POST", "object/docs/u/%2e%2e/b", "y", []string{"Content-Type", "text/plain"}, 400, "InvalidKey"},
		{"long key", "POST", "object/docs/" + strings.Repeat("k", 1030), "y", []string{"Content-Type", "text/plain"}, 500, "InternalError"},
		{"anon writes", "POST", "object/docs/u/b", "y", append([]string{"Content-Type", "text/plain"}, anon...), 400, "AccessDenied"},
		{"no key", "GET", "object/authenticated/docs/u/a", "", []string{"Apikey", ""}, 400, "InvalidRequest"},
		{"legacy key in apikey alone", "GET", "object/authenticated/docs/u/a", "", []string{"Apikey", c.fake.LegacyKey("service_role")}, 400, "InvalidRequest"},
		{"garbage token", "GET", "object/authenticated/docs/u/a", "", []string{"Authorization", "Bearer garbage"}, 400, "AccessDenied"},
		{"anon reads", "GET", "object/authenticated/docs/u/a", "", anon, 400, "NoSuchKey"},
		{"missing", "GET", "object/info/docs/u/none", "", nil, 400, "NoSuchKey"},
		{"public route, private bucket", "GET", "object/public/docs/u/a", "", nil, 400, "NoSuchBucket"},
		{"delete one missing", "DELETE", "object/docs/u/none", "", nil, 400, "NoSuchKey"},
		{"bucket with objects", "DELETE", "bucket/docs", "", nil, 400, "ResourceNotEmpty"},
		{"bucket again", "POST", "bucket", docs, nil, 400, "BucketAlreadyExists"},
		{"bucket over the global limit", "POST", "bucket", `{"id":"big","name":"big","file_size_limit":"51MB"}`, nil, 400, "EntityTooLarge"},
		{"bad bucket name", "POST", "bucket", `{"id":"a/b","name":"a/b"}`, nil, 400, "InvalidBucketName"},
		{"sign for no time", "POST", "object/sign/docs/u/a", `{"expiresIn":0}`, nil, 400, "InvalidRequest"},
		{"signed without token", "GET", "object/sign/docs/u/a", "", nil, 400, "InvalidRequest"},
		{"a browser with the secret key", "GET", "object/info/docs/u/a", "", []string{"User-Agent", "Mozilla/5.0"}, 401, ""},
		{"unknown opaque key", "GET", "object/info/docs/u/a", "", []string{"Apikey", "sb_secret_no"}, 401, ""},
	} {
		r := c.do(t, x.method, "/storage/v1/"+x.path, strings.NewReader(x.body), x.headers...)
		if r.status != x.status || r.code() != x.code {
			t.Errorf("%s: HTTP %d, code %q, want %d, %q (%s)", x.name, r.status, r.code(), x.status, x.code, r.body)
		}
	}
	if r := c.do(t, "HEAD", "/storage/v1/object/authenticated/docs/u/none", nil); r.status != 400 || r.body != "" {
		t.Errorf("HEAD of a missing object: %d %q", r.status, r.body)
	}
	if r := c.do(t, "DELETE", "/storage/v1/object/docs", strings.NewReader(`{"prefixes":["u/a"]}`), anon...); r.status != 200 || r.body != "[]" {
		t.Errorf("a delete without rights: %d %q", r.status, r.body)
	}
}

func TestSignedUploads(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := withBucket(t, supabasetest.Options{Now: func() time.Time { return now }})
	sign := func(key string) string {
		var answer struct {
			URL string `json:"url"`
		}
		r := c.do(t, "POST", "/storage/v1/object/upload/sign/docs/"+key, nil)
		if err := json.Unmarshal([]byte(r.body), &answer); err != nil {
			t.Fatal(err)
		}
		return "/storage/v1" + answer.URL
	}
	put := func(path, content string) reply {
		return c.do(t, "PUT", path, strings.NewReader(content), "Apikey", "", "Content-Type", "application/pdf")
	}
	address := sign("u/s")
	if r := c.do(t, "PUT", address, strings.NewReader("x"), "Apikey", "", "Content-Type", "image/png"); r.code() != "InvalidMimeType" {
		t.Errorf("wrong type: %s", r.body)
	}
	if r := put(strings.Replace(address, "/u/s?", "/u/t?", 1), "x"); r.code() != "InvalidSignature" {
		t.Errorf("for another path: %s", r.body)
	}
	if r := put(address, "x"); r.body != `{"Key":"docs/u/s"}` {
		t.Errorf("first: %s", r.body)
	}
	if r := put(address, "y"); r.code() != "KeyAlreadyExists" {
		t.Errorf("second: %s", r.body)
	}
	if r := c.do(t, "POST", "/storage/v1/object/upload/sign/docs/u/s", nil); r.code() != "KeyAlreadyExists" {
		t.Errorf("signing for an object that exists: %s", r.body)
	}
	late := sign("u/late")
	now = now.Add(2*time.Hour + time.Second)
	if r := put(late, "x"); r.code() != "InvalidJWT" {
		t.Errorf("late: %s", r.body)
	}
}

func TestReadsWithRangesAndConditions(t *testing.T) {
	t.Parallel()
	c := withBucket(t, supabasetest.Options{})
	c.upload(t, "u/a", "%PDF-1.4 and more")
	whole := c.do(t, "GET", "/storage/v1/object/authenticated/docs/u/a", nil)
	if part := c.do(t, "GET", "/storage/v1/object/authenticated/docs/u/a", nil, "Range", "bytes=0-7"); part.status != 206 || part.body != "%PDF-1.4" {
		t.Errorf("range: %d %q", part.status, part.body)
	}
	if same := c.do(t, "GET", "/storage/v1/object/authenticated/docs/u/a", nil, "If-None-Match", whole.header.Get("Etag")); same.status != 304 {
		t.Errorf("if-none-match: %d", same.status)
	}
}

func TestMoveAndCopy(t *testing.T) {
	t.Parallel()
	c := withBucket(t, supabasetest.Options{})
	c.upload(t, "u/a", "x")
	body := `{"bucketId":"docs","sourceKey":"u/a","destinationKey":"u/%s"}`
	c.do(t, "POST", "/storage/v1/object/copy", strings.NewReader(strings.Replace(body, "%s", "b", 1)))
	c.do(t, "POST", "/storage/v1/object/move", strings.NewReader(strings.Replace(body, "%s", "c", 1)))
	got := []string{}
	for _, o := range c.fake.Objects("docs") {
		got = append(got, o.Key)
	}
	if diff := cmp.Diff([]string{"u/b", "u/c"}, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestTheDiskLies(t *testing.T) {
	t.Parallel()
	c := withBucket(t, supabasetest.Options{Dir: t.TempDir()})
	c.upload(t, "u/a", "as sent")
	if err := c.fake.Overwrite("docs", "u/a", []byte("another")); err != nil {
		t.Fatal(err)
	}
	if r := c.do(t, "GET", "/storage/v1/object/authenticated/docs/u/a", nil); r.body != "another" {
		t.Errorf("overwritten: %q", r.body)
	}
	c.fake.Lose("docs", "u/a")
	if r := c.do(t, "GET", "/storage/v1/object/info/docs/u/a", nil); r.code() != "NoSuchKey" {
		t.Errorf("lost: %s", r.body)
	}
	if err := c.fake.Overwrite("docs", "u/a", nil); err == nil {
		t.Error("overwriting nothing succeeded")
	}
}
