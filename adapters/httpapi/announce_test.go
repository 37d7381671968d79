package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// claim is an announcement with some of its fields replaced.
func claim(changes ...string) string {
	fields := map[string]string{"filename": `"policy.pdf"`, "bytes_len": "20", "mime": `"application/pdf"`, "ocr": "false"}
	for i := 0; i+1 < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
	}
	var text []string
	for name, value := range fields {
		if value != "" {
			text = append(text, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(text, ",") + "}"
}

// announced announces what must be accepted.
func (b *bench) announced() UploadAddress {
	b.t.Helper()
	got := b.post(pathAnnounce, adaToken, claim())
	if got.status != http.StatusOK {
		b.t.Fatalf("%d %s", got.status, got.body)
	}
	var out UploadAddress
	got.json(b.t, &out)
	return out
}

// arrive lays a file where the announced one is awaited.
func (b *bench) arrive(id string) core.Upload {
	b.t.Helper()
	parsed, err := core.ParseID(id)
	if err != nil {
		b.t.Fatal(err)
	}
	up, err := b.uploads.Announced(b.t.Context(), ports.Principal{User: ada.ID}, parsed)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.blobs.Put(b.t.Context(), up.Key, bytes.NewReader([]byte("x")), 1, "application/pdf"); err != nil {
		b.t.Fatal(err)
	}
	return up
}

// sent is the id of an announced upload whose file has come.
func (b *bench) sent() string {
	b.t.Helper()
	id := b.announced().DocumentID
	b.arrive(id)
	return id
}

func (b *bench) announcements() int {
	b.uploads.lock.Lock()
	defer b.uploads.lock.Unlock()
	return len(b.uploads.all)
}

func (b *bench) notices() int {
	b.uploads.lock.Lock()
	defer b.uploads.lock.Unlock()
	return len(b.uploads.noticed)
}

func TestC3_TheAnnouncementReservesIDsAndAnAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.post(pathAnnounce, adaToken, claim("filename", `"..\\..\\Plan\u0000 2.pdf"`))
	var fields map[string]any
	got.json(t, &fields)
	for _, name := range []string{"job_id", "document_id", "signed_url", "upload_expires_at"} {
		if text, _ := fields[name].(string); text == "" {
			t.Errorf("no %s in %s", name, got.body)
		}
	}
	var out UploadAddress
	got.json(t, &out)
	id, err := core.ParseID(out.DocumentID)
	if err != nil {
		t.Fatal(err)
	}
	up := b.uploads.all[id]
	if up.Name != "Plan 2.pdf" || up.Key != Key(ada.ID, id) || up.User != ada.ID || up.Size != 20 || up.Job.String() != out.JobID {
		t.Errorf("written down was %+v", up)
	}
	if !strings.Contains(out.SignedURL, up.Key) || !up.ExpiresAt.Equal(out.ExpiresAt) || out.Headers["Content-Type"] != "application/pdf" {
		t.Errorf("answered was %+v", out)
	}
	if strings.Contains(b.log.String(), "secret") || strings.Contains(b.log.String(), "Plan") {
		t.Error("the log holds the address or the name")
	}
}

func TestAnAnnouncementIsHeldToTheLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no name":          {claim("filename", ""), 422, "invalid_request"},
		"empty name":       {claim("filename", `""`), 422, "invalid_request"},
		"no size":          {claim("bytes_len", ""), 422, "invalid_request"},
		"nothing":          {claim("bytes_len", "0"), 422, "invalid_request"},
		"less":             {claim("bytes_len", "-1"), 422, "invalid_request"},
		"a fraction":       {claim("bytes_len", "1.5"), 422, "invalid_request"},
		"a byte too many":  {claim("bytes_len", "26214401"), 413, "file_too_large"},
		"far too many":     {claim("bytes_len", "9223372036854775807"), 413, "file_too_large"},
		"another type":     {claim("mime", `"text/plain"`), 415, "file_unsupported"},
		"another ending":   {claim("filename", `"virus.exe"`), 415, "file_unsupported"},
		"a short digest":   {claim("sha256", `"abc"`), 422, "invalid_request"},
		"an upper digest":  {claim("sha256", `"`+strings.Repeat("AB", 32)+`"`), 422, "invalid_request"},
		"an unknown field": {claim("bucket", `"x"`), 422, "invalid_request"},
		"no JSON":          {"{", 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.post(pathAnnounce, adaToken, c.body).problem(t, c.status, c.code)
			if len(b.uploads.all) != 0 {
				t.Error("it was written down")
			}
		})
	}
	b := newBench(t)
	if got := b.post(pathAnnounce, adaToken, claim("bytes_len", "26214400", "sha256", `""`)); got.status != http.StatusOK {
		t.Errorf("exactly the limit: %d %s", got.status, got.body)
	}
	b.post(pathAnnounce, "", claim()).problem(t, 401, "unauthenticated")
}

