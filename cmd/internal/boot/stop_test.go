package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// A stop under load: readiness goes down first while the doors still serve, the
// process ends by itself without an error line, and all goes on with the next.
func TestFM039_FM027r_AStopUnderLoadIsOrdered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.DrainNotice = 2 * time.Second
	w.start(boot.Dev)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.Hang}) // one job is not done in time
	ada := w.person("ada")
	var papers []string
	for _, paper := range []corpus.Document{corpus.MemberCard(), corpus.DenialLetter(), corpus.Summary()} {
		papers = append(papers, ada.taken(paper.Name, paper.Bytes))
	}
	w.called()
	w.logs.forget()
	var group sync.WaitGroup
	var ended atomic.Bool
	group.Go(func() { w.halt(); ended.Store(true) })
	w.until("readiness to go down", func() bool { return probe(w.api+"/readyz") == http.StatusServiceUnavailable })
	if live, served := livez(w.api, patience), probe(w.api+"/api/upload-pipeline/upload/limits"); live != http.StatusOK || served == 0 || ended.Load() {
		t.Errorf("while the stop is announced: live %d, served %d, ended %t", live, served, ended.Load())
	}
	group.Wait() // halt fails the test where the stop is not orderly
	for _, line := range strings.Split(w.logs.String(), "\n") {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("an error line: %s", line)
		}
	}
	if n := w.count(`select count(*) from river.river_job where state = 'running'`); n != 0 {
		t.Errorf("%d jobs are left running", n)
	}
	if n := w.count(`select count(*) from upload_pipeline.instances`); n != 0 {
		t.Errorf("%d processes are still listed", n)
	}
	w.start(boot.Dev)
	for _, id := range papers {
		ada.completes(id)
		w.once(id)
	}
}

// probe asks an address without a token and gives the status; 0 is no answer.
func probe(address string) int {
	answer, err := http.Get(address) //nolint:gosec,noctx // the test's own server
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// The first signal lets work end; the second leaves at once, and the job comes
// back all the same.
func TestFM039_ASecondSignalLeavesAtOnce(t *testing.T) {
	t.Parallel()
	w := newMortal(t)
	w.config.SoftStop = 10 * time.Minute // nobody waits so long
	w.config.ReconcileEvery = time.Second
	w.openai.Inject(openaitest.Fault{Kind: openaitest.Hang})
	w.start(boot.API)
	w.start(boot.Webhook)
	worker := w.child(boot.Worker)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.running(core.Embed)
	w.called() // or the next worker's call would be the one that hangs
	worker.signal(syscall.SIGTERM)
	worker.says(`"msg":"draining"`)
	if status := probe(worker.at.Worker + "/readyz"); status == http.StatusOK {
		t.Error("a worker that stops says that it is ready")
	}
	worker.signal(syscall.SIGTERM)
	<-worker.ended
	if status, ok := worker.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("it ended as %v", worker.cmd.ProcessState)
	}
	w.start(boot.Worker)
	ada.completes(id)
	w.once(id)
}

