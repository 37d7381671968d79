package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// A submission's outcome is unknown from its begin until it is kept, unless it is
// taken back as never made; what an earlier run left unknown stays so.
func TestWhatWasNeverAskedIsNotLookedFor(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	leg, _ := core.LegOf(core.Parse)
	job := core.Job{Stage: core.Parse, Document: doc.Document, Attempt: 1}
	begin := func(want bool) core.Document {
		t.Helper()
		got, err := h.store.Begin(t.Context(), job, leg)
		if err != nil || got.Submitting != want {
			t.Fatalf("begun with its outcome unknown %t, %v", got.Submitting, err)
		}
		return got
	}
	unasked := func(d core.Document) {
		t.Helper()
		if err := h.store.Unasked(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	operations, _ := h.operations()
	told := func() bool {
		t.Helper()
		c, err := operations.Explain(t.Context(), doc.Document, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return c.Document.Submitting
	}
	unasked(begin(false))
	if told() {
		t.Error("on-call is told of an unknown outcome where nothing was asked")
	}
	unasked(begin(false))
	begin(false)
	if !told() {
		t.Error("on-call is not told of an unknown outcome")
	}
	known := begin(true) // the process of the run before died
	unasked(known)
	begin(true)
	h.walk(doc, core.Parse)
	h.queue.take()
	unasked(known) // from a step that was kept meanwhile
	if n := h.count(`select count(*) from upload_pipeline.upload_jobs where status = 'parse_queued' and runs = 0`); n != 1 {
		t.Error("a late word changed a document that moved on")
	}
}

// Who read a text stands on the attempt, in the standing and in the event, and
// goes over to the attempt that works on with it. The parser's copies, and a
// job it may have, are forgotten though their ids are not known.
func TestL025_TheStandbysTextSaysSo(t *testing.T) {
	h := open(t)
	who := user(t)
	for _, standby := range []bool{true, false} {
		content := map[bool]string{true: "a", false: "b"}[standby]
		doc := h.upload(who, content, 2)
		h.walk(doc, core.Parse)
		h.run(`update upload_pipeline.upload_jobs set provider_file_id = null where document_id = $1`, doc.Document)
		h.queue.take()
		_, err := h.step(core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: 1}, func(d core.Document) core.Made {
			text := made(core.Receive, d).(core.Text) //nolint:forcetypeassert // what receive makes
			text.Standby, text.Parser = standby, "reader/1"
			return text
		})
		if err != nil {
			t.Fatal(err)
		}
		forgets := slices.ContainsFunc(h.queue.take(), func(j core.Job) bool { return j.Stage == core.Forget })
		news := h.news(who, ports.Mark{Document: doc.Document})
		code := news.Events[len(news.Events)-1].Code
		if got, _ := h.library.Standing(t.Context(), who, doc.Document); got.Parser != "reader/1" || got.Standby != standby || forgets != standby ||
			(code == core.CodeReadByStandby) != standby {
			t.Errorf("standby %t: read by %q, %t, code %q, forgotten %t", standby, got.Parser, got.Standby, code, forgets)
		}
		leg, _ := core.LegOf(core.Validate)
		failing := core.Job{Stage: leg.Stage, Document: doc.Document, Attempt: 1, Turn: 2}
		if err := h.store.Fail(t.Context(), failing, leg, core.Trouble{Code: core.CodeParseIncomplete, Stage: leg.Stage}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.library.Retry(t.Context(), who, doc.Document); err != nil {
			t.Fatal(err)
		}
		if got, _ := h.library.Standing(t.Context(), who, doc.Document); got.Status != core.Uploaded || got.Standby || got.Parser != "" {
			t.Errorf("a retry from the beginning reads %+v", got)
		}
	}
	doc := h.upload(who, "c", 2)
	h.walk(doc, core.Chunk)
	h.run(`update upload_pipeline.upload_jobs set standby = true where document_id = $1`, doc.Document)
	leg, _ := core.LegOf(core.Embed)
	if err := h.store.Fail(t.Context(), core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 4}, leg, core.Trouble{Code: core.CodeBadVectors, Stage: core.Embed}); err != nil {
		t.Fatal(err)
	}
	got, err := h.library.Retry(t.Context(), who, doc.Document)
	if diff := cmp.Diff(core.EmbeddingQueued, got.Status); err != nil || diff != "" || !got.Standby || got.Parser == "" {
		t.Errorf("a retry that goes on with the text reads %+v, %v", got, err)
	}
}
