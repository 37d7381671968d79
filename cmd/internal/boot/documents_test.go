package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// resource is a document as the modern routes answer it.
type resource struct {
	standing
	Filename string            `json:"filename"`
	NextStep string            `json:"next_step"`
	Links    map[string]string `json:"links"`
}

// answered is one answer as it came.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// bare sends a request without a JSON body; headers are pairs.
func (p person) bare(method, path string, headers ...string) answered {
	p.w.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, p.w.api+path, nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return p.whole(request)
}

func (p person) whole(request *http.Request) answered {
	p.w.t.Helper()
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return answered{response.StatusCode, response.Header, body}
}

// create uploads by the modern route.
func (p person) create(query, name string, content []byte) answered {
	p.w.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("file", name)
	if err != nil {
		p.w.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = writer.Close()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.w.api+"/documents"+query, &form)
	if err != nil {
		p.w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	return p.whole(request)
}

// get reads a resource, and fails the test when that is not what came.
func get[T any](p person, path string) (value T) {
	p.w.t.Helper()
	if status := p.w.call(http.MethodGet, p.w.api+path, p.token, nil, &value); status != http.StatusOK {
		p.w.t.Fatalf("GET %s answered %d", path, status)
	}
	return value
}

// moves posts to a document's route without a body.
func (p person) moves(id, verb string) (int, resource) {
	p.w.t.Helper()
	var doc resource
	return p.w.call(http.MethodPost, p.w.api+"/documents/"+id+"/"+verb, p.token, nil, &doc), doc
}

type documentPage struct {
	Documents  []resource `json:"documents"`
	NextCursor string     `json:"next_cursor"`
}

func (d documentPage) ids() (ids []string) {
	for _, doc := range d.Documents {
		ids = append(ids, doc.DocumentID)
	}
	return ids
}

// From the upload to the bytes and the text that came of them, by nothing but
// the links that the service gives.
func TestADocumentByItsLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	content := corpus.MemberCard().Bytes
	made := ada.create("", "card ä.pdf", content)
	location := made.header.Get("Location")
	if made.status != http.StatusAccepted || location == "" {
		t.Fatalf("the upload answered %d %s", made.status, made.body)
	}
	doc := get[resource](ada, location)
	if doc.Links["self"] != location || doc.Filename != "card ä.pdf" {
		t.Fatalf("the document is %+v", doc)
	}
	ada.completes(doc.DocumentID)
	last, old := get[resource](ada, location), get[standing](ada, doc.Links["status"])
	if diff := cmp.Diff(old, last.standing); diff != "" || last.Status != core.Complete || last.NextStep != "none" {
		t.Errorf("%s %s: the two routes differ: %s", last.Status, last.NextStep, diff)
	}
	ada.readsChunks(doc.Links["chunks"], last.Chunks.Total)
	ada.readsFile(doc.Links["file"], content)
	for _, link := range doc.Links {
		if got := bob.bare(http.MethodGet, link); got.status != http.StatusNotFound {
			t.Errorf("bob's GET %s answered %d", link, got.status)
		}
		if got := (person{w, ""}).bare(http.MethodGet, link); got.status != http.StatusUnauthorized {
			t.Errorf("a stranger's GET %s answered %d", link, got.status)
		}
	}
}

// readsChunks goes through all the pages, one chunk each.
func (p person) readsChunks(path string, total int) {
	p.w.t.Helper()
	cursor := ""
	for i := range total {
		page := get[struct {
			Chunks []struct {
				Ordinal  int    `json:"ordinal"`
				Text     string `json:"text"`
				PageFrom int    `json:"page_from"`
				Tokens   int    `json:"tokens"`
				Embedded bool   `json:"embedded"`
			} `json:"chunks"`
			NextCursor string `json:"next_cursor"`
		}](p, path+"?limit=1&cursor="+cursor)
		if len(page.Chunks) != 1 || (page.NextCursor == "") != (i == total-1) {
			p.w.t.Fatalf("chunk %d of %d: %+v", i, total, page)
		}
		c := page.Chunks[0]
		if c.Ordinal != i || c.Text == "" || c.PageFrom < 1 || c.Tokens < 1 || !c.Embedded {
			p.w.t.Errorf("chunk %d is %+v", i, c)
		}
		cursor = page.NextCursor
	}
	if got := p.bare(http.MethodGet, path+"?cursor=odd"); got.status != http.StatusUnprocessableEntity {
		p.w.t.Errorf("an odd cursor answered %d", got.status)
	}
}