// A deployment's door listens before anything behind it is up: live, not ready.
func TestL002_Pport_AProcessListensBeforeItIsReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lock := w.db.SuperConn()
	defer lock.Close(t.Context()) //nolint:errcheck // nothing is pending
	if _, err := lock.Exec(t.Context(), `begin; lock table upload_pipeline.instances in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.config.Port = free.Addr().(*net.TCPAddr).Port
	at := "http://" + free.Addr().String()
	_ = free.Close()
	var early atomic.Int64
	var group sync.WaitGroup
	group.Go(func() {
		for livez(at, time.Second) != http.StatusOK && t.Context().Err() == nil {
			runtime.Gosched() // until it listens
		}
		early.Store(int64(probe(at + "/readyz")))
		_, _ = lock.Exec(t.Context(), `rollback`)
	})
	w.start(boot.API)
	group.Wait()
	if then := probe(at + "/readyz"); early.Load() != http.StatusServiceUnavailable || then != http.StatusOK {
		t.Errorf("/readyz answers %d before the database lets it in, then %d", early.Load(), then)
	}
}

// Each fault at an outside service has its own code, the same in the status
// that the owner reads and in the event that is kept.
func TestP006_P008c_EachFaultHasItsCodeInStatusAndEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Parse.Attempts, w.config.Embed.Attempts = 1, 1
	w.start(boot.Dev)
	ada := w.person("ada")
	seen := map[string]string{}
	for name, strike := range map[string]func(){
		"parser away":      func() { w.llama.Faults.ServerErrors(-1, http.StatusInternalServerError) },
		"file protected":   func() { w.llama.Faults.FailWith("PDF_IS_PROTECTED") },
		"file broken":      func() { w.llama.Faults.FailWith("PDF_IS_BROKEN") },
		"embedder away":    func() { w.openai.Inject(openaitest.Fault{Kind: openaitest.ServerError, Times: -1}) },
		"embedder refuses": func() { w.openai.Inject(openaitest.Fault{Kind: openaitest.BadRequest, Times: -1}) },
		"bad vectors":      func() { w.openai.Inject(openaitest.Fault{Kind: openaitest.ZeroVector, Times: -1}) },
	} {
		strike()
		id := ada.taken(name+".pdf", append(corpus.MemberCard().Bytes[:len(corpus.MemberCard().Bytes):len(corpus.MemberCard().Bytes)], "\n% "+name...))
		last := ada.end(id)
		w.llama.Faults.Reset()
		w.openai.Heal()
		if last.LastError == nil {
			t.Errorf("%s: ended in %s without a reason", name, last.Status)
			continue
		}
		code := last.LastError.Code
		if event := w.text(`select code from upload_pipeline.events where document_id = $1 and status = $2`, id, string(last.Status)); event != code {
			t.Errorf("%s: the event says %q and the status %q", name, event, code)
		}
		if twin, twice := seen[code]; twice || code == string(core.CodeInternal) {
			t.Errorf("%s fails as %q, as %q does", name, code, twin)
		}
		seen[code] = name
	}
}

// lockedDocuments locks what lists and searches read, until let go.
func (w *world) lockedDocuments() (letGo func()) {
	w.t.Helper()
	lock := w.db.SuperConn()
	if _, err := lock.Exec(w.t.Context(), `begin; lock table upload_pipeline.documents in access exclusive mode`); err != nil {
		w.t.Fatal(err)
	}
	return sync.OnceFunc(func() { _ = lock.Close(context.Background()) })
}

// stalled begins an upload that does not come to its end, and gives what it was
// answered.
func (p person) stalled() (answer func() int) {
	p.w.t.Helper()
	body, more := io.Pipe()
	p.w.t.Cleanup(func() { _ = more.Close() })
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.w.api+"/documents", body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	status := make(chan int, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			p.w.t.Errorf("the upload was not answered: %v", err)
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	_, _ = io.WriteString(more, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\n")
	return func() int { return <-status }
}

// underWay sends searches and lists that wait in the database or for their turn
// there, and gives what each was answered.
func (p person) underWay(searches, lists int) (answers func() []keyedReply) {
	p.w.t.Helper()
	var group sync.WaitGroup
	all := make([]keyedReply, searches+lists)
	for i := range all {
		method, path, body := http.MethodPost, "/search", []byte(`{"query": "deductible"}`)
		if i >= searches {
			method, path, body = http.MethodGet, "/documents", nil
		}
		group.Go(func() {
			var err error
			if all[i], err = p.w.try(core.NewID().String(), method, path, p.token, "application/json", body); err != nil {
				p.w.t.Errorf("%s %s was not answered: %v", method, path, err)
			}
		})
	}
	return func() []keyedReply { group.Wait(); return all }
}

// A stop answers every request that was taken. What the database lets end in
// time is answered as ever; the rest, of which no end can be awaited, is told to
// come back, and the stop is orderly all the same.
func TestAStopAnswersWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.MaxConns, w.config.AdminPort = 4, 0
	const searches, turns, lists = 12, 3, 4
	for softStop, inTime := range map[time.Duration]bool{time.Minute: true, 500 * time.Millisecond: false} {
		w.config.SoftStop = softStop
		w.start(boot.API)
		ada := w.person(fmt.Sprintf("ada-%t", inTime))
		if held := get[httpapi.UploadLimits](ada, "/api/upload-pipeline/upload/limits").MaxSearches; held != turns {
			t.Errorf("%d connections leave turns for %d searches, want %d", w.config.MaxConns, held, turns)
		}
		letGo := w.lockedDocuments()
		t.Cleanup(letGo)
		taken, upload := searches+lists, func() int { return http.StatusServiceUnavailable }
		if !inTime {
			taken, upload = taken+1, ada.stalled()
		}
		answers := ada.underWay(searches, lists)
		w.until("all requests to be taken", func() bool {
			return strings.Contains(w.families(), fmt.Sprintf("\nhttp_server_requests_in_flight %d\n", taken)) &&
				w.count(`select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) == int(w.config.MaxConns)
		})
		w.logs.forget()
		var stop sync.WaitGroup
		stop.Go(w.halt) // fails the test where the stop is not orderly
		w.until("the stop", func() bool { return strings.Contains(w.logs.String(), `"msg":"draining"`) })
		if inTime {
			letGo()
		}
		stop.Wait()
		letGo()
		seen := map[string]int{}
		for _, answer := range answers() {
			seen[answer.text("code")]++
			if answer.status != http.StatusOK && (answer.status != http.StatusServiceUnavailable || answer.header.Get("Retry-After") == "") {
				t.Errorf("let go %t: answered %d %s", inTime, answer.status, answer.body)
			}
		}
		t.Logf("let go %t: answers by code %v", inTime, seen)
		// Those that wait for their turn may have been refused before the stop.
		if good, later := seen[""], seen["not_ready"]+seen["overloaded"]; good+later != searches+lists || inTime && good < turns+lists || !inTime && seen["not_ready"] < turns+lists {
			t.Errorf("let go %t: answers by code %v", inTime, seen)
		}
		if status := upload(); status != http.StatusServiceUnavailable {
			t.Errorf("an upload that does not end is answered %d", status)
		}
		if strings.Contains(w.logs.String(), `"level":"ERROR"`) {
			t.Errorf("let go %t: an error line", inTime)
		}
	}
}

