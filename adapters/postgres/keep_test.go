package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

func TestEveryStatusIsReachedOnceInOrder(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	h.walk(doc, core.Finish)
	if diff := cmp.Diff(core.Way(), h.events(doc.Document)); diff != "" {
		t.Errorf("the events are not the way:\n%s", diff)
	}
	standing, err := h.library.Standing(t.Context(), who, doc.Document)
	if err != nil {
		t.Fatal(err)
	}
	if standing.Status != core.Complete || standing.Chunks != 2 || standing.Embedded != 2 || standing.Receipt == nil || standing.Receipt.Parsed != 2 {
		t.Errorf("the standing is %+v", standing)
	}
	if len(standing.Timings) != len(core.Way())-1 {
		t.Errorf("timings of %d statuses, want all that were left", len(standing.Timings))
	}
}

// A step that runs twice writes once: the same rows, and the status stays.
func TestL021_AStageRunTwiceChangesNothing(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	for turn, stage := range core.Stages() {
		job := core.Job{Stage: stage, Document: doc.Document, Attempt: 1, Turn: turn}
		step, err := h.step(job, func(d core.Document) core.Made { return made(stage, d) })
		if err != nil {
			t.Fatalf("%s: %v", stage, err)
		}
		status, events, chunks := h.status(who, doc.Document), h.events(doc.Document), h.chunkIDs(doc.Document)
		h.queue.take()
		if err := h.store.Keep(t.Context(), step, nil); !errors.Is(err, core.ErrStale) {
			t.Errorf("%s kept twice: %v, want ErrStale", stage, err)
		}
		if _, err := h.step(job, func(d core.Document) core.Made { return made(stage, d) }); !errors.Is(err, core.ErrStale) {
			t.Errorf("%s begun twice: %v, want ErrStale", stage, err)
		}
		if got := h.status(who, doc.Document); got != status {
			t.Errorf("%s twice moved the document from %s to %s", stage, status, got)
		}
		if diff := cmp.Diff(events, h.events(doc.Document)); diff != "" {
			t.Errorf("%s twice wrote events:\n%s", stage, diff)
		}
		if diff := cmp.Diff(chunks, h.chunkIDs(doc.Document)); diff != "" {
			t.Errorf("%s twice changed the chunks:\n%s", stage, diff)
		}
	}
}

func (h *house) chunkIDs(id core.ID) (ids []string) {
	h.t.Helper()
	rows, err := h.work.Query(h.t.Context(), `select chunk_id::text from upload_pipeline.document_chunks where document_id = $1 order by ordinal`, id)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			h.t.Fatal(err)
		}
		ids = append(ids, text)
	}
	return ids
}

