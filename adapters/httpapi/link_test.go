package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestALinkIsToTheOwnersFileAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	content := "%PDF-1.7\n0123456789"
	file, id := b.stored(part{"file", "Políza.pdf", "application/pdf", content})
	path := file + "/link"
	var got FileLink
	r := b.get(path, adaToken)
	if err := json.Unmarshal(r.body, &got); err != nil || r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if left := time.Until(got.ExpiresAt); left < 4*time.Minute || left > 5*time.Minute {
		t.Errorf("it lives %s", left)
	}
	sum := sha256.Sum256([]byte(content))
	want := FileLink{
		URL: "https://files.example.org/" + Key(ada.ID, id) + "?token=secret&name=" + url.QueryEscape("Políza.pdf"), ExpiresAt: got.ExpiresAt,
		Filename: "Políza.pdf", Mime: "application/pdf", BytesLen: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.get(path, "").problem(t, http.StatusUnauthorized, "unauthenticated")
	b.get(path, bobToken).problem(t, http.StatusNotFound, "not_found")
	b.get("/documents/"+core.NewID().String()+"/file/link", adaToken).problem(t, http.StatusNotFound, "not_found")
	b.blobs.set("SignGet", core.Fail(core.CodeStorageUnavailable, nil))
	b.get(path, adaToken).problem(t, http.StatusServiceUnavailable, "storage_unavailable")
	b.blobs.set("SignGet", nil)
	if err := b.blobs.Delete(t.Context(), Key(ada.ID, id)); err != nil {
		t.Fatal(err)
	}
	b.get(path, adaToken).problem(t, http.StatusInternalServerError, "file_missing")
	b.library.put(ada.ID, ports.Standing{Document: id, Status: core.Deleting})
	b.get(path, adaToken).problem(t, http.StatusNotFound, "not_found")
	if log := b.log.String(); strings.Contains(log, "secret") || strings.Contains(log, "Pol") {
		t.Error("the log holds the address or the name")
	}
}

// A read of the file, and an address of it, are noted until one is; what cannot
// be noted is read all the same.
func TestAReadOfTheFileIsNoted(t *testing.T) {
	t.Parallel()
	for _, tail := range []string{"", "/link"} {
		b := newBench(t)
		file, id := b.stored(part{"file", "card.pdf", "application/pdf", "%PDF-1.7\n0123456789"})
		noted := func() bool {
			s, err := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, id)
			return err == nil && s.ReadNoted
		}
		b.library.set("NoteRead", core.Fail(core.CodeDatabaseUnavailable, nil))
		if r := b.get(file+tail, adaToken); r.status != http.StatusOK || noted() || !strings.Contains(b.log.String(), "note a read") {
			t.Errorf("%q without a note answered %d, noted %t", tail, r.status, noted())
		}
		b.library.set("NoteRead", nil)
		if b.get(file+tail, bobToken); noted() {
			t.Errorf("%q: another's try was noted", tail)
		}
		if r := b.get(file+tail, adaToken); r.status != http.StatusOK || !noted() {
			t.Errorf("%q answered %d, noted %t", tail, r.status, noted())
		}
		b.library.set("NoteRead", core.Fail(core.CodeDatabaseUnavailable, nil)) // nobody asks for it again
		before := strings.Count(b.log.String(), "note a read")
		if b.get(file+tail, adaToken); strings.Count(b.log.String(), "note a read") != before {
			t.Errorf("%q: what was noted was noted again", tail)
		}
	}
}

func TestC3_AFileIsReadByItsTicketAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	content := "%PDF-1.7\n0123456789"
	_, id := b.stored(part{"file", "a.pdf", "application/pdf", content})
	address := PathGet + "?token=" + url.QueryEscape(Key(ada.ID, id)+"|Políza \"1\".pdf")
	whole := b.get(address, "")
	_, params, err := mime.ParseMediaType(whole.header.Get("Content-Disposition"))
	if whole.status != http.StatusOK || string(whole.body) != content || err != nil || params["filename"] != "Políza \"1\".pdf" {
		t.Errorf("%d %q %v", whole.status, whole.body, whole.header)
	}
	for name, want := range map[string]string{"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		if got := whole.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := b.ask(address, "Range", "bytes=0-4"); got.status != http.StatusPartialContent || string(got.body) != "%PDF-" {
		t.Errorf("range: %d %q", got.status, got.body)
	}
	b.ask(address, "Range", "bytes=19-").problem(t, http.StatusRequestedRangeNotSatisfiable, "invalid_request")
	b.get(PathGet, adaToken).problem(t, http.StatusForbidden, "download_link_invalid")
	b.get(PathGet+"?token=no", "").problem(t, http.StatusForbidden, "download_link_invalid")
	b.get(PathGet+"?token="+url.QueryEscape("u/gone|a"), "").problem(t, http.StatusNotFound, "not_found")
	b.blobs.set("Open", core.Fail(core.CodeStorageUnavailable, nil))
	b.get(address, "").problem(t, http.StatusServiceUnavailable, "storage_unavailable")
	if log := b.log.String(); strings.Contains(log, "token") || strings.Contains(log, "original.pdf") {
		t.Error("the log holds the address")
	}
}
