package llamaparse_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
)

func TestFM028_ResultThatIsNotThereYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.PendingAfterEvent(2)
	b.fake.Faults.NotFoundResult(2)
	doc := b.submitted(t, submission("text"))
	for range 2 {
		_, err := b.Fetch(t.Context(), doc)
		wantError(t, err, core.CodeParseNotReady, core.Busy)
	}
	if _, err := b.fetched(t, doc); err != nil {
		t.Error(err)
	}
}

func TestUnknownJobIsGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := submission("text").Document
	for _, id := range []string{"", "pjb-unknown", "../files", "a b", strings.Repeat("x", 200)} {
		doc.ProviderJob = id
		_, err := b.Fetch(t.Context(), doc)
		wantError(t, err, core.CodeParseGone, core.Transient)
	}
}

func TestPagesKeepNumbersAndFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.PageFailures(2)
	b.fake.Faults.CutPage(3)
	b.fake.Faults.ShufflePages(1)
	text, err := b.fetched(t, b.submitted(t, submission("one\ftwo\fthree\f")))
	if err != nil {
		t.Fatal(err)
	}
	want := []core.Page{{Number: 1, Text: "one"}, {Number: 2, Failed: string(core.CodePageFailed)}, {Number: 3, Failed: string(core.CodePageCut)}, {Number: 4}}
	if n := len(text.Pages[2].Text); n < 65_000 {
		t.Errorf("the cut page keeps %d bytes", n)
	}
	text.Pages[2].Text = ""
	if diff := cmp.Diff(want, text.Pages); diff != "" {
		t.Error(diff)
	}
}

func TestTooManyFailedPagesFailTheJob(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.MaxFailedShare = 0.05 })
	b.fake.Faults.PageFailures(2)
	_, err := b.fetched(t, b.submitted(t, submission(threePage)))
	wantError(t, err, core.CodeParseFailed, core.Transient)
}

func TestL030_SummaryComesBackAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.Summary("This policy covers things.")
	text, err := b.fetched(t, b.submitted(t, submission(threePage)))
	if err != nil {
		t.Fatal(err)
	}
	if len(text.Pages) != 1 { // three were handed in: the page receipt cannot balance
		t.Errorf("%d pages", len(text.Pages))
	}
}

func TestTruncatedAnswerIsAnOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.submitted(t, submission(threePage))
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	b.fake.Faults.TruncateJSON(1)
	_, err := b.Fetch(t.Context(), doc)
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
	if _, err := b.Fetch(t.Context(), doc); err != nil {
		t.Error(err)
	}
}

func TestResultOverTheBoundIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.ResultLimit = 2000 })
	doc := b.submitted(t, submission(strings.Repeat("long ", 1000)))
	_, err := b.fetched(t, doc)
	wantError(t, err, core.CodeParseFailed, core.Permanent)
}

func TestCutUploadAndExpiredFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.CutUpload(1)
	_, err := b.Submit(t.Context(), submission(strings.Repeat("long ", 100_000)))
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
	b.fake.Faults.ExpiredFile(1)
	_, err = b.Submit(t.Context(), submission("text"))
	wantError(t, err, core.CodeParserUnavailable, core.Transient)
}

func TestErrorsKeepTheirCauseInside(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.ServerErrors(1, 500)
	err := b.Healthy(t.Context())
	if got := fmt.Sprint(errors.Unwrap(err)); got != "llamaparse: HTTP 500" {
		t.Errorf("cause %q", got)
	}
}
