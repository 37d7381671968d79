package boot_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/internal/pgproxy"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// newMortal is a world in which a process is soon taken for dead.
func newMortal(t *testing.T) *world {
	w := newWorld(t)
	w.config.Heartbeat, w.config.DeadAfter, w.config.RescueEvery = 300*time.Millisecond, 2*time.Second, 300*time.Millisecond
	return w
}

// running waits for the stage's job to be worked, and gives its id.
func (w *world) running(stage core.Stage) int {
	w.t.Helper()
	w.until("a running job of "+string(stage), func() bool {
		return w.count(`select count(*) from river.river_job where kind = $1 and state = 'running'`, string(stage)) == 1
	})
	return w.count(`select id from river.river_job where kind = $1 and state = 'running'`, string(stage))
}

// called waits until the embedder was asked for vectors.
func (w *world) called() {
	w.t.Helper()
	w.until("the call that hangs", func() bool { return w.openai.Ledger().Requests > w.openai.Ledger().ModelRequests })
}

// once holds the document to each status and each job of the line once.
func (w *world) once(id string) {
	w.t.Helper()
	if diff := cmp.Diff(core.Way(), w.events(id)); diff != "" {
		w.t.Errorf("the events are not the ten statuses, once each:\n%s", diff)
	}
	for _, stage := range []core.Stage{core.Parse, core.Validate, core.Chunk, core.Embed, core.Finish} {
		if n := w.count(`select count(*) from river.river_job where kind = $1 and args ->> 'document' = $2`, string(stage), id); n != 1 {
			w.t.Errorf("%d jobs of %s", n, stage)
		}
	}
	if n := w.count(`select count(*) from (select ordinal from upload_pipeline.document_chunks where document_id = $1 group by ordinal having count(*) > 1) d`, id); n != 0 {
		w.t.Errorf("%d chunks are there twice", n)
	}
	attempt := w.text(`select job_id::text from upload_pipeline.upload_jobs where document_id = $1`, id)
	if n := w.llama.Ledger().Jobs[attempt]; n != 1 {
		w.t.Errorf("the parser was given %d jobs", n)
	}
}

// A worker is killed in the middle of a call. Its job is with another worker
// within PROCESS_DEAD_AFTER and RESCUE_EVERY, long before River's own rescue.
func TestC20_FM027r_AKilledWorkersJobIsBackInSeconds(t *testing.T) {
	t.Parallel()
	w := newMortal(t)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.Hang})
	w.start(boot.API)
	w.start(boot.Webhook)
	doomed := w.child(boot.Worker)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	job := w.running(core.Embed)
	w.called()
	w.start(boot.Worker)
	doomed.kill()
	killed := time.Now()
	w.until("the job's next run", func() bool { return w.count(`select attempt from river.river_job where id = $1`, job) >= 2 })
	t.Logf("the job of the killed worker was running again after %s; promised are %s and %s", time.Since(killed).Round(time.Millisecond),
		w.config.DeadAfter, w.config.RescueEvery)
	ada.completes(id)
	w.once(id)
	if n := w.count(`select (metadata ->> 'navigator:lost')::int from river.river_job where id = $1`, job); n != 1 {
		t.Errorf("%d runs were lost", n)
	}
	if !strings.Contains(w.logs.String(), `"msg":"rescued"`) {
		t.Error("the rescue is not in the log")
	}
}

// deaf puts a proxy before the worker's database. Once asked to, it cuts off the
// answer to the next fetch from the queue, whose jobs the worker then has by their
// rows alone; done tells that it did.
func (w *world) deaf(queue string) (ask func(), done func() bool) {
	w.t.Helper()
	address, err := url.Parse(w.config.WorkerDatabaseURL.Reveal())
	if err != nil {
		w.t.Fatal(err)
	}
	var asked, cut atomic.Bool
	proxy, err := pgproxy.Listen(w.t.Context(), address.Host, nil, func(phase pgproxy.Phase, what string) bool {
		if phase != pgproxy.After || what != "fetch "+queue || !asked.CompareAndSwap(true, false) {
			return true
		}
		cut.Store(true)
		return false
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.halt(); proxy.Close() })
	address.Host = proxy.Addr()
	w.config.WorkerDatabaseURL = boot.Secret(address.String())
	return func() { asked.Store(true) }, cut.Load
}

