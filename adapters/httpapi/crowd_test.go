package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// crowd begins two uploads that never come to their end, and shows that what is
// asked for is refused with a word when to come back; it gives back how they leave.
func (b *bench) crowd(path string) (leave func()) {
	b.t.Helper()
	conns := []net.Conn{}
	for range 2 {
		conn := b.dial("Content-Length: 100000\r\nExpect: 100-continue")
		// It is told to go on once its body is read: by then it has its place.
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
			b.t.Fatalf("an upload is answered %q: %v", line, err)
		}
		conns = append(conns, conn)
	}
	got := b.get(path, adaToken)
	got.problem(b.t, http.StatusServiceUnavailable, "overloaded")
	if got.header.Get("Retry-After") != "2" {
		b.t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	return func() {
		for _, conn := range conns {
			_ = conn.Close()
			b.observed("POST " + pathUpload)
		}
	}
}

// L8: beyond what is served at once there is 503 with a time to come back, the
// platform is answered all the while, and a place that is free is taken again.
func TestACrowdIsRefusedAndProbesAreNot(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxRequests = 2 })
	leave := b.crowd("/auth/user")
	b.get("/auth/user", "").problem(t, http.StatusServiceUnavailable, "overloaded") // before anything is looked at
	for _, path := range []string{"/health", "/livez", "/readyz"} {
		if got := b.get(path, ""); got.status != http.StatusOK {
			t.Errorf("%s: %d in a crowd", path, got.status)
		}
	}
	leave()
	if got := b.get("/auth/user", adaToken); got.status != http.StatusOK {
		t.Errorf("with the crowd gone: %d", got.status)
	}
	if strings.Contains(b.log.String(), `"level":"ERROR"`) {
		t.Error("a crowd is told as an error of ours")
	}
}

// L8: files on their way do not take the places of those who only ask, and one
// that has gone makes room for the next.
func TestFilesLeaveRoomForQuestions(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxTransfers = 2 })
	file := "/documents/" + core.NewID().String() + "/file"
	leave := b.crowd(file)
	b.upload(adaToken).problem(t, http.StatusServiceUnavailable, "overloaded")
	b.observed("POST " + pathUpload) // this one, so that the two are waited for below
	for _, path := range []string{"/auth/user", "/documents", pathLimits} {
		if got := b.get(path, adaToken); got.status == http.StatusServiceUnavailable {
			t.Errorf("%s is %d while files are on their way", path, got.status)
		}
	}
	leave()
	b.get(file, adaToken).problem(t, http.StatusNotFound, "not_found")
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

// heldLibrary has each search wait until it is let go, or its context ends.
type heldLibrary struct {
	*memLibrary
	begun chan struct{} // one token a search that is in the database
	letGo chan struct{}

	inside, most atomic.Int64 // searches that are in it, and were at once
}

func (l *heldLibrary) Search(ctx context.Context, who ports.Principal, q ports.Query) ([]ports.Passage, error) {
	now := l.inside.Add(1)
	defer l.inside.Add(-1)
	for most := l.most.Load(); now > most && !l.most.CompareAndSwap(most, now); most = l.most.Load() {
		continue
	}
	l.begun <- struct{}{}
	select {
	case <-l.letGo:
		return l.memLibrary.Search(ctx, who, q)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// holding is a bench whose searches are held, two of them in the database.
func holding(t *testing.T, wait time.Duration, stopping <-chan struct{}) (b *bench, library *heldLibrary, answers <-chan reply) {
	t.Helper()
	library = &heldLibrary{begun: make(chan struct{}, 100), letGo: make(chan struct{})}
	b = newBench(t, func(d *APIDeps) {
		d.Limits.MaxSearches, d.Limits.SearchWait, d.Stopping = 2, wait, stopping
		library.memLibrary, d.Library = d.Library.(*memLibrary), library
	})
	got := make(chan reply, 100)
	for range 2 {
		b.searchAside(got)
		<-library.begun
	}
	return b, library, got
}

// searchAside searches in a goroutine that ends with its answer.
func (b *bench) searchAside(to chan<- reply) {
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+"/search", strings.NewReader(`{"query":"x"}`))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adaToken)
	req.Header.Set("Content-Type", jsonType)
	go func() {
		res, err := b.server.Client().Do(req)
		if err != nil {
			b.t.Error(err)
			to <- reply{}
			return
		}
		defer res.Body.Close() //nolint:errcheck // read below
		raw, _ := io.ReadAll(res.Body)
		to <- reply{res.StatusCode, res.Header, raw}
	}()
}

