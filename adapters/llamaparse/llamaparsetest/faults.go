package llamaparsetest

import (
	"net/http"
	"sync"
	"time"
)

// Always is a count without end.
const Always = -1

type knob int

const (
	dropWebhook knob = iota
	duplicateWebhook
	badSignature
	noSignature
	onlyDataID
	bareIDs
	stringBody
	latePending
	legacyPush
	webhookFirst
	readyAtOnce
	pendingAfterEvent
	notFoundResult
	goneJob
	status401
	status402
	status403
	busy429
	plan429
	serverErrors
	loseAnswer
	truncateJSON
	cutUpload
	expiredFile
	shufflePages
	knobs // how many there are
)

// Faults is what is to go wrong. Counts are of occasions; Always has no end
// and 0 turns the fault off. All methods may be called at any time.
type Faults struct {
	mu         sync.Mutex
	counts     map[knob]int
	only       []string
	retryAfter string
	retryMs    string
	ended      int
	errStatus  int
	wait       time.Duration
	failCode   string
	failPages  []int
	cutPages   []int
	summary    string
	gate       chan struct{} // closed while jobs may go on
}

func newFaults() *Faults {
	f := &Faults{}
	f.Reset()
	return f
}

// Reset turns every fault off and lets held jobs go on.
func (f *Faults) Reset() {
	f.Release()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts = map[knob]int{}
	f.only, f.retryAfter, f.retryMs, f.errStatus, f.ended, f.wait = nil, "", "", http.StatusServiceUnavailable, http.StatusBadRequest, 0
	f.failCode, f.failPages, f.cutPages, f.summary = "", nil, nil, ""
}

func (f *Faults) set(k knob, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[k] = n
}

// Only narrows the faults of answers (401 to 5xx, LoseAnswer, TruncateJSON) to
// some operations; no operation means all again.
func (f *Faults) Only(ops ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.only = ops
}

// DropWebhook keeps n events from being sent at all.
func (f *Faults) DropWebhook(n int) { f.set(dropWebhook, n) }

// DuplicateWebhook sends n events twice, with one event id.
func (f *Faults) DuplicateWebhook(n int) { f.set(duplicateWebhook, n) }

// BadSignature signs n events with another secret.
func (f *Faults) BadSignature(n int) { f.set(badSignature, n) }

// NoSignature leaves n events unsigned, as older deployments do; the
// configured headers stay.
func (f *Faults) NoSignature(n int) { f.set(noSignature, n) }

// OnlyDataID leaves job_id out of n events.
func (f *Faults) OnlyDataID(n int) { f.set(onlyDataID, n) }

// BareIDs leaves the prefix off the ids in n events.
func (f *Faults) BareIDs(n int) { f.set(bareIDs, n) }

// StringBody sends n events as a JSON text, whatever was configured.
func (f *Faults) StringBody(n int) { f.set(stringBody, n) }

// LatePending sends a parse.pending event after n final ones.
func (f *Faults) LatePending(n int) { f.set(latePending, n) }

// LegacyPush sends the document itself, unsigned and without ids, in place of
// n final events.
func (f *Faults) LegacyPush(n int) { f.set(legacyPush, n) }

// WebhookBeforeAnswer finishes n jobs, callback included, before the request
// that makes them is answered.
func (f *Faults) WebhookBeforeAnswer(n int) { f.set(webhookFirst, n) }

// ReadyAtOnce finishes n jobs before they are answered for and calls nobody
// back, as hits of the service's cache have been seen to.
func (f *Faults) ReadyAtOnce(n int) { f.set(readyAtOnce, n) }

// PendingAfterEvent lets n reads of ended jobs still say PENDING.
func (f *Faults) PendingAfterEvent(n int) { f.set(pendingAfterEvent, n) }

// NotFoundResult answers n reads of a job with 404 "Result not found".
func (f *Faults) NotFoundResult(n int) { f.set(notFoundResult, n) }

// GoneJob answers n reads of a job with 404 "Parse job not found"; lists name
// the job on.
func (f *Faults) GoneJob(n int) { f.set(goneJob, n) }

// EndedStatus is what a cancel of a job that has ended answers: 400 unless told,
// for the service does not document it.
func (f *Faults) EndedStatus(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = status
}

// RetryAfterMs adds the header of that name, in milliseconds, to every 429.
func (f *Faults) RetryAfterMs(value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.retryMs = value
}

// Status401 refuses the key n times.
func (f *Faults) Status401(n int) { f.set(status401, n) }

// Status402 says n times that the plan's credits are used up.
func (f *Faults) Status402(n int) { f.set(status402, n) }

// Status403 says n times that the key lacks the right.
func (f *Faults) Status403(n int) { f.set(status403, n) }

// Busy429 limits the rate of n requests; retryAfter is the header's value,
// empty for none.
func (f *Faults) Busy429(n int, retryAfter string) {
	f.set(busy429, n)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.retryAfter = retryAfter
}

// PlanLimit429 answers n requests with the 429 that means a limit of the plan.
func (f *Faults) PlanLimit429(n int) { f.set(plan429, n) }

// ServerErrors answers n requests with a 5xx status, 503 unless told.
func (f *Faults) ServerErrors(n int, status ...int) {
	f.set(serverErrors, n)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errStatus = http.StatusServiceUnavailable
	if len(status) > 0 {
		f.errStatus = status[0]
	}
}

// LoseAnswer does the work of n requests and cuts the connection.
func (f *Faults) LoseAnswer(n int) { f.set(loseAnswer, n) }

// TruncateJSON sends half of n answers' bodies.
func (f *Faults) TruncateJSON(n int) { f.set(truncateJSON, n) }

// CutUpload cuts the connection amid n uploads.
func (f *Faults) CutUpload(n int) { f.set(cutUpload, n) }

// ExpiredFile says for n new jobs that their file is no longer stored.
func (f *Faults) ExpiredFile(n int) { f.set(expiredFile, n) }

// ShufflePages gives the pages of n results in reverse.
func (f *Faults) ShufflePages(n int) { f.set(shufflePages, n) }

// Delay slows every answer.
func (f *Faults) Delay(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wait = d
}

// FailWith ends jobs FAILED with a reason such as PDF_IS_BROKEN, or CANCELLED
// when that is the word; empty turns it off.
func (f *Faults) FailWith(code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failCode = code
}

// PageFailures gives these pages as failed.
func (f *Faults) PageFailures(pages ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failPages = pages
}

// CutPage gives these pages 64 KB of text, cut without a word.
func (f *Faults) CutPage(pages ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cutPages = pages
}

// Summary gives a summary in place of the text: one page, these words.
func (f *Faults) Summary(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.summary = text
}

// Hold keeps new and pending jobs where they are until Release.
func (f *Faults) Hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gate = make(chan struct{})
}

// Release lets held jobs go on.
func (f *Faults) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gate == nil {
		f.gate = make(chan struct{})
	}
	select {
	case <-f.gate:
	default:
		close(f.gate)
	}
}
