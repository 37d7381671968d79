package boot_test

import (
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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
