package httpapi

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// L8: beyond what is served at once there is 503 with a time to come back, the
// platform is answered all the while, and a place that is free is taken again.
func TestACrowdIsRefusedAndProbesAreNot(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxRequests = 2 })
	conns := []net.Conn{}
	for range 2 { // two uploads that never come to their end
		conn := b.dial("Content-Length: 100000")
		_, _ = io.WriteString(conn, fileHead)
		conns = append(conns, conn)
	}
	for end := time.Now().Add(20 * time.Second); b.get("/auth/user", adaToken).status != http.StatusServiceUnavailable; {
		if time.Now().After(end) {
			t.Fatal("two uploads in hand leave room for more than two requests")
		}
	}
	got := b.get("/auth/user", adaToken)
	got.problem(t, http.StatusServiceUnavailable, "overloaded")
	if got.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	b.get("/auth/user", "").problem(t, http.StatusServiceUnavailable, "overloaded") // before anything is looked at
	for _, path := range []string{"/health", "/livez", "/readyz"} {
		if got := b.get(path, ""); got.status != http.StatusOK {
			t.Errorf("%s: %d in a crowd", path, got.status)
		}
	}
	for _, conn := range conns {
		_ = conn.Close()
		b.observed("POST " + pathUpload)
	}
	if got := b.get("/auth/user", adaToken); got.status != http.StatusOK {
		t.Errorf("with the crowd gone: %d", got.status)
	}
	if strings.Contains(b.log.String(), `"level":"ERROR"`) {
		t.Error("a crowd is told as an error of ours")
	}
}

// S13: a client that takes nothing of its answer does not hold the request.
func TestS13_AReaderThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.Limits.DownloadGrace, d.Limits.MinDownloadRate = 50*time.Millisecond, 1<<30
	})
	content := strings.Repeat("x", 24<<20) // more than the buffers of a connection
	id := core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: id, Key: "k", Name: "a.pdf", ContentType: "application/pdf", Size: int64(len(content)),
		SHA256: sha256.Sum256([]byte(content)), Status: core.Complete, CreatedAt: time.Now()})
	b.blobs.objects["k"] = []byte(content)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the server ends it
	_, _ = fmt.Fprintf(conn, "GET /documents/%s/file HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", id, adaToken)
	if o := b.observed("GET /documents/{id}/file"); o.BytesOut >= int64(len(content)) {
		t.Errorf("%d bytes were sent to a client that took none", o.BytesOut)
	}
	b.spoolEmpty()
	// Who takes it gets it whole.
	well := newBench(t)
	well.library.put(ada.ID, ports.Standing{Document: id, Key: "k", Name: "a.pdf", ContentType: "application/pdf", Size: int64(len(content)),
		SHA256: sha256.Sum256([]byte(content)), Status: core.Complete, CreatedAt: time.Now()})
	well.blobs.objects["k"] = []byte(content)
	if got := well.get("/documents/"+id.String()+"/file", adaToken); got.status != http.StatusOK || len(got.body) != len(content) {
		t.Errorf("%d with %d bytes", got.status, len(got.body))
	}
}
