package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func (b *bench) create(query string, p part) reply {
	b.t.Helper()
	kind, body := multipartBody(b.t, p)
	return b.do(http.MethodPost, pathDocuments+query, adaToken, kind, bytes.NewReader(body))
}

func TestCreateLeadsOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.create("", pdf("one"))
	var doc Document
	first.json(t, &doc)
	self := pathDocuments + "/" + doc.DocumentID
	want := Links{Self: self, Status: self + "/status", Chunks: self + "/chunks", File: self + "/file"}
	if first.status != http.StatusAccepted || first.header.Get("Location") != self || doc.Links != want || doc.Status != "uploaded" || doc.NextStep != nextWork {
		t.Fatalf("%d %s %+v", first.status, first.header.Get("Location"), doc)
	}
	for _, query := range []string{"", "?on_duplicate=refuse"} {
		p := b.create(query, pdf("one")).problem(t, http.StatusConflict, "duplicate_document")
		if p["document_id"] != doc.DocumentID || p["documentId"] != doc.DocumentID || p["filename"] != "policy.pdf" {
			t.Errorf("duplicate %v", p)
		}
	}
	again := b.create("?on_duplicate=return", pdf("one"))
	var there Document
	again.json(t, &there)
	if again.status != http.StatusOK || again.header.Get("Location") != self || there.DocumentID != doc.DocumentID || b.library.count(ada.ID) != 1 {
		t.Errorf("%d %+v", again.status, there)
	}
	b.create("?on_duplicate=keep", pdf("two")).problem(t, http.StatusUnprocessableEntity, "invalid_request")
	b.create("?on_duplicate=return", part{"file", "a.pdf", "application/pdf", "no pdf"}).problem(t, http.StatusUnsupportedMediaType, "file_unsupported")
	b.post(pathDocuments, adaToken, "{}").problem(t, http.StatusUnsupportedMediaType, "invalid_request")
	b.post(pathDocuments, "", "{}").problem(t, http.StatusUnauthorized, "unauthenticated")
	b.spoolEmpty()
}

func TestListGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 123456000, time.UTC)
	var want []string
	for i := range 45 {
		id := core.NewID()
		b.library.put(ada.ID, ports.Standing{Document: id, Status: core.Complete, CreatedAt: start.Add(time.Duration(i) * time.Microsecond)})
		want = append(want, id.String())
	}
	slices.Reverse(want)
	b.library.put(bobID, ports.Standing{Document: core.NewID(), Status: core.Complete})
	var got []string
	var sizes []int
	for cursor := ""; ; {
		var body DocumentPage
		b.get(pathDocuments+"?cursor="+cursor, adaToken).json(t, &body)
		sizes = append(sizes, len(body.Documents))
		for _, d := range body.Documents {
			got = append(got, d.DocumentID)
		}
		if body.NextCursor == nil {
			break
		}
		cursor = *body.NextCursor
	}
	if diff := cmp.Diff([]int{20, 20, 5}, sizes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.get(pathDocuments+"?limit=100&status=complete&status=deleting&created_after=2026-01-01T00:00:00Z&created_before=2026-02-01T02:00:00%2B02:00", adaToken)
	if got.status != http.StatusOK || string(got.body) != "{\"documents\":[],\"next_cursor\":null}\n" {
		t.Errorf("%d %s", got.status, got.body)
	}
	want := ports.Listing{
		Statuses: []core.Status{core.Complete, core.Deleting}, Limit: 101,
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Before: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, b.library.listings[0], cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Error(diff)
	}
	odd := base64.RawURLEncoding.EncodeToString
	for _, query := range []string{
		"limit=0", "limit=101", "limit=-1", "limit=x", "status=done", "status=complete,failed", "created_after=yesterday",
		"created_before=2026-01-01", "cursor=secret-canary", "cursor=" + ordinalCursor(1), "cursor=" + strings.Repeat("A", 1000),
		"cursor=" + odd(append([]byte{'d', 0x7f, 0xff}, make([]byte, 22)...)), "cursor=" + odd([]byte("d")), "cursor=%00",
	} {
		p := b.get(pathDocuments+"?"+query, adaToken).problem(t, http.StatusUnprocessableEntity, "invalid_request")
		if text, _ := json.Marshal(p); p["errors"] == nil || strings.Contains(string(text), "canary") {
			t.Errorf("%s: %s", query, text)
		}
	}
	b.get(pathDocuments, "").problem(t, http.StatusUnauthorized, "unauthenticated")
	b.library.set("List", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.get(pathDocuments, adaToken).problem(t, http.StatusServiceUnavailable, "database_unavailable")
}

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		place := ports.Place{Document: core.NewID(), CreatedAt: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC()}
		back, err := placeOf(placeCursor(place))
		if err != nil || *back != place || len(placeCursor(place)) > 64 {
			t.Fatalf("%v: %v %v", place, back, err)
		}
		n := rapid.IntRange(0, 1<<31-1).Draw(t, "ordinal")
		if got, err := ordinalOf(ordinalCursor(n)); got != n || err != nil {
			t.Fatalf("%d: %d %v", n, got, err)
		}
		text := rapid.String().Draw(t, "cursor")
		_, _ = placeOf(text)
		_, _ = ordinalOf(text)
	})
}

func TestChunksGoInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: id, Status: core.Complete})
	b.library.chunks = map[core.ID][]ports.Chunk{}
	for i := range 5 {
		b.library.chunks[id] = append(b.library.chunks[id], ports.Chunk{ID: core.ChunkID(id, "c", i), Ordinal: i, Text: "<b>", PageFrom: 1, PageTo: 2, Tokens: 3, Embedded: i < 4})
	}
	path := "/documents/" + id.String() + "/chunks"
	var got []DocumentChunk
	for cursor, pages := "", 0; pages < 3; pages++ {
		var body ChunkPage
		b.get(path+"?limit=2&cursor="+cursor, adaToken).json(t, &body)
		got = append(got, body.Chunks...)
		if (body.NextCursor == nil) != (pages == 2) {
			t.Fatalf("page %d: %+v", pages, body)
		}
		if body.NextCursor != nil {
			cursor = *body.NextCursor
		}
	}
	for i, c := range got {
		want := DocumentChunk{Ordinal: i, ChunkID: core.ChunkID(id, "c", i).String(), Text: "<b>", Headings: []string{}, PageFrom: 1, PageTo: 2, Tokens: 3, Embedded: i < 4}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Error(diff)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d chunks", len(got))
	}
	b.get(path+"?limit=101", adaToken).problem(t, http.StatusUnprocessableEntity, "invalid_request")
	b.get(path+"?cursor="+placeCursor(ports.Place{}), adaToken).problem(t, http.StatusUnprocessableEntity, "invalid_request")
}

// stored uploads a file and gives the address of its bytes.
func (b *bench) stored(p part) (path string, id core.ID) {
	b.t.Helper()
	var doc Document
	b.create("", p).json(b.t, &doc)
	id, err := core.ParseID(doc.DocumentID)
	if err != nil {
		b.t.Fatal(err)
	}
	return doc.Links.File, id
}

func (b *bench) ask(path string, headers ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adaToken)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.send(req)
}