// readsFile reads the whole, a part, and what is not there.
func (p person) readsFile(path string, content []byte) {
	p.w.t.Helper()
	if got := p.bare(http.MethodGet, path); got.status != http.StatusOK || !bytes.Equal(got.body, content) || got.header.Get("Content-Type") != "application/pdf" {
		p.w.t.Errorf("the file answered %d with %d bytes of %d", got.status, len(got.body), len(content))
	}
	if got := p.bare(http.MethodGet, path, "Range", "bytes=5-9"); got.status != http.StatusPartialContent || !bytes.Equal(got.body, content[5:10]) {
		p.w.t.Errorf("a range answered %d %q", got.status, got.body)
	}
	if got := p.bare(http.MethodGet, path, "Range", fmt.Sprintf("bytes=%d-", len(content))); got.status != http.StatusRequestedRangeNotSatisfiable ||
		got.header.Get("Content-Type") != "application/problem+json" {
		p.w.t.Errorf("a range behind the end answered %d %v", got.status, got.header)
	}
}

func TestTheModernUploadKnowsDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	content := corpus.MemberCard().Bytes
	first := ada.create("", "card.pdf", content)
	location := first.header.Get("Location")
	if got := ada.create("", "other.pdf", content); got.status != http.StatusConflict || got.header.Get("Location") != "" {
		t.Errorf("the same content answered %d %s", got.status, got.body)
	}
	if got := ada.create("?on_duplicate=return", "other.pdf", content); got.status != http.StatusOK || got.header.Get("Location") != location {
		t.Errorf("with return it answered %d %s", got.status, got.body)
	}
	if got := bob.create("?on_duplicate=return", "card.pdf", content); got.status != http.StatusAccepted || got.header.Get("Location") == location {
		t.Errorf("another owner's answered %d %s", got.status, got.body)
	}
	if got := ada.create("", "card.pdf", []byte("no document")); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("what is no document answered %d", got.status)
	}
	if got := ada.create("?on_duplicate=maybe", "card.pdf", content); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown word answered %d", got.status)
	}
	ada.completes(get[resource](ada, location).DocumentID)
}

// A file that lies changed in storage, or that storage cannot give, is an error
// with its name and never wrong bytes.
func TestTheFileWhileStorageIsInTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	path := "/documents/" + id + "/file"
	for _, trouble := range []supabasetest.Failure{supabasetest.ServerError, supabasetest.Truncated} {
		w.supa.Break(supabasetest.Fault{Op: supabasetest.OpDownload, Do: trouble})
		got := ada.bare(http.MethodGet, path)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.header.Get("ETag") != "" {
			t.Errorf("with storage in trouble %d it answered %d %s", trouble, got.status, got.body)
		}
		w.supa.Mend()
	}
	if got := ada.bare(http.MethodGet, path); got.status != http.StatusOK {
		t.Errorf("with storage back it answered %d %s", got.status, got.body)
	}
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("the deletion answered %d", status)
	}
	for _, part := range []string{"/file", "/chunks"} {
		if got := ada.bare(http.MethodGet, "/documents/"+id+part); got.status != http.StatusNotFound {
			t.Errorf("%s of a deleted document answered %d", part, got.status)
		}
	}
}

func TestTheListOfDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	var newest []string
	for n := range 5 {
		newest = append([]string{ada.taken("filler.pdf", corpus.Filler(1, uint64(n)).Bytes)}, newest...)
	}
	foreign := bob.taken("filler.pdf", corpus.Filler(1, 99).Bytes)
	for _, id := range newest {
		ada.completes(id)
	}
	var listed []string
	for cursor := ""; ; {
		page := get[documentPage](ada, "/documents?limit=2&cursor="+cursor)
		listed = append(listed, page.ids()...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(newest, listed); diff != "" {
		t.Errorf("the pages: %s", diff)
	}
	middle := w.text(`select to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from upload_pipeline.documents where document_id = $1`, newest[2])
	for query, want := range map[string][]string{
		"status=complete": newest, "status=failed_parse&status=cancelled": nil,
		"created_after=" + url.QueryEscape(middle): newest[:3], "created_before=" + url.QueryEscape(middle): newest[3:],
	} {
		if diff := cmp.Diff(want, get[documentPage](ada, "/documents?"+query).ids()); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for _, query := range []string{"limit=0", "limit=101", "status=done", "created_after=today", "cursor=x"} {
		if got := ada.bare(http.MethodGet, "/documents?"+query); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s answered %d", query, got.status)
		}
	}
	ada.asksForSeveral(newest[:2], foreign)
}

// asksForSeveral asks for documents at once, a foreign and an unknown among them.
func (p person) asksForSeveral(mine []string, foreign string) {
	p.w.t.Helper()
	unknown := core.NewID().String()
	var batch struct {
		documentPage
		Missing []string `json:"missing"`
	}
	ids := append([]string{foreign, unknown}, mine...)
	status := p.w.call(http.MethodPost, p.w.api+"/documents/batch-status", p.token, map[string]any{"ids": ids}, &batch)
	if diff := cmp.Diff(mine, batch.ids()); diff != "" || status != http.StatusOK || !slices.Equal(batch.Missing, []string{foreign, unknown}) {
		p.w.t.Errorf("several answered %d, missing %v: %s", status, batch.Missing, diff)
	}
	for _, bad := range []any{map[string]any{"ids": []string{}}, map[string]any{"ids": make([]string, 101)}, map[string]any{"ids": []string{"x"}}} {
		if status := p.w.call(http.MethodPost, p.w.api+"/documents/batch-status", p.token, bad, nil); status != http.StatusUnprocessableEntity {
			p.w.t.Errorf("a bad batch answered %d", status)
		}
	}
}

// A document that is cancelled stays so, whatever the parser says later, and
// goes to its end when it is retried.
func TestCancelAndRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.llama.Faults.Hold()
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.until("the document to wait for the parser", func() bool { _, s := ada.status(id); return s.Status == core.ParseQueued })
	if doc := get[resource](ada, "/documents/"+id); doc.NextStep != "waits_for_parser" {
		t.Errorf("next step %s", doc.NextStep)
	}
	for _, verb := range []string{"retry", "cancel"} {
		if status, _ := bob.moves(id, verb); status != http.StatusNotFound {
			t.Errorf("bob's %s answered %d", verb, status)
		}
	}
	if status, _ := ada.moves(id, "retry"); status != http.StatusConflict {
		t.Errorf("a retry under way answered %d", status)
	}
	status, doc := ada.moves(id, "cancel")
	if status != http.StatusAccepted || doc.Status != core.Cancelled || doc.NextStep != "waits_for_retry" {
		t.Fatalf("the cancel answered %d %+v", status, doc)
	}
	if status, _ := ada.moves(id, "cancel"); status != http.StatusConflict {
		t.Errorf("a second cancel answered %d", status)
	}
	w.llama.Faults.Release()
	w.idle()
	if _, now := ada.status(id); now.Status != core.Cancelled || now.Attempt != 1 {
		t.Errorf("the parser's late answer moved it: %+v", now)
	}
	if status, doc = ada.moves(id, "retry"); status != http.StatusAccepted || doc.Attempt != 2 {
		t.Fatalf("the retry answered %d %+v", status, doc)
	}
	ada.completes(id)
	for _, verb := range []string{"retry", "cancel"} {
		if status, _ := ada.moves(id, verb); status != http.StatusConflict {
			t.Errorf("%s of a complete document answered %d", verb, status)
		}
	}
}
