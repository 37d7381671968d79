package llamaparse_test

import (
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestC20_LostAnswerIsFoundAndNotDoubled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.submitted(t, submission("another document"))
	b.fake.Faults.Only(llamaparsetest.OpParse)
	b.fake.Faults.LoseAnswer(1)
	s := submission(threePage)
	_, err := b.Submit(t.Context(), s)
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
	q, ok, err := b.Find(t.Context(), s.Document)
	if err != nil || !ok {
		t.Fatalf("Find: %v %v", ok, err)
	}
	doc := s.Document
	doc.ProviderJob, doc.ProviderFile = q.ProviderJob, q.ProviderFile
	text, err := b.fetched(t, doc)
	if err != nil || len(text.Pages) != 3 {
		t.Fatalf("got %d pages, %v", len(text.Pages), err)
	}
	if q.ProviderFile == "" {
		t.Error("the file's id was not found")
	}
	if l := b.fake.Ledger(); l.Jobs[doc.Job.String()] != 1 {
		t.Errorf("%d jobs", l.Jobs[doc.Job.String()])
	}
}

// The answer to the file's upload is lost: the next run finds the file there,
// sends it no second time, and starts one job with it.
func TestC20_AnUploadWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.submitted(t, submission("another document"))
	b.fake.Faults.Only(llamaparsetest.OpUpload)
	b.fake.Faults.LoseAnswer(1)
	s := submission(threePage)
	_, err := b.Submit(t.Context(), s)
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
	again := submission(threePage)
	again.Document, again.Document.Submitting = s.Document, true
	if _, ok, err := b.Find(t.Context(), again.Document); ok || err != nil {
		t.Fatalf("a job was found, %v", err)
	}
	doc := b.submitted(t, again)
	if text, err := b.fetched(t, doc); err != nil || len(text.Pages) != 3 {
		t.Errorf("got %d pages, %v", len(text.Pages), err)
	}
	if l, id := b.fake.Ledger(), doc.Job.String(); l.Uploads[id] != 1 || l.Jobs[id] != 1 {
		t.Errorf("%d uploads, %d jobs", l.Uploads[id], l.Jobs[id])
	}
}

// A file that is listed and that no job takes is sent anew.
func TestAListedFileOfNoUseIsSentAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := submission(threePage)
	gone := b.submitted(t, s)
	again := submission(threePage)
	again.Document, again.Document.Submitting = s.Document, true
	again.Document.ProviderFile = gone.ProviderFile + "x" // of a list that is behind
	doc := b.submitted(t, again)
	if doc.ProviderFile == again.Document.ProviderFile || b.fake.Ledger().Uploads[doc.Job.String()] != 2 {
		t.Errorf("it was handed over as %q, sent %d times", doc.ProviderFile, b.fake.Ledger().Uploads[doc.Job.String()])
	}
}

func TestFindSaysWhenTheJobHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.Hold()
	s := submission("text")
	doc := b.submitted(t, s)
	if q, ok, err := b.Find(t.Context(), s.Document); err != nil || !ok || q.Ready {
		t.Errorf("held: %+v %v %v", q, ok, err)
	}
	b.fake.Faults.Release()
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	if q, ok, err := b.Find(t.Context(), s.Document); err != nil || !ok || !q.Ready {
		t.Errorf("ended: %+v %v %v", q, ok, err)
	}
}

func TestFindReadsListsToTheirEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := submission("first")
	b.submitted(t, first)
	for range 120 {
		b.submitted(t, submission("x"))
	}
	last := submission("last")
	want := b.submitted(t, last)
	for _, c := range []struct {
		doc core.Document
		ok  bool
	}{{first.Document, true}, {last.Document, true}, {submission("never").Document, false}} {
		q, ok, err := b.Find(t.Context(), c.doc)
		if err != nil || ok != c.ok {
			t.Errorf("got %v %v, want %v", ok, err, c.ok)
		}
		if c.doc.Job == want.Job && q.ProviderJob != want.ProviderJob {
			t.Errorf("found %q, want %q", q.ProviderJob, want.ProviderJob)
		}
	}
}

