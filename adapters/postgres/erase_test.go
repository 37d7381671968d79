package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
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
	under := h.deletion(who, doc.Document)
	if under.Done() || under.Residual != nil || under.RequestedAt.IsZero() || under.Reason != core.ByOwner {
		t.Errorf("the record before the erasure is %+v", under)
	}
	outside := core.Residual{core.PlaceCopies: nil}
	outside.Count(core.PlaceFile, 0)
	if err := h.store.Erase(t.Context(), doc.Document, outside, nil); err != nil {
		t.Fatal(err)
	}
	h.receipted(who, doc.Document)
	if diff := cmp.Diff([]string{"upload_pipeline.audit_inbox", "upload_pipeline.deletions", "upload_pipeline.events", "upload_pipeline.webhook_log"}, h.holding(doc)); diff != "" {
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
	if err := h.store.Erase(t.Context(), doc.Document, nil, nil); !errors.Is(err, core.ErrStale) {
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
		if err := h.store.Erase(t.Context(), doc.Document, nil, nil); !errors.Is(err, core.ErrStale) {
			t.Errorf("after %s: erased: %v, want ErrStale", last, err)
		}
		if diff := cmp.Diff(before, h.holding(doc)); diff != "" || h.status(who, doc.Document) != status {
			t.Errorf("after %s: an erasure changed a living document:\n%s", last, diff)
		}
	}
	if err := h.store.Erase(t.Context(), core.NewID(), nil, nil); !errors.Is(err, core.ErrStale) {
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
	if err := h.store.Erase(t.Context(), doc.Document, nil, nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("erased without the job: %v", err)
	}
	if diff := cmp.Diff(before, h.holding(doc)); diff != "" || !slices.Contains(before, "upload_pipeline.document_chunks") {
		t.Errorf("the rows changed:\n%s", diff)
	}
}

func (h *house) deletion(who ports.Principal, id core.ID) core.Deletion {
	h.t.Helper()
	d, err := h.library.Deletion(h.t.Context(), who, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// receipted holds the receipt to zeros in every table that has rows of a
// document and is not kept, and to what was counted outside.
func (h *house) receipted(who ports.Principal, id core.ID) {
	h.t.Helper()
	d := h.deletion(who, id)
	if !d.Done() || d.DoneAt.Before(d.RequestedAt) || d.User != who.User || d.Residual.Left() {
		h.t.Errorf("the receipt is %+v", d)
	}
	if n, asked := d.Residual[core.PlaceCopies]; !asked || n != nil || d.Residual[core.PlaceFile] == nil {
		h.t.Errorf("outside was counted: %v", d.Residual)
	}
	kept := []string{"deletions", "events", "webhook_log", "upload_intents", "holds", "costs", "operations_log", "provider_calls"}
	for _, table := range h.list(`select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'upload_pipeline'::regnamespace and c.relkind = 'r' and a.attname = 'document_id'`) {
		if n := d.Residual[core.Place(table)]; !slices.Contains(kept, table) && (n == nil || *n != 0) {
			h.t.Errorf("the receipt says nothing of %s", table)
		}
	}
	if _, err := h.library.Deletion(h.t.Context(), user(h.t), id); !core.HasCode(err, core.CodeNotFound) {
		h.t.Errorf("a stranger reads the receipt: %v", err)
	}
}

// A row that will not go is found by counting, and then nothing is erased.
func TestNoReceiptWhileARowIsLeft(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	h.walk(doc, core.Finish)
	if err := h.library.Remove(t.Context(), who, doc.Document); err != nil {
		t.Fatal(err)
	}
	if err := h.library.Intend(t.Context(), who, doc.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.SuperConn().Exec(t.Context(), `create rule stays as on delete to upload_pipeline.storage_intents do instead nothing`); err != nil {
		t.Fatal(err)
	}
	before := h.holding(doc)
	if err := h.store.Erase(t.Context(), doc.Document, nil, nil); !core.HasCode(err, core.CodeInternal) {
		t.Errorf("erased with a row left: %v", err)
	}
	if diff := cmp.Diff(before, h.holding(doc)); diff != "" || h.deletion(who, doc.Document).Done() {
		t.Errorf("the refused erasure changed:\n%s", diff)
	}
}

// A request that reserved an id and is repeated after the deletion makes no
// document under it.
func TestADeletedIDIsNeverUsedAgain(t *testing.T) {
	h := open(t)
	who := user(t)
	d := newDocument(who, "a")
	if _, err := h.library.Add(t.Context(), who, d); err != nil {
		t.Fatal(err)
	}
	if err := h.library.Remove(t.Context(), who, d.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Erase(t.Context(), d.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.library.Add(t.Context(), who, d); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("added again: %v, want conflict", err)
	}
	if _, err := h.library.Standing(t.Context(), who, d.ID); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("it stands again: %v", err)
	}
}

// A restored database is from before the deletion: the records are replayed.
func TestS43_TombstonesAreReplayed(t *testing.T) {
	now, before := open(t), &house{}
	who := user(t)
	doc, stays := now.upload(who, "a", 2), now.upload(who, "b", 2)
	before.t, before.db, before.queue = t, dbtest.New(t, db.Schemas{}), &memoryQueue{}
	before.app, before.work = before.pool("inav_app"), before.pool("inav_worker")
	before.library, before.store = postgres.NewLibrary(before.app, before.queue), postgres.NewStore(before.work, before.queue, postgres.DefaultWaits())
	for _, d := range []ports.Standing{doc, stays} {
		if _, err := before.library.Add(t.Context(), who, ports.NewDocument{ID: d.Document, Job: d.Job, Key: d.Key, Name: d.Name,
			ContentType: d.ContentType, Size: d.Size, SHA256: d.SHA256, Pages: 2}); err != nil {
			t.Fatal(err)
		}
	}
	before.walk(doc, core.Finish)
	young := now.upload(who, "c", 2) // the backup never had it
	for _, d := range []ports.Standing{doc, young} {
		if err := now.library.Remove(t.Context(), who, d.Document); err != nil {
			t.Fatal(err)
		}
		if err := now.store.Erase(t.Context(), d.Document, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	records, err := now.store.Tombstones(t.Context(), core.ID{}, 10)
	if err != nil || len(records) != 2 {
		t.Fatalf("the records: %+v (%v)", records, err)
	}
	before.queue.take()
	for round, want := range []int{1, 1} { // a second replay meets the deletion under way
		again, held, err := before.store.Bury(t.Context(), records)
		if err != nil || again != want || len(held) != 0 {
			t.Errorf("round %d: %d documents again, held %v (%v)", round, again, held, err)
		}
	}
	purge := core.Job{Stage: core.Purge, Document: doc.Document, Attempt: 1, Turn: core.AnyTurn}
	if diff := cmp.Diff([]core.Job{purge}, before.queue.take()); diff != "" {
		t.Errorf("jobs:\n%s", diff)
	}
	if got := before.status(who, stays.Document); got != core.Uploaded {
		t.Errorf("the other document is %s", got)
	}
	if d := before.deletion(who, doc.Document); d.Done() || !d.RequestedAt.Equal(now.deletion(who, doc.Document).RequestedAt) {
		t.Errorf("the replayed record is %+v", d)
	}
	if diff := cmp.Diff(now.deletion(who, young.Document), before.deletion(who, young.Document)); diff != "" {
		t.Errorf("the record of what was not there:\n%s", diff)
	}
	if err := before.store.Erase(t.Context(), doc.Document, nil, nil); err != nil || !before.deletion(who, doc.Document).Done() {
		t.Errorf("the purge after the replay: %v", err)
	}
}
