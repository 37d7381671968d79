package llamaparse_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
)

// TestEveryRefusalHasItsCode puts every refusal before every operation.
func TestEveryRefusalHasItsCode(t *testing.T) {
	t.Parallel()
	type faults = llamaparsetest.Faults
	refusals := []struct {
		name string
		set  func(f *faults)
		code core.Code
		kind core.Kind
	}{
		{"401", func(f *faults) { f.Status401(1) }, core.CodeParserKey, core.Paused},
		{"403", func(f *faults) { f.Status403(1) }, core.CodeParserKey, core.Paused},
		{"402", func(f *faults) { f.Status402(1) }, core.CodeParserCredits, core.Paused},
		{"429", func(f *faults) { f.Busy429(1, "") }, core.CodeParserBusy, core.Busy},
		{"429 plan", func(f *faults) { f.PlanLimit429(1) }, core.CodeParserCredits, core.Paused},
		{"500", func(f *faults) { f.ServerErrors(1, 500) }, core.CodeParserUnavailable, core.Transient},
		{"502", func(f *faults) { f.ServerErrors(1, 502) }, core.CodeParserUnavailable, core.Transient},
		{"503", func(f *faults) { f.ServerErrors(1) }, core.CodeParserUnavailable, core.Transient},
		{"504", func(f *faults) { f.ServerErrors(1, 504) }, core.CodeParserUnavailable, core.Transient},
		{"408", func(f *faults) { f.ServerErrors(1, 408) }, core.CodeParserUnavailable, core.Transient},
		{"418", func(f *faults) { f.ServerErrors(1, 418) }, core.CodeParserRefused, core.Permanent},
		{"413", func(f *faults) { f.ServerErrors(1, 413) }, core.CodeParserRefused, core.Permanent},
		{"lost", func(f *faults) { f.LoseAnswer(llamaparsetest.Always) }, core.CodeParserUnavailable, core.Transient},
	}
	operations := map[string]func(ctx context.Context, b *bench, doc core.Document) error{
		llamaparsetest.OpUpload: func(ctx context.Context, b *bench, _ core.Document) error {
			_, err := b.Submit(ctx, submission("text"))
			return err
		},
		llamaparsetest.OpParse: func(ctx context.Context, b *bench, _ core.Document) error {
			_, err := b.Submit(ctx, submission("text"))
			return err
		},
		llamaparsetest.OpGetJob: func(ctx context.Context, b *bench, doc core.Document) error {
			_, err := b.Fetch(ctx, doc)
			return err
		},
		llamaparsetest.OpListJobs: func(ctx context.Context, b *bench, doc core.Document) error {
			_, _, err := b.Find(ctx, doc)
			return err
		},
		llamaparsetest.OpListFiles:  func(ctx context.Context, b *bench, _ core.Document) error { return b.Healthy(ctx) },
		llamaparsetest.OpDeleteFile: func(ctx context.Context, b *bench, doc core.Document) error { return b.Forget(ctx, doc) },
		llamaparsetest.OpCancel:     func(ctx context.Context, b *bench, doc core.Document) error { return b.Forget(ctx, doc) },
	}
	for op, run := range operations {
		for _, r := range refusals {
			t.Run(op+" "+r.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				doc := b.submitted(t, submission("text"))
				b.fake.Faults.Only(op)
				r.set(b.fake.Faults)
				wantError(t, run(t.Context(), b, doc), r.code, r.kind)
			})
		}
	}
}

func TestRefusedFileIsPermanent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.Submit(t.Context(), submission("")) // the service refuses empty files with 400
	wantError(t, err, core.CodeParserRefused, core.Permanent)
	b = newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.MaxFile = 10 })
	_, err = b.Submit(t.Context(), submission("more than ten bytes"))
	wantError(t, err, core.CodeParserRefused, core.Permanent)
}

func TestP008_CallbackThatIsNotPublicIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://localhost:8001/webhook/llamaparse", "http://127.0.0.1/x", "http://10.1.2.3/x", "https://backend/x", "https://a.internal/x"} {
		b := newBench(t, func(o *llamaparsetest.Options, _ *llamaparse.Config) { o.AllowLoopback = false })
		s := submission("text")
		s.Callback = address
		_, err := b.Submit(t.Context(), s)
		wantError(t, err, core.CodeParserRefused, core.Permanent)
		if l := b.fake.Ledger(); l.Held != 0 || l.Deletes != 1 {
			t.Errorf("%s: the refused job's file stays: %+v", address, l)
		}
	}
}

func TestFailedJobsTellWhy(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]struct {
		code core.Code
		kind core.Kind
	}{
		"PDF_IS_PROTECTED":      {core.CodeFileEncrypted, core.Permanent},
		"PDF_IS_BROKEN":         {core.CodeFileBroken, core.Permanent},
		"NO_DATA_FOUND_IN_FILE": {core.CodeParseEmpty, core.Permanent},
		"DOCUMENT_TOO_LARGE":    {core.CodeFileTooLarge, core.Permanent},
		"TOO_MANY_PAGES":        {core.CodeFileTooManyPages, core.Permanent},
		"UNSUPPORTED_FILE_TYPE": {core.CodeFileUnsupported, core.Permanent},
		"TIMEOUT":               {core.CodeParseTimeout, core.Transient},
		"EXPIRED":               {core.CodeParseTimeout, core.Transient},
		"SOMETHING_NEW":         {core.CodeParseFailed, core.Transient},
		"CANCELLED":             {core.CodeParseCancelled, core.Permanent},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.Faults.FailWith(reason)
			_, err := b.fetched(t, b.submitted(t, submission("text")))
			wantError(t, err, want.code, want.kind)
		})
	}
}