// A worker that lost its job to a rescue commits nothing.
func TestAZombieCommitsNothing(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	h.queue.take()
	for turn, stage := range core.Stages() {
		before := h.status(who, doc.Document)
		job := core.Job{Stage: stage, Document: doc.Document, Attempt: 1, Turn: turn}
		h.queue.stale = true
		_, err := h.step(job, func(d core.Document) core.Made { return made(stage, d) })
		if !errors.Is(err, core.ErrStale) {
			t.Fatalf("%s is kept with a lost claim: %v, want ErrStale", stage, err)
		}
		leg, _ := core.LegOf(stage)
		if got := h.status(who, doc.Document); got != before && got != leg.Meanwhile() {
			t.Errorf("the document is %s, want %s", got, leg.Meanwhile())
		}
		h.queue.stale = false
		if _, err := h.step(job, func(d core.Document) core.Made { return made(stage, d) }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASecondRunOfParseKnowsOfTheFirst(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 1)
	leg, _ := core.LegOf(core.Parse)
	for run, want := range []bool{false, true, true} {
		got, err := h.store.Begin(t.Context(), core.Job{Stage: core.Parse, Document: doc.Document, Attempt: 1}, leg)
		if err != nil {
			t.Fatal(err)
		}
		if got.Submitting != want {
			t.Errorf("run %d: Submitting is %t, want %t", run+1, got.Submitting, want)
		}
	}
}

// After a restore the first run here may not be the first that ever was.
func TestADoubtedDocumentIsLookedForAtTheParser(t *testing.T) {
	h := open(t)
	doubted := h.upload(user(t), "a", 1)
	if err := h.store.Doubt(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := h.upload(user(t), "b", 1)
	leg, _ := core.LegOf(core.Parse)
	for doc, want := range map[core.ID]bool{doubted.Document: true, later.Document: false} {
		got, err := h.store.Begin(t.Context(), core.Job{Stage: core.Parse, Document: doc, Attempt: 1}, leg)
		if err != nil {
			t.Fatal(err)
		}
		if got.Submitting != want {
			t.Errorf("Submitting is %t, want %t", got.Submitting, want)
		}
	}
}

func TestAnEarlyStepWaitsAndALateOneEnds(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	receive := core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: core.AnyTurn}
	leg, _ := core.LegOf(core.Receive)
	if _, err := h.store.Begin(t.Context(), receive, leg); !errors.Is(err, core.ErrEarly) {
		t.Errorf("receive before parse was kept: %v, want ErrEarly", err)
	}
	h.walk(doc, core.Validate)
	if _, err := h.store.Begin(t.Context(), receive, leg); !errors.Is(err, core.ErrStale) {
		t.Errorf("receive after validate: %v, want ErrStale", err)
	}
	receive.Document = core.NewID()
	if _, err := h.store.Begin(t.Context(), receive, leg); !errors.Is(err, core.ErrStale) {
		t.Errorf("receive of no document: %v, want ErrStale", err)
	}
}

// Every batch but the last leaves the status and starts the next one.
func TestEmbedKeepsABatchAndEnqueuesTheNext(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	h.walk(doc, core.Chunk)
	h.queue.take()
	batch := func(ordinal int, more bool) func(core.Document) core.Made {
		return func(d core.Document) core.Made {
			return core.Vectors{Model: "m", More: more, Items: []core.Vector{{Chunk: core.ChunkID(d.ID, "test@1", ordinal), Value: unit(ordinal)}}}
		}
	}
	if _, err := h.step(core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 4}, batch(0, true)); err != nil {
		t.Fatal(err)
	}
	if got := h.status(who, doc.Document); got != core.EmbeddingInProgress {
		t.Errorf("after the first batch: %s", got)
	}
	if want := (core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 5}); !contains(h.queue.take(), want) {
		t.Errorf("the next batch was not enqueued")
	}
	if _, err := h.step(core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 4}, batch(0, true)); !errors.Is(err, core.ErrStale) {
		t.Errorf("the first batch again: %v, want ErrStale", err)
	}
	if _, err := h.step(core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 5}, batch(1, false)); err != nil {
		t.Fatal(err)
	}
	if got := h.status(who, doc.Document); got != core.EmbeddingsStored {
		t.Errorf("after the last batch: %s", got)
	}
}

// Each stage's failure has its own word, its reason can be read, and a retry
// opens the next attempt where the Line says.
func TestC9_EachStageFailsAsItselfAndCanBeRetried(t *testing.T) {
	h := open(t)
	for i, leg := range core.Line {
		who := user(t)
		doc := h.upload(who, "a", 2)
		if i > 0 {
			h.walk(doc, core.Line[i-1].Stage)
		}
		job := core.Job{Stage: leg.Stage, Document: doc.Document, Attempt: 1, Turn: i}
		if _, err := h.store.Begin(t.Context(), job, leg); err != nil {
			t.Fatal(err)
		}
		why := core.TroubleOf(leg.Stage, core.Fail(core.CodeParseFailed, nil))
		if err := h.store.Fail(t.Context(), job, leg, why); err != nil {
			t.Fatalf("%s: %v", leg.Stage, err)
		}
		standing, err := h.library.Standing(t.Context(), who, doc.Document)
		if err != nil {
			t.Fatal(err)
		}
		if standing.Status != leg.Fails || standing.Trouble == nil || *standing.Trouble != why || standing.LastGood != leg.Meanwhile() {
			t.Errorf("%s failed as %+v", leg.Stage, standing)
		}
		h.retried(t, who, doc.Document, core.Retries[leg.Fails])
	}
}

func (h *house) retried(t *testing.T, who principal, id core.ID, start core.Status) {
	t.Helper()
	h.queue.take()
	again, err := h.library.Retry(t.Context(), who, id)
	if err != nil {
		t.Fatal(err)
	}
	leg, _ := core.LegFrom(start)
	if again.Status != start || again.Attempt != 2 || !contains(h.queue.take(), core.Job{Stage: leg.Stage, Document: id, Attempt: 2}) {
		t.Errorf("the retry stands at %s of attempt %d", again.Status, again.Attempt)
	}
	if _, err := h.library.Retry(t.Context(), who, id); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("a retry of a running attempt: %v, want conflict", err)
	}
	events := h.events(id)
	if terminal := slices.IndexFunc(events, core.Status.Terminal); terminal < 0 || slices.IndexFunc(events[terminal+1:], core.Status.Terminal) >= 0 {
		t.Errorf("the events %v do not hold one end of attempt 1", events)
	}
}
