package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// These tests speak to the door over a bare connection, for the bounds of an
// upload hold there or nowhere (F1, F2).

const boundary = "xxBOUNDARYxx"

const fileHead = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n" +
	"Content-Type: application/pdf\r\n\r\n%PDF-1.7\n"

const fileTail = "\r\n--" + boundary + "--\r\n"

// dial opens a connection and sends an upload's head with the given framing.
func (b *bench) dial(framing string) net.Conn {
	b.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(b.t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: multipart/form-data; boundary=%s\r\n%s\r\n\r\n", pathUpload, adaToken, boundary, framing)
	if err != nil {
		b.t.Fatal(err)
	}
	return conn
}

func answerOn(t *testing.T, conn net.Conn) reply {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, raw}
}

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// flood writes until the other side has had enough, and tells how much it took.
func flood(conn net.Conn, total int) <-chan int {
	sent := make(chan int, 1)
	block := chunk(strings.Repeat("x", 64<<10))
	go func() {
		n := 0
		for n < total {
			if _, err := io.WriteString(conn, block); err != nil {
				break
			}
			n += 64 << 10
		}
		sent <- n
	}()
	return sent
}

func TestF1ChunkedFloodStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t) // 25 MiB
	conn := b.dial("Transfer-Encoding: chunked")
	_, _ = io.WriteString(conn, chunk(fileHead))
	sent := flood(conn, 300<<20)
	got := answerOn(t, conn)
	got.problem(t, http.StatusRequestEntityTooLarge, "file_too_large")
	_ = conn.Close()
	if n := <-sent; n > 64<<20 {
		t.Errorf("%d bytes were taken from a client of a 25 MiB limit", n)
	}
	if o := b.observed("POST " + pathUpload); o.BytesIn > DefaultLimits().MaxFileBytes+1<<20 {
		t.Errorf("%d bytes read", o.BytesIn)
	}
	b.spoolEmpty()
}

func TestF1FormFloodStopsAtItsBound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"other field": {"--" + boundary + "\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n", http.StatusRequestEntityTooLarge},
		"part header": {"--" + boundary + "\r\nX-Long: ", http.StatusRequestEntityTooLarge},
		"preamble":    {"", http.StatusBadRequest}, // one endless line is no multipart at all
	} {
		head := c.head
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			conn := b.dial("Transfer-Encoding: chunked")
			if head != "" {
				_, _ = io.WriteString(conn, chunk(head))
			}
			sent := flood(conn, 300<<20)
			answerOn(t, conn).problem(t, c.status, "invalid_request")
			_ = conn.Close()
			<-sent
			if o := b.observed("POST " + pathUpload); o.BytesIn > 2<<20 {
				t.Errorf("%d bytes read", o.BytesIn)
			}
			b.spoolEmpty()
		})
	}
}

func TestF1ContentLengthIsRefusedUnread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	conn := b.dial("Content-Length: 314572800")
	answerOn(t, conn).problem(t, http.StatusRequestEntityTooLarge, "file_too_large")
	if o := b.observed("POST " + pathUpload); o.BytesIn != 0 {
		t.Errorf("%d bytes read", o.BytesIn)
	}
}

func TestS12ChunkedWithoutLengthIsTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	conn := b.dial("Transfer-Encoding: chunked")
	for _, piece := range []string{fileHead, "some ", "content", fileTail} {
		_, _ = io.WriteString(conn, chunk(piece))
	}
	_, _ = io.WriteString(conn, "0\r\n\r\n")
	if got := answerOn(t, conn); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestS12LyingContentLength(t *testing.T) {
	t.Parallel()
	body := fileHead + "content" + fileTail
	for name, length := range map[string]int{"shorter": len(body) - 20, "only the boundary cut": len(body) - 4, "longer": len(body) + 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			conn := b.dial(fmt.Sprintf("Content-Length: %d", length))
			_, _ = io.WriteString(conn, body)
			_ = conn.(*net.TCPConn).CloseWrite()
			answerOn(t, conn).problem(t, http.StatusBadRequest, "invalid_request")
			if len(b.blobs.keys()) != 0 {
				t.Error("a cut upload was stored")
			}
			b.spoolEmpty()
		})
	}
}

func slow(d *APIDeps) {
	d.Limits.UploadGrace = 100 * time.Millisecond
	d.Limits.UploadTime = 400 * time.Millisecond
	d.Limits.MinUploadRate = 1 << 20
}

func TestF2SilentBodyIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t, slow)
	conn := b.dial("Content-Length: 100000")
	_, _ = io.WriteString(conn, fileHead)
	answerOn(t, conn).problem(t, http.StatusRequestTimeout, "upload_too_slow")
	b.spoolEmpty()
}

func TestF2DrippingBodyIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t, slow)
	conn := b.dial("Content-Length: 10000000")
	_, _ = io.WriteString(conn, fileHead)
	stop, done := context.WithCancel(t.Context())
	defer done()
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop.Done():
				return
			case <-tick.C:
				_, _ = io.WriteString(conn, "x")
			}
		}
	}()
	answerOn(t, conn).problem(t, http.StatusRequestTimeout, "upload_too_slow")
	b.spoolEmpty()
}

// A rate that is high enough does not lengthen an upload past its time.
func TestF2AbsoluteDeadline(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits()
	p := &pacedBody{limits: limits, started: time.Unix(0, 0)}
	for read, want := range map[int64]time.Duration{
		0:                               limits.UploadGrace,
		limits.MinUploadRate:            limits.UploadGrace,
		limits.MinUploadRate * 60:       time.Minute,
		limits.MinUploadRate * 1_000:    limits.UploadTime,
		limits.MinUploadRate * 10 / 100: limits.UploadGrace,
	} {
		p.read = read
		if got := p.deadline().Sub(p.started); got != want {
			t.Errorf("after %d bytes the next is due after %s, want %s", read, got, want)
		}
	}
}

func TestF4AbortLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	conn := b.dial("Content-Length: 1000000")
	_, _ = io.WriteString(conn, fileHead+strings.Repeat("x", 200_000))
	_ = conn.Close()
	b.observed("POST " + pathUpload)
	b.spoolEmpty()
	if b.library.count(ada.ID) != 0 || len(b.blobs.keys()) != 0 {
		t.Error("an aborted upload was kept")
	}
}

// The deadline of the body must not outlive it: net/http would cancel the
// request's context while the file is being stored.
func TestF2DeadlineIsLiftedAfterTheBody(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.Limits.UploadGrace, d.Limits.UploadTime = time.Second, time.Second
		d.Library = &patientLibrary{memLibrary: d.Library.(*memLibrary), wait: 1500 * time.Millisecond}
	})
	if got := b.upload(adaToken, pdf("x")); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	quick := newBench(t, func(d *APIDeps) {
		d.Limits.BodyTime = time.Second
		d.Library = &patientLibrary{memLibrary: d.Library.(*memLibrary), wait: 1500 * time.Millisecond}
	})
	if got := quick.post("/search", adaToken, `{"query":"x"}`); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestS13SilentJSONBodyIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.BodyTime = 100 * time.Millisecond })
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(conn, "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
	answerOn(t, conn).problem(t, http.StatusRequestTimeout, "invalid_request")
}