// Beyond what is searched at once a search waits for its turn, and not for
// ever; whoever asks for a status does not stand behind it.
func TestASearchBeyondTheBoundIsRefusedAfterItsWait(t *testing.T) {
	t.Parallel()
	b, library, answers := holding(t, 10*time.Millisecond, nil)
	got := b.post("/search", adaToken, `{"query":"x"}`)
	got.problem(t, http.StatusServiceUnavailable, "overloaded")
	if got.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	for name, beside := range map[string]reply{
		"a status": b.get("/documents/"+anyID+"/status", adaToken), "a list": b.get("/documents", adaToken),
	} {
		if want := map[string]int{"a status": http.StatusNotFound, "a list": http.StatusOK}[name]; beside.status != want {
			t.Errorf("%s beside held searches: %d", name, beside.status)
		}
	}
	close(library.letGo)
	for range 2 {
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("a search that had its turn: %d %s", got.status, got.body)
		}
	}
	if n := len(library.begun); n != 0 {
		t.Errorf("%d searches came to the database beyond the bound", n)
	}
	if got := b.post("/search", adaToken, `{"query":"x"}`); got.status != http.StatusOK {
		t.Errorf("with free places: %d", got.status)
	}
	if strings.Contains(b.log.String(), `"level":"ERROR"`) {
		t.Error("a crowd is told as an error of ours")
	}
}

// A turn that becomes free in time goes to who waits for it, and a search that
// runs again because the model moved waits for one again.
func TestAWaitingSearchTakesTheNextTurn(t *testing.T) {
	t.Parallel()
	b, library, answers := holding(t, time.Minute, nil)
	const more = 6
	got := make(chan reply, more)
	b.library.moves = 1 // whoever is let go first runs again, behind those that wait
	for range more {
		b.searchAside(got)
	}
	library.letGo <- struct{}{}
	<-library.begun // one that waited, or the one that runs again: all come
	close(library.letGo)
	for range 2 {
		if answer := <-answers; answer.status != http.StatusOK {
			t.Errorf("%d %s", answer.status, answer.body)
		}
	}
	for range more {
		if answer := <-got; answer.status != http.StatusOK {
			t.Errorf("a search that waited: %d %s", answer.status, answer.body)
		}
	}
	if runs, most := len(library.begun), library.most.Load(); runs != more || most != 2 {
		t.Errorf("%d runs came to the database behind the first, want %d; %d were there at once, of 2", runs, more, most)
	}
}

// Who leaves while the answer is made is not told as an error of ours.
func TestAClientThatLeavesIsNoErrorOfOurs(t *testing.T) {
	t.Parallel()
	b, library, answers := holding(t, time.Minute, nil)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/search", strings.NewReader(`{"query":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adaToken)
	req.Header.Set("Content-Type", jsonType)
	library.letGo <- struct{}{} // a place for it
	b.observed("POST /search")
	left := make(chan error, 1)
	go func() {
		res, err := b.server.Client().Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		left <- err
	}()
	<-library.begun
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatalf("it did not leave: %v", err)
	}
	if o := b.observed("POST /search"); o.Status != http.StatusUnprocessableEntity || o.Code != core.CodeInvalid {
		t.Errorf("told as %d %s", o.Status, o.Code)
	}
	if strings.Contains(b.log.String(), `"level":"ERROR"`) {
		t.Error("a client that left is told as an error of ours")
	}
	close(library.letGo)
	for range 2 {
		<-answers
	}
}