// The claimed digest refuses the owner's own duplicate, and nothing else.
func TestL007_TheHintIsComparedWithTheOwnersOwnAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sum := sha256.Sum256([]byte("content"))
	hint := claim("sha256", `"`+hex.EncodeToString(sum[:])+`"`)
	bobs := ports.Standing{Document: core.NewID(), SHA256: sum, Status: core.Complete, Name: "bob's.pdf"}
	b.library.put(bobID, bobs)
	if got := b.post(pathAnnounce, adaToken, hint); got.status != http.StatusOK {
		t.Fatalf("bob's content: %d %s", got.status, got.body)
	}
	adas := ports.Standing{Document: core.NewID(), SHA256: sum, Status: core.ParseQueued, Name: "ada's.pdf"}
	b.library.put(ada.ID, adas)
	p := b.post(pathAnnounce, adaToken, hint).problem(t, 409, "duplicate_document")
	if p["document_id"] != adas.Document.String() || p["documentId"] != p["document_id"] || p["filename"] != "ada's.pdf" {
		t.Errorf("the refusal says %v", p)
	}
	for _, status := range []core.Status{core.FailedParse, core.Cancelled} {
		adas.Status = status
		b.library.put(ada.ID, adas)
		if got := b.post(pathAnnounce, adaToken, hint); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", status, got.status, got.body)
		}
		if now, _ := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, adas.Document); now.Attempt != adas.Attempt {
			t.Errorf("%s: a claim alone took it up again", status)
		}
	}
}

func TestAnnouncingFailsCleanly(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxOpenUploads = 1 })
	b.blobs.set("SignPut", core.Fail(core.CodeStorageUnavailable, nil))
	b.post(pathAnnounce, adaToken, claim()).problem(t, 503, "storage_unavailable")
	b.blobs.set("SignPut", nil)
	b.uploads.set("Announce", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.post(pathAnnounce, adaToken, claim()).problem(t, 503, "database_unavailable")
	b.uploads.set("Announce", nil)
	b.announced()
	got := b.post(pathAnnounce, adaToken, claim())
	got.problem(t, 429, "rate_limited")
	if got.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
}

// A reader's look is bounded to one a second; who says the file was sent is
// always believed that far.
func TestTheFileIsLookedForAndNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.announced()
	id, path := a.DocumentID, "/api/upload-pipeline/upload/"+a.DocumentID+"/complete"
	var got DocumentStatus
	b.get("/documents/"+id+"/status", adaToken).json(t, &got)
	if got.Status != "uploaded" || got.Stage != "awaiting_file" || got.Progress != 0 || got.LastError != nil {
		t.Errorf("it stands at %+v", got)
	}
	b.post(path, adaToken, "").problem(t, 409, "conflict")
	b.post(path, bobToken, "").problem(t, 404, "not_found")
	b.get("/documents/"+id+"/status", bobToken).problem(t, 404, "not_found")
	b.arrive(id)
	if got := b.get("/documents/"+id, adaToken); got.status != http.StatusOK || len(b.uploads.noticed) != 0 {
		t.Errorf("a second look within the second: %d, noticed %v", got.status, b.uploads.noticed)
	}
	b.post(path, adaToken, "").json(t, &got)
	if got.Stage != "awaiting_file" || len(b.uploads.noticed) != 1 || b.uploads.noticed[0].String() != id {
		t.Errorf("completed: %+v, noticed %v", got, b.uploads.noticed)
	}
	b.blobs.set("Stat", core.Fail(core.CodeStorageUnavailable, nil))
	b.post(path, adaToken, "").problem(t, 503, "storage_unavailable")
	b.uploads.looked = map[core.ID]time.Time{}
	if got := b.get("/documents/"+id+"/status", adaToken); got.status != http.StatusOK {
		t.Errorf("a storage that is away: %d %s", got.status, got.body)
	}
	b.post("/api/upload-pipeline/upload/none/complete", adaToken, "").problem(t, 404, "not_found")
}

