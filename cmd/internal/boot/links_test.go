package boot_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// read gets an address as a browser does, without a token.
func (w *world) read(address string) (int, http.Header, []byte) {
	w.t.Helper()
	response, err := http.Get(address) //nolint:gosec,noctx // an address of the test's own servers
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}

// A link reads its owner's file in a browser, over either storage, until the
// document is deleted.
func TestC3_ALinkReadsTheFileWithoutAToken(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada, bob := w.person("ada"), w.person("bob")
		content := corpus.MemberCard().Bytes
		id := ada.taken("card.pdf", content)
		path := "/documents/" + id + "/file/link"
		var link struct {
			URL     string    `json:"url"`
			Expires time.Time `json:"expires_at"`
		}
		if status := w.call(http.MethodGet, w.api+path, ada.token, nil, &link); status != http.StatusOK || link.Expires.Before(time.Now()) {
			t.Fatalf("the link answered %d %+v", status, link)
		}
		if status := w.call(http.MethodGet, w.api+path, bob.token, nil, nil); status != http.StatusNotFound {
			t.Errorf("another's link answered %d", status)
		}
		status, header, got := w.read(link.URL)
		if status != http.StatusOK || !bytes.Equal(got, content) || header.Get("Content-Type") != "application/pdf" {
			t.Errorf("the address answered %d with %d bytes of %d", status, len(got), len(content))
		}
		if saved := header.Get("Content-Disposition"); !bytes.Contains([]byte(saved), []byte("card.pdf")) {
			t.Errorf("a browser is told %q", saved)
		}
		ada.completes(id)
		if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
			t.Fatalf("the deletion answered %d", status)
		}
		w.until("the file is gone", func() bool { return w.objects() == 0 })
		if status, _, got := w.read(link.URL); status/100 == 2 || bytes.Contains(got, []byte("%PDF")) {
			t.Errorf("the address of a deleted file answered %d", status)
		}
	})
}