func TestFileComesBackWholeAndInRanges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	content := "%PDF-1.7\n0123456789"
	path, _ := b.stored(part{"file", "Políza \"2026\"; a.pdf", "application/pdf", content})
	whole := b.ask(path)
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(content)))
	_, params, err := mime.ParseMediaType(whole.header.Get("Content-Disposition"))
	if whole.status != http.StatusOK || string(whole.body) != content || whole.header.Get("ETag") != etag || err != nil || params["filename"] != "Políza \"2026\"; a.pdf" {
		t.Errorf("%d %q %v %v", whole.status, whole.body, whole.header, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Accept-Ranges": "bytes",
	} {
		if got := whole.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for header, want := range map[string]string{"bytes=0-4": "%PDF-", "bytes=-3": "789", "bytes=17-": "89", "bytes=9-9": "0"} {
		got := b.ask(path, "Range", header)
		if got.status != http.StatusPartialContent || string(got.body) != want || !strings.HasSuffix(got.header.Get("Content-Range"), "/19") {
			t.Errorf("%s: %d %q", header, got.status, got.body)
		}
	}
	if got := b.ask(path, "Range", "bytes=0-4", "If-Range", `"other"`); got.status != http.StatusOK || string(got.body) != content {
		t.Errorf("If-Range of another file: %d %q", got.status, got.body)
	}
	if got := b.ask(path, "If-None-Match", etag); got.status != http.StatusNotModified || len(got.body) != 0 {
		t.Errorf("If-None-Match: %d %q", got.status, got.body)
	}
	got := b.ask(path, "Range", "bytes=19-")
	got.problem(t, http.StatusRequestedRangeNotSatisfiable, "invalid_request")
	if got.header.Get("Content-Range") != "bytes */19" || got.header.Get("Content-Disposition") != "" {
		t.Errorf("416: %v", got.header)
	}
	b.ask(path, "If-Match", `"other"`).problem(t, http.StatusPreconditionFailed, "invalid_request")
	if got := b.do(http.MethodHead, path, adaToken, "", nil); got.status != http.StatusOK || len(got.body) != 0 || got.header.Get("Content-Length") != "19" {
		t.Errorf("HEAD: %d %q %v", got.status, got.body, got.header)
	}
	b.spoolEmpty()
}

// What storage holds by now is compared with what was uploaded: wrong bytes are
// never sent, not even a range of them.
func TestFileThatWasChangedIsNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.stored(pdf("the policy"))
	key := Key(ada.ID, id)
	good := b.blobs.objects[key]
	for name, bad := range map[string][]byte{
		"another": bytes.ToUpper(good), "shorter": good[:5], "longer": append(slices.Clone(good), 'x'), "empty": {},
	} {
		b.blobs.objects[key] = bad
		got := b.ask(path, "Range", "bytes=0-1")
		got.problem(t, http.StatusInternalServerError, "file_changed")
		if got.header.Get("Content-Disposition") != "" || got.header.Get("ETag") != "" {
			t.Errorf("%s: %v", name, got.header)
		}
	}
	delete(b.blobs.objects, key)
	b.ask(path).problem(t, http.StatusInternalServerError, "file_missing")
	b.blobs.objects[key] = good
	for _, code := range []core.Code{core.CodeStorageUnavailable, core.CodeStorageDenied} {
		b.blobs.set("Open", core.Fail(code, nil))
		got := b.ask(path)
		got.problem(t, http.StatusServiceUnavailable, string(code))
		if got.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	}
	b.blobs.set("Open", nil)
	b.library.put(ada.ID, ports.Standing{Document: id, Status: core.Deleting})
	b.ask(path).problem(t, http.StatusNotFound, "not_found")
	b.spoolEmpty()
}

func TestDispositionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := DisplayName(rapid.String().Draw(t, "name"), 255)
		kind, params, err := mime.ParseMediaType(disposition(name))
		if err != nil || kind != "attachment" || params["filename"] != name {
			t.Fatalf("%q: %q %v %v", name, disposition(name), params, err)
		}
	})
}

func TestRetryAndCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := core.NewID()
	path := "/documents/" + id.String()
	for _, status := range core.Statuses() {
		b.library.put(ada.ID, ports.Standing{Document: id, Status: status, LastGood: status, Attempt: 1})
		_, retries := core.Retries[status]
		for verb, allowed := range map[string]bool{"/retry": retries, "/cancel": !status.Terminal()} {
			b.library.put(ada.ID, ports.Standing{Document: id, Status: status, LastGood: status, Attempt: 1})
			got := b.do(http.MethodPost, path+verb, adaToken, "", nil)
			if !allowed {
				got.problem(t, http.StatusConflict, "conflict")
				continue
			}
			var doc Document
			got.json(t, &doc)
			if got.status != http.StatusAccepted || (verb == "/cancel") != (doc.Status == "cancelled") || (verb == "/retry") != (doc.Attempt == 2) {
				t.Errorf("%s of %s: %d %s", verb, status, got.status, got.body)
			}
		}
	}
}

func TestBatchStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine, other, foreign := core.NewID(), core.NewID(), core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: mine, Status: core.ParseQueued})
	b.library.put(ada.ID, ports.Standing{Document: other, Status: core.Complete})
	b.library.put(bobID, ports.Standing{Document: foreign, Status: core.Complete})
	var body BatchStatus
	b.post("/documents/batch-status", adaToken, fmt.Sprintf(`{"ids":[%q,%q,%q,%q,%q]}`, other, strings.ToUpper(foreign.String()), mine, anyID, mine)).json(t, &body)
	if len(body.Documents) != 2 || body.Documents[0].DocumentID != other.String() || body.Documents[1].NextStep != nextParser {
		t.Errorf("%+v", body.Documents)
	}
	if diff := cmp.Diff([]string{foreign.String(), anyID}, body.Missing); diff != "" {
		t.Error(diff)
	}
	many := strings.Repeat(`"`+anyID+`",`, 100)
	if got := b.post("/documents/batch-status", adaToken, `{"ids":[`+many[:len(many)-1]+`]}`); got.status != http.StatusOK {
		t.Errorf("100 ids: %d %s", got.status, got.body)
	}
	for _, bad := range []string{`{}`, `{"ids":[]}`, `{"ids":null}`, `{"ids":["x"]}`, `{"ids":[7]}`, `{"ids":[` + many + `"` + anyID + `"]}`, `[]`} {
		b.post("/documents/batch-status", adaToken, bad).problem(t, http.StatusUnprocessableEntity, "invalid_request")
	}
	b.library.set("Standings", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.post("/documents/batch-status", adaToken, `{"ids":["`+anyID+`"]}`).problem(t, http.StatusServiceUnavailable, "database_unavailable")
}

// Each new route answers a document of another account, one that never was and
// an id that is none with one body.
func TestS01EveryRouteAnswersForeignAsUnknown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: mine, Status: core.FailedParse})
	for _, route := range []string{"GET ", "GET /chunks", "GET /file", "GET /deletion", "POST /retry", "POST /cancel"} {
		method, rest, _ := strings.Cut(route, " ")
		var bodies []string
		for _, id := range []string{mine.String(), anyID, "not-an-id", url.PathEscape("';--")} {
			p := b.do(method, "/documents/"+id+rest, bobToken, "", nil).problem(t, http.StatusNotFound, "not_found")
			delete(p, "instance")
			text, _ := json.Marshal(p)
			bodies = append(bodies, string(text))
		}
		if len(slices.Compact(bodies)) != 1 {
			t.Errorf("%s: %v", route, bodies)
		}
		b.do(method, "/documents/"+mine.String()+rest, "", "", nil).problem(t, http.StatusUnauthorized, "unauthenticated")
	}
}

// A receipt is empty while the deletion is under way, and tells zeros and what
// was not asked after it.
func TestTheReceiptOfADeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := core.NewID()
	d := core.Deletion{Document: id, User: ada.ID, Reason: core.ByOwner, RequestedAt: exampleTime()}
	b.library.deletions = map[core.ID]core.Deletion{id: d}
	read := func() (r DeletionReceipt) {
		got := b.do(http.MethodGet, "/documents/"+id.String()+"/deletion", adaToken, "", nil)
		if err := json.Unmarshal([]byte(got.body), &r); err != nil || got.status != http.StatusOK {
			t.Fatalf("answered %d %s", got.status, got.body)
		}
		return r
	}
	if r := read(); r.Status != deletionUnderWay || r.DoneAt != nil || len(r.Residual) != 0 {
		t.Errorf("under way: %+v", r)
	}
	d.DoneAt, d.Residual = exampleTime().Add(time.Second), core.Residual{core.PlaceCopies: nil}
	d.Residual.Count(core.PlaceFile, 0)
	b.library.deletions[id] = d
	if r := read(); r.Status != deletionDone || !r.DoneAt.Equal(d.DoneAt) || *r.Residual["file"] != 0 || r.Residual["parser_files"] != nil || len(r.Residual) != 2 {
		t.Errorf("done: %+v", r)
	}
}