// Each end of an upload reads as a document's.
func TestEndedUploadsReadAsDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	existing := ports.Standing{Document: core.NewID(), Status: core.Complete, Name: "there.pdf"}
	b.library.put(ada.ID, existing)
	a := b.announced()
	up := b.arrive(a.DocumentID)
	why := core.TroubleOf(core.AwaitingFile, core.Fail(core.CodeFileBroken, nil))
	for state, want := range map[core.UploadState]Document{
		core.UploadFailed:    {DocumentStatus: DocumentStatus{DocumentID: a.DocumentID, Status: "failed_parse", Stage: "awaiting_file", NextStep: "none"}},
		core.UploadExpired:   {DocumentStatus: DocumentStatus{DocumentID: a.DocumentID, Status: "failed_parse", Stage: "awaiting_file", NextStep: "none"}},
		core.UploadCancelled: {DocumentStatus: DocumentStatus{DocumentID: a.DocumentID, Status: "cancelled", Stage: "done", NextStep: "none"}},
		core.UploadDuplicate: {DocumentStatus: DocumentStatus{DocumentID: existing.Document.String(), Status: "complete", Stage: "done", Progress: 100, NextStep: "none"}},
	} {
		up.State, up.Existing, up.Trouble = state, existing.Document, nil
		if state == core.UploadFailed || state == core.UploadExpired {
			up.Trouble = &why
		}
		b.uploads.keep(up)
		var got Document
		b.get("/documents/"+a.DocumentID, adaToken).json(t, &got)
		short := Document{DocumentStatus: DocumentStatus{DocumentID: got.DocumentID, Status: got.Status, Stage: got.Stage, Progress: got.Progress, NextStep: got.NextStep}}
		if diff := cmp.Diff(want, short); diff != "" {
			t.Errorf("%s:\n%s", state, diff)
		}
		if (got.LastError != nil) != (up.Trouble != nil) {
			t.Errorf("%s: last_error %+v", state, got.LastError)
		}
	}
	up.State = core.UploadRemoved
	b.uploads.keep(up)
	b.get("/documents/"+a.DocumentID, adaToken).problem(t, 404, "not_found")
}

// sendFile puts a body to an address of ours.
func (b *bench) sendFile(token, kind string, body io.Reader) reply {
	b.t.Helper()
	return b.do(http.MethodPut, PathPut+"?token="+url.QueryEscape(token), "", kind, body)
}

func TestC3_C10_AFileIsTakenByItsTicketAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	content := "%PDF-1.7 twenty bytes"
	token := fmt.Sprintf("u/d/original.pdf|%d", len(content))
	b.sendFile("no ticket", "application/pdf", strings.NewReader(content)).problem(t, 403, "upload_link_invalid")
	b.do(http.MethodPut, PathPut, adaToken, "application/pdf", strings.NewReader(content)).problem(t, 403, "upload_link_invalid")
	b.sendFile(token, "image/png", strings.NewReader(content)).problem(t, 415, "file_unsupported")
	b.sendFile(token, "application/pdf", strings.NewReader(content[1:])).problem(t, 422, "file_size_differs")
	b.sendFile(token, "application/pdf", strings.NewReader(content+"x")).problem(t, 422, "file_size_differs")
	if len(b.blobs.keys()) != 0 {
		t.Fatalf("something was stored: %v", b.blobs.keys())
	}
	if got := b.sendFile(token, "application/pdf", strings.NewReader(content)); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if diff := cmp.Diff([]string{"u/d/original.pdf"}, b.blobs.keys()); diff != "" {
		t.Errorf("stored:\n%s", diff)
	}
	b.blobs.set("Put", core.Fail(core.CodeStorageConflict, nil))
	b.sendFile(token, "application/pdf", strings.NewReader(content)).problem(t, 409, "conflict")
	b.blobs.set("Put", core.Fail(core.CodeStorageUnavailable, nil))
	b.sendFile(token, "application/pdf", strings.NewReader(content)).problem(t, 503, "storage_unavailable")
	if log := b.log.String(); strings.Contains(log, "token") || strings.Contains(log, "original.pdf") {
		t.Error("the log holds the address")
	}
	if o := b.observed(putRoute); o.Method != http.MethodPut {
		t.Errorf("observed as %+v", o)
	}
}

// A file that stops on its way is cut off, as an upload is.
func TestF1ASilentFileIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.Limits.UploadGrace, d.Limits.UploadTime = 200*time.Millisecond, 400*time.Millisecond
	})
	silent, stop := io.Pipe()
	t.Cleanup(func() { _ = stop.Close() })
	go func() { _, _ = io.WriteString(stop, "%PDF") }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.url+PathPut+"?token="+url.QueryEscape("k|100"), silent)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 100
	b.send(req).problem(t, 408, "upload_too_slow")
	if len(b.blobs.keys()) != 0 {
		t.Error("half a file was stored")
	}
}

// Larger than what a form may have around its file: the whole body is the file.
func TestALargeFileIsTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	content := bytes.Repeat([]byte("x"), 3<<20)
	if got := b.sendFile(fmt.Sprintf("k|%d", len(content)), "application/pdf", bytes.NewReader(content)); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
}

func TestWithoutTicketsThereIsNoAddressOfOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Tickets = nil })
	b.sendFile("k|1", "application/pdf", strings.NewReader("x")).problem(t, 404, "not_found")
}

func TestAnAwaitedUploadHasNoEventsYet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.announced()
	b.get("/documents/"+a.DocumentID+"/events", adaToken).problem(t, 409, "conflict")
	b.get("/documents/"+a.DocumentID+"/events", bobToken).problem(t, 404, "not_found")
}

func TestTheLimitsTellTheAddressesLife(t *testing.T) {
	t.Parallel()
	var got UploadLimits
	newBench(t).get(pathLimits, "").json(t, &got)
	if got.SignedURLTTL != 900 {
		t.Errorf("signed_url_ttl_seconds is %v, want 900", got.SignedURLTTL)
	}
}
