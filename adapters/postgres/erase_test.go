package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// holding lists the tables that have a row which names the document, however
// the column is called.
func (h *house) holding(doc ports.Standing) (tables []string) {
	h.t.Helper()
	for _, table := range h.tables() {
		if h.count(`select count(*) from `+table+` t where t::text like '%' || $1 || '%' or t::text like '%' || $2 || '%'`,
			doc.Document.String(), doc.Job.String()) > 0 {
			tables = append(tables, table)
		}
	}
	return tables
}

// What outlives a document holds ids alone: its events and its callbacks.
func TestADeletedDocumentLeavesIdsAlone(t *testing.T) {
	h := open(t)
	who := user(t)
	doc, stays := h.upload(who, "a", 2), h.upload(who, "b", 2)
	h.walk(doc, core.Finish)
	h.walk(stays, core.Finish)
	h.receive(callback(doc.Job, "evt-1", "x"))
	if err := h.library.Remove(t.Context(), who, doc.Document); err != nil {
		t.Fatal(err)
	}
	doomed, err := h.store.Doomed(t.Context(), doc.Document)
	if err != nil || doomed.ID != doc.Document || doomed.Key == "" || doomed.ProviderFile == "" {
		t.Fatalf("the doomed document is %+v (%v)", doomed, err)
	}
	copies, err := h.store.Copies(t.Context(), doc.Document)
	if err != nil || len(copies) != 1 || copies[0].ProviderJob == "" {
		t.Errorf("the parser's copies are %+v (%v)", copies, err)
	}
	if err := h.store.Erase(t.Context(), doc.Document, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"upload_pipeline.events", "upload_pipeline.webhook_log"}, h.holding(doc)); diff != "" {
		t.Errorf("what still names it:\n%s", diff)
	}
	if list := h.events(doc.Document); len(list) == 0 || list[len(list)-1] != core.Deleting {
		t.Errorf("its events are %v", list)
	}
	if got := h.status(who, stays.Document); got != core.Complete {
		t.Errorf("the other document is %s", got)
	}
	if _, err := h.store.Doomed(t.Context(), doc.Document); !errors.Is(err, core.ErrStale) {
		t.Errorf("doomed after the erasure: %v", err)
	}
	if err := h.store.Erase(t.Context(), doc.Document, nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("erased twice: %v, want ErrStale", err)
	}
	if _, err := h.library.Add(t.Context(), who, newDocument(who, "a")); err != nil {
		t.Errorf("the same content again: %v", err)
	}
}

// Erase touches nothing but what is being deleted, wherever the document is.
func TestEraseLeavesALivingDocumentWhole(t *testing.T) {
	h := open(t)
	for _, last := range core.Stages() {
		who := user(t)
		doc := h.upload(who, string(last), 2)
		h.walk(doc, last)
		before, status := h.holding(doc), h.status(who, doc.Document)
		if _, err := h.store.Doomed(t.Context(), doc.Document); !errors.Is(err, core.ErrStale) {
			t.Errorf("after %s: doomed: %v, want ErrStale", last, err)
		}
		if err := h.store.Erase(t.Context(), doc.Document, nil); !errors.Is(err, core.ErrStale) {
			t.Errorf("after %s: erased: %v, want ErrStale", last, err)
		}
		if diff := cmp.Diff(before, h.holding(doc)); diff != "" || h.status(who, doc.Document) != status {
			t.Errorf("after %s: an erasure changed a living document:\n%s", last, diff)
		}
	}
	if err := h.store.Erase(t.Context(), core.NewID(), nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("a document that never was: %v", err)
	}
}

// A purge that lost its job keeps the rows: another run has them.
func TestAnErasureWithoutItsJobIsTakenBack(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	h.walk(doc, core.Chunk)
	if err := h.library.Remove(t.Context(), who, doc.Document); err != nil {
		t.Fatal(err)
	}
	before := h.holding(doc)
	h.queue.stale = true
	if err := h.store.Erase(t.Context(), doc.Document, nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("erased without the job: %v", err)
	}
	if diff := cmp.Diff(before, h.holding(doc)); diff != "" || !slices.Contains(before, "upload_pipeline.document_chunks") {
		t.Errorf("the rows changed:\n%s", diff)
	}
}