func TestL025_UnreadableFileFailsAndGivesNoText(t *testing.T) {
	t.Parallel()
	for _, code := range []core.Code{core.CodeFileEncrypted, core.CodeFileBroken, core.CodeFileUnsupported, core.CodeFileTooManyPages, core.CodeFileTooLarge} {
		b := newBench(t)
		text, err := b.fetched(t, b.submitted(t, submission("!"+string(code))))
		wantError(t, err, code, core.Permanent)
		if len(text.Pages) != 0 {
			t.Errorf("%s: text came back", code)
		}
	}
	b := newBench(t)
	_, err := b.fetched(t, b.submitted(t, submission(" \f ")))
	wantError(t, err, core.CodeParseEmpty, core.Permanent)
}

func TestL027_L028_BusyTenTimesThenTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.Only(llamaparsetest.OpParse)
	b.fake.Faults.Busy429(10, "7")
	s := submission(threePage)
	for range 10 {
		s.Body = strings.NewReader(threePage)
		_, err := b.Submit(t.Context(), s)
		wantError(t, err, core.CodeParserBusy, core.Busy)
		if e := core.AsError(err); e.After != 7*time.Second {
			t.Errorf("After is %v", e.After)
		}
	}
	s.Body = strings.NewReader(threePage)
	doc := b.submitted(t, s)
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	if l := b.fake.Ledger(); l.Jobs[doc.Job.String()] != 1 || l.Held != 1 {
		t.Errorf("refused tries left something: %+v", l)
	}
}

func TestL027_RetryAfterInEveryForm(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, c := range []struct {
		value    string
		from, to time.Duration
	}{
		{"", 0, 0},
		{"12", 12 * time.Second, 12 * time.Second},
		{"0.5", time.Second / 2, time.Second / 2},
		{"-3", 0, 0},
		{"NaN", 0, 0},
		{"soon", 0, 0},
		{"999999999", time.Hour, time.Hour},
		{at(10 * time.Minute), 9 * time.Minute, 10 * time.Minute},
		{at(-10 * time.Minute), 0, 0},
	} {
		b := newBench(t)
		b.fake.Faults.Busy429(1, c.value)
		err := b.Healthy(t.Context())
		wantError(t, err, core.CodeParserBusy, core.Busy)
		if after := core.AsError(err).After; after < c.from || after > c.to {
			t.Errorf("Retry-After %q: %v, want %v to %v", c.value, after, c.from, c.to)
		}
	}
}

// Statuses that mean one thing for a document and another for a call that is
// not about one.
func TestStatusesMeanWhatTheCallIsAbout(t *testing.T) {
	t.Parallel()
	healthy := func(b *bench, _ core.Document) error { return b.Healthy(t.Context()) }
	fetch := func(b *bench, doc core.Document) error { _, err := b.Fetch(t.Context(), doc); return err }
	submit := func(b *bench, _ core.Document) error {
		_, err := b.Submit(t.Context(), submission("text"))
		return err
	}
	forget := func(b *bench, doc core.Document) error { return b.Forget(t.Context(), doc) }
	for _, c := range []struct {
		op     string
		call   func(*bench, core.Document) error
		status int
		code   core.Code // empty: no error
		kind   core.Kind
	}{
		{llamaparsetest.OpListFiles, healthy, 400, core.CodeParserRefused, core.Permanent},
		{llamaparsetest.OpListFiles, healthy, 404, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpListFiles, healthy, 405, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpListFiles, healthy, 409, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpListFiles, healthy, 425, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpListFiles, healthy, 599, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpGetJob, fetch, 404, core.CodeParseGone, core.Transient},
		{llamaparsetest.OpGetJob, fetch, 409, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpParse, submit, 400, core.CodeParserRefused, core.Permanent},
		{llamaparsetest.OpParse, submit, 404, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpParse, submit, 409, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpParse, submit, 422, core.CodeParserRefused, core.Permanent},
		{llamaparsetest.OpUpload, submit, 413, core.CodeParserRefused, core.Permanent},
		{llamaparsetest.OpDeleteFile, forget, 404, "", 0},
		{llamaparsetest.OpDeleteFile, forget, 410, "", 0},
		{llamaparsetest.OpDeleteFile, forget, 409, core.CodeParserUnavailable, core.Transient},
		{llamaparsetest.OpCancel, forget, 400, "", 0},
		{llamaparsetest.OpCancel, forget, 409, "", 0},
		{llamaparsetest.OpCancel, forget, 422, "", 0},
	} {
		b := newBench(t)
		doc := b.submitted(t, submission("text"))
		b.fake.Faults.Only(c.op)
		b.fake.Faults.ServerErrors(1, c.status)
		err := c.call(b, doc)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s, %d: %v", c.op, c.status, err)
			}
			continue
		}
		wantError(t, err, c.code, c.kind)
	}
}