// A stop does not let searches wait: they are told to come back at once. Those
// that have their turn end as ever.
func TestAStopTellsWaitingSearchesToComeBack(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	b, library, answers := holding(t, time.Hour, stopping)
	waiting := make(chan reply, 3)
	for range 3 {
		b.searchAside(waiting)
	}
	close(stopping) // whoever comes to the turn after this finds the same

	for range 3 {
		got := <-waiting
		got.problem(t, http.StatusServiceUnavailable, "not_ready")
		if got.header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
		}
	}
	close(library.letGo)
	for range 2 {
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("a search that had its turn: %d %s", got.status, got.body)
		}
	}
	if got := b.post("/search", adaToken, `{"query":"x"}`); got.status != http.StatusOK {
		t.Errorf("a search that finds a free place while the process stops: %d %s", got.status, got.body)
	}
}

// slowLibrary lets one upload at a time look for its content.
type slowLibrary struct {
	*memLibrary
	begun chan struct{} // one token an upload that is in the database
	letGo chan struct{}
}

func (l *slowLibrary) Find(ctx context.Context, who ports.Principal, sum [32]byte) (ports.Standing, error) {
	l.begun <- struct{}{}
	select {
	case <-l.letGo:
		return l.memLibrary.Find(ctx, who, sum)
	case <-ctx.Done():
		return ports.Standing{}, ctx.Err()
	}
}

// uploadAside uploads in a goroutine that ends with its answer.
func (b *bench) uploadAside(content string, to chan<- reply) {
	kind, body := multipartBody(b.t, pdf(content))
	go func() { to <- b.do(http.MethodPost, pathUpload, adaToken, kind, bytes.NewReader(body)) }()
}

// L8: while uploads stand in line before the database for too long, a new one is
// refused before its file is read, reading goes on, and nothing of what was
// taken is lost.
func TestAnUploadThatWouldWaitTooLongIsRefusedUnread(t *testing.T) {
	t.Parallel()
	library := &slowLibrary{begun: make(chan struct{}, 100), letGo: make(chan struct{})}
	b := newBench(t, func(d *APIDeps) {
		d.Limits.MaxIntakes, d.Limits.IntakeWait = 1, 20*time.Millisecond
		library.memLibrary, d.Library = d.Library.(*memLibrary), library
	})
	answers := make(chan reply, 2)
	b.uploadAside("one", answers)
	<-library.begun
	b.uploadAside("two", answers)
	var refused reply
	for deadline := time.Now().Add(20 * time.Second); refused.status != http.StatusServiceUnavailable; {
		if time.Now().After(deadline) {
			t.Fatal("uploads are let in however long the next has waited")
		}
		// Told to go on, it has no file to send and leaves.
		conn := b.dial("Content-Length: 100000\r\nExpect: 100-continue")
		refused = answerOn(t, conn)
		_ = conn.Close()
	}
	refused.problem(t, http.StatusServiceUnavailable, "overloaded")
	if refused.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", refused.header.Get("Retry-After"))
	}
	if got := b.get("/documents", adaToken); got.status != http.StatusOK {
		t.Errorf("a list beside uploads that wait: %d", got.status)
	}
	if n := len(library.begun); n != 0 {
		t.Errorf("%d uploads came to the database beyond the bound", n)
	}
	close(library.letGo)
	for range 2 {
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("an upload that waited for its turn: %d %s", got.status, got.body)
		}
	}
	if got := b.upload(adaToken, pdf("three")); got.status != http.StatusOK {
		t.Errorf("with nobody in line: %d %s", got.status, got.body)
	}
	if strings.Contains(b.log.String(), `"level":"ERROR"`) {
		t.Error("a crowd is told as an error of ours")
	}
}