// A fetch is carried out and its answer is cut off. The worker that has the job by
// its row finds that out by itself, long before the stage's time is over; a job
// of the same age that it has in hand stays there.
func TestC20_AJobWhoseFetchWasCutOffIsBackInSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.RescueEvery, w.config.DeadAfter = 300*time.Millisecond, patience // nobody is taken for dead here
	cutOff, wasCut := w.deaf(riverqueue.QueueParse)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.Hang})
	for _, service := range []boot.Service{boot.API, boot.Webhook, boot.Worker} {
		w.start(service)
	}
	ada := w.person("ada")
	ada.taken("card.pdf", corpus.MemberCard().Bytes)
	inHand := w.running(core.Embed)
	w.called()
	cutOff()
	id := ada.taken("letter.pdf", corpus.DenialLetter().Bytes)
	w.until("the answer to be cut off", wasCut)
	lost := w.running(core.Parse)
	w.exec(`update river.river_job set attempted_at = attempted_at - interval '30 seconds' where id in ($1, $2)`, inHand, lost) // in place of the wait
	ada.completes(id)
	w.once(id)
	for job, want := range map[int]string{inHand: "running 1", lost: "completed 2 0"} {
		if got := w.text(`select concat_ws(' ', state, attempt, metadata ->> 'navigator:lost') from river.river_job where id = $1`, job); got != want {
			t.Errorf("job %d is %q, want %q", job, got, want)
		}
	}
	if log := w.logs.String(); strings.Count(log, `"msg":"rescued"`) != 1 || !strings.Contains(log, `"process_dead":false,"missed":true`) {
		t.Error("the one rescue is not in the log as it was")
	}
}

// A worker is stopped, given up, and goes on: it answers nothing while it is
// stopped, and what it made in its other life is not kept.
func TestC17_C20_AStoppedWorkerIsUnhealthyAndItsZombieChangesNothing(t *testing.T) {
	t.Parallel()
	w := newMortal(t)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.Slow, Delay: 3 * time.Second}) // the answer comes while it is stopped
	w.start(boot.API)
	w.start(boot.Webhook)
	zombie := w.child(boot.Worker)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.running(core.Embed)
	zombie.signal(syscall.SIGSTOP)
	w.until("the stopped worker to be unhealthy", func() bool { return livez(zombie.at.Worker, time.Second) == 0 })
	w.start(boot.Worker)
	ada.completes(id)
	zombie.signal(syscall.SIGCONT)
	zombie.says(`"verdict":"stale"`)
	w.until("the worker to be alive", func() bool { return livez(zombie.at.Worker, time.Second) == http.StatusOK })
	w.once(id)
	if n := w.count(`select count(*) from upload_pipeline.document_chunks where embedding is null`); n != 0 {
		t.Errorf("%d chunks lost their vector", n)
	}
	next := ada.taken("letter.pdf", corpus.DenialLetter().Bytes) // and it works again
	ada.completes(next)
}

// livez asks a process whether it is alive; 0 is no answer within the time.
func livez(address string, within time.Duration) int {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/livez", nil)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// Uploads without a worker would wait unseen: health says that none lives.
func TestL009B_FM030p_ADeadWorkerShowsInHealth(t *testing.T) {
	t.Parallel()
	w := newMortal(t)
	w.start(boot.API)
	worker := w.child(boot.Worker)
	says := func(want string) func() bool {
		return func() bool {
			var health struct{ Services map[string]string }
			w.call(http.MethodGet, w.api+"/health", "", nil, &health)
			return health.Services["worker"] == want
		}
	}
	w.until("the worker in health", says("healthy"))
	worker.kill()
	w.exec(`update upload_pipeline.instances set seen_at = seen_at - interval '61 seconds' where service = 'worker'`) // in place of the wait
	w.until("the dead worker in health", says("unhealthy"))
}

// A document that ends every process that works on it fails with a reason,
// once as many runs were lost as its stage has.
func TestADocumentThatKillsItsWorkersFails(t *testing.T) {
	t.Parallel()
	w := newMortal(t)
	w.start(boot.API)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.exec(`update river.river_job set metadata = metadata || jsonb_build_object('navigator:lost', $1::int)`, w.config.Parse.Attempts)
	w.start(boot.Worker)
	last := ada.end(id)
	if last.Status != core.FailedParse || last.LastError == nil || last.LastError.Code != string(core.CodeWorkerLost) {
		t.Errorf("ended in %s with %+v", last.Status, last.LastError)
	}
	if n := w.llama.Ledger().Requests["parse"]; n != 0 {
		t.Errorf("it was worked on %d times more", n)
	}
}