func TestFindPrefersTheJobThatGotFurthest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := submission(threePage)
	b.fake.Faults.FailWith("PDF_IS_BROKEN")
	_, err := b.fetched(t, b.submitted(t, s))
	wantError(t, err, core.CodeFileBroken, core.Permanent)
	b.fake.Faults.FailWith("")
	s.Body = strings.NewReader(threePage)
	good := b.submitted(t, s)
	if _, err := b.fetched(t, good); err != nil {
		t.Fatal(err)
	}
	q, ok, err := b.Find(t.Context(), s.Document)
	if err != nil || !ok || q.ProviderJob != good.ProviderJob || q.ProviderFile != good.ProviderFile {
		t.Errorf("found %+v %v %v, want %s", q, ok, err, good.ProviderJob)
	}
}

func TestForgetSweepsLostUploads(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keep := b.submitted(t, submission("somebody else's"))
	s := submission("text")
	b.fake.Faults.Only(llamaparsetest.OpUpload)
	b.fake.Faults.LoseAnswer(1)
	_, err := b.Submit(t.Context(), s)
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
	s.Body = strings.NewReader("text")
	doc := b.submitted(t, s)
	if err := b.Forget(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	files, err := b.files(t, ports.FileFilter{})
	if err != nil || len(files) != 1 || files[0].ID != keep.ProviderFile {
		t.Errorf("left: %+v %v", files, err)
	}
}

func TestForgetStopsARunningJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.Hold()
	doc := b.submitted(t, submission("text"))
	if err := b.Forget(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	_, err := b.Fetch(t.Context(), doc)
	wantError(t, err, core.CodeParseCancelled, core.Permanent)
	if l := b.fake.Ledger(); l.Cancels != 1 || l.Held != 0 {
		t.Errorf("ledger %+v", l)
	}
}

func TestForgetAfterParsingAsksForNoCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.submitted(t, submission("text"))
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	doc.Status = core.Parsed
	if err := b.Forget(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	if l := b.fake.Ledger(); l.Requests[llamaparsetest.OpCancel] != 0 || l.Held != 0 {
		t.Errorf("ledger %+v", l)
	}
}

func TestForgetOfWhatIsGoneIsNoError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := submission("text").Document
	for _, ids := range [][2]string{{"", ""}, {"pjb-gone", "dfl-gone"}} {
		doc.ProviderJob, doc.ProviderFile = ids[0], ids[1]
		if err := b.Forget(t.Context(), doc); err != nil {
			t.Errorf("%v: %v", ids, err)
		}
	}
}

func (b *bench) files(t *testing.T, f ports.FileFilter) ([]ports.HeldFile, error) {
	t.Helper()
	return ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) { return b.ListFiles(t.Context(), f, after) })
}

func (b *bench) jobs(t *testing.T, f ports.JobFilter) ([]ports.HeldJob, error) {
	t.Helper()
	return ports.ReadAll(func(after string) (ports.Page[ports.HeldJob], error) { return b.ListJobs(t.Context(), f, after) })
}

// A job that was lost may be listed on: only one that was started after it is
// found, and none where there is none.
func TestFindOfALostJobFindsWhatCameAfterItAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := submission(threePage)
	lost := b.submitted(t, s)
	if _, err := b.fetched(t, lost); err != nil {
		t.Fatal(err)
	}
	if q, ok, err := b.Find(t.Context(), lost); err != nil || ok {
		t.Errorf("found %+v %v, and there is none but the lost one", q, err)
	}
	b.fake.Faults.Hold()
	s.Body = strings.NewReader(threePage)
	second := b.submitted(t, s)
	q, ok, err := b.Find(t.Context(), lost)
	if err != nil || !ok || q.ProviderJob != second.ProviderJob || q.ProviderFile != second.ProviderFile || q.Ready {
		t.Errorf("found %+v %v %v, want %s with its file", q, ok, err, second.ProviderJob)
	}
	if q, ok, err := b.Find(t.Context(), second); err != nil || ok {
		t.Errorf("found %+v %v: the one before was lost too", q, err)
	}
}

func TestPathsCanBeMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.Paths.Files = "/api/v9/files" })
	wantError(t, b.Healthy(t.Context()), core.CodeParserUnavailable, core.Transient)
	if got := b.sent.requests[0].URL.Path; got != "/api/v9/files" {
		t.Errorf("asked %s", got)
	}
}