// A client that asked for a file and does not read it holds no stop up, nor
// makes it disorderly: what it has not taken is broken off, which it can see.
func TestAStopLeavesADownloadThatIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.SoftStop = 500 * time.Millisecond
	w.start(boot.API)
	ada := w.person("ada")
	const size = 8 << 20 // more than the buffers of a connection hold
	id := ada.taken("card.pdf", grown(corpus.MemberCard().Bytes, size))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.api+"/documents/"+id+"/file", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+ada.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the file is answered %v, %v", answer, err)
	}
	defer answer.Body.Close()
	w.halt() // fails the test where the stop is not orderly
	if n, err := io.Copy(io.Discard, answer.Body); err == nil || n >= size {
		t.Errorf("%d bytes were taken, and the end is %v", n, err)
	}
	if logs := w.logs.String(); !strings.Contains(logs, `"msg":"answers that nobody took were broken off"`) || strings.Contains(logs, `"level":"ERROR"`) {
		t.Error("the log says nothing of it, or calls it an error")
	}
}

// grown is the file with so many bytes of comments before its end, which is
// where a reader looks first: one that had to search for it would take long.
func grown(pdf []byte, size int) []byte {
	end := pdf[bytes.LastIndex(pdf, []byte("startxref")):]
	return slices.Concat(pdf, bytes.Repeat([]byte("%\n"), size/2), end)
}
