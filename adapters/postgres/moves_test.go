package postgres_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const month = 30 * 24 * time.Hour

// shelved is a complete document that nobody has read for two months.
func (h *house) shelved(who ports.Principal, content string) ports.Standing {
	h.t.Helper()
	doc := h.upload(who, content, 2)
	h.walk(doc, core.Finish)
	h.aged(`update upload_pipeline.documents set created_at = now() - interval '60 days' where document_id = $1`, doc.Document)
	h.aged(`update upload_pipeline.upload_jobs set status_since = now() - interval '60 days' where document_id = $1`, doc.Document)
	return doc
}

// moves runs a whole move.
func (h *house) moves(id core.ID, to core.Tier, by *core.Audit) core.FileMove {
	h.t.Helper()
	m, err := h.store.BeginMove(h.t.Context(), id, to, core.MoveTime)
	if err != nil {
		h.t.Fatalf("begin: %v", err)
	}
	if err := h.store.Switch(h.t.Context(), m, by); err != nil {
		h.t.Fatalf("switch: %v", err)
	}
	return m
}

func (h *house) movable(to core.Tier, age time.Duration) []core.ID {
	h.t.Helper()
	ids, err := h.store.Movable(h.t.Context(), to, age, 10)
	n, failed := h.store.MovableCount(h.t.Context(), to, age)
	if err != nil || failed != nil || n != len(ids) {
		h.t.Fatalf("movable to %s: %v, counted %d (%v, %v)", to, ids, n, err, failed)
	}
	return ids
}

func (h *house) intents() (keys []string) {
	h.t.Helper()
	keys, err := h.store.Orphans(h.t.Context(), -time.Minute, 10)
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

// A file goes cold when it was not read for long, and comes back when it was;
// the former one is left to the sweep each time.
func TestAFileGoesColdAndComesBack(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.shelved(ada, "shelved")
	young := h.upload(ada, "young", 2)
	h.walk(young, core.Finish)
	h.shelvedButUnderWay(ada)
	if diff := cmp.Diff([]core.ID{doc.Document}, h.movable(core.Cold, month)); diff != "" {
		t.Errorf("to the archive:\n%s", diff)
	}
	if ids := h.movable(core.Cold, 0); len(ids) != 0 {
		t.Errorf("with an age of 0 go %v", ids)
	}
	m := h.moves(doc.Document, core.Cold, &core.Audit{Operator: "oncall", Reason: "OPS-1"})
	if diff := cmp.Diff(core.FileMove{Document: doc.Document, User: ada.User, From: doc.Key, To: "cold/" + doc.Key, ContentType: doc.ContentType,
		Size: doc.Size, SHA256: doc.SHA256}, m); diff != "" {
		t.Errorf("the move:\n%s", diff)
	}
	at, err := h.library.Standing(t.Context(), ada, doc.Document)
	if err != nil || at.Key != m.To || at.ReadNoted {
		t.Errorf("cold: key %s, noted %t (%v)", at.Key, at.ReadNoted, err)
	}
	if diff := cmp.Diff([]string{doc.Key}, h.intents()); diff != "" {
		t.Errorf("left to the sweep:\n%s", diff)
	}
	if twins, err := h.store.Twins(t.Context(), h.intents()); err != nil || twins[doc.Key] != m.To {
		t.Errorf("twins: %v (%v)", twins, err)
	}
	if n := h.count(`select count(*) from upload_pipeline.operations_log where action = 'archive' and document_id = $1 and operator = 'oncall'`, doc.Document); n != 1 {
		t.Errorf("%d lines of the log", n)
	}
	if ids := h.movable(core.Hot, month); len(ids) != 0 {
		t.Errorf("nobody read it, and back come %v", ids)
	}
	if err := h.library.NoteRead(t.Context(), ada, doc.Document); err != nil {
		t.Fatal(err)
	}
	if at, err := h.library.Standing(t.Context(), ada, doc.Document); err != nil || !at.ReadNoted {
		t.Errorf("after the note: %t (%v)", at.ReadNoted, err)
	}
	if diff := cmp.Diff([]core.ID{doc.Document}, h.movable(core.Hot, month)); diff != "" {
		t.Errorf("back:\n%s", diff)
	}
	back := h.moves(doc.Document, core.Hot, nil)
	if back.To != doc.Key || h.count(`select count(*) from upload_pipeline.documents where cold_since is null and storage_key = $1`, doc.Key) != 1 {
		t.Errorf("back at %s", back.To)
	}
	if diff := cmp.Diff([]string{m.To}, h.intents()); diff != "" {
		t.Errorf("left to the sweep:\n%s", diff)
	}
}

// shelvedButUnderWay is as old and not complete: it stays where it is.
func (h *house) shelvedButUnderWay(who ports.Principal) {
	h.t.Helper()
	doc := h.upload(who, "under way", 2)
	h.aged(`update upload_pipeline.documents set created_at = now() - interval '60 days' where document_id = $1`, doc.Document)
	if _, err := h.store.BeginMove(h.t.Context(), doc.Document, core.Cold, core.MoveTime); !core.HasCode(err, core.CodeConflict) {
		h.t.Errorf("a document under way: %v", err)
	}
}

// Nobody's read counts but the owner's own.
func TestAnothersReadIsNotNoted(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	doc := h.shelved(ada, "ada's")
	if err := h.library.NoteRead(t.Context(), bob, doc.Document); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`select count(*) from upload_pipeline.documents where file_read_at is not null`); n != 0 {
		t.Errorf("%d notes by another", n)
	}
}

// What came between a move's beginning and its end keeps the end from being;
// nothing has changed then.
func TestAMoveThatWasOvertakenEndsStale(t *testing.T) {
	h := open(t)
	ada := user(t)
	between := map[string]func(m core.FileMove) error{
		"deleted": func(m core.FileMove) error { return h.library.Remove(t.Context(), ada, m.Document) },
		"held": func(m core.FileMove) error {
			_, err := h.store.SetHold(t.Context(), core.Hold{Document: m.Document, Reason: "CASE-1", Operator: "test"})
			return err
		},
		"given up":     func(m core.FileMove) error { return h.store.GiveUp(t.Context(), m) },
		"slow":         func(m core.FileMove) error { h.ages(m.To, "8 minutes"); return nil },
		"swept":        func(m core.FileMove) error { return h.store.Swept(t.Context(), []string{m.To}) },
		"another done": func(m core.FileMove) error { return h.store.Switch(t.Context(), m, nil) },
	}
	for name, happens := range between {
		doc := h.shelved(ada, name)
		m, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime)
		if err == nil {
			err = happens(m)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key := func() int {
			return h.count(`select count(*) from upload_pipeline.documents where storage_key = $1`, m.To)
		}
		before := key()
		if err := h.store.Switch(t.Context(), m, nil); !errors.Is(err, core.ErrStale) {
			t.Errorf("%s: the switch: %v", name, err)
		}
		if err := h.store.GiveUp(t.Context(), m); err != nil {
			t.Errorf("%s: giving up: %v", name, err)
		}
		if now, err := h.store.Moving(t.Context(), core.Document{Key: m.From}); now || err != nil || key() != before {
			t.Errorf("%s: moving still %t (%v), or the row moved", name, now, err)
		}
	}
}

func (h *house) ages(key, by string) {
	h.t.Helper()
	h.aged(`update upload_pipeline.storage_intents set created_at = created_at - $2::text::interval where storage_key = $1`, key, by)
}

// A move that was cut off is taken up by the next while its intent is young. An
// old intent is the sweep's: none touches what a sweep may be removing.
func TestAMoveIsTakenUpOrWaitsForTheSweep(t *testing.T) {
	h := open(t)
	doc := h.shelved(user(t), "cut off")
	m, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := h.store.Moving(t.Context(), core.Document{Key: m.To}); !now || err != nil {
		t.Errorf("under way: %t (%v)", now, err)
	}
	h.ages(m.To, "6 minutes")
	if again, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime); err != nil || again != m {
		t.Errorf("taken up: %+v (%v)", again, err)
	}
	h.ages(m.To, "8 minutes")
	if ids := h.movable(core.Cold, month); len(ids) != 0 {
		t.Errorf("movable before the sweep: %v", ids)
	}
	if _, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("before the sweep: %v", err)
	}
	if err := h.store.Swept(t.Context(), []string{m.To}); err != nil {
		t.Fatal(err)
	}
	h.moves(doc.Document, core.Cold, nil)
	if _, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime); !errors.Is(err, core.ErrStale) {
		t.Errorf("where it lies already: %v", err)
	}
	if n, err := h.store.ColdFiles(t.Context()); n != 1 || err != nil {
		t.Errorf("%d cold files (%v)", n, err)
	}
}

// What is held stays where it is, and what was discarded is the sweep's.
func TestAHeldFileIsNotMovedAndADiscardedOneIsSwept(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.shelved(ada, "held")
	hold := core.Hold{Document: doc.Document, Reason: "CASE-1", Operator: "test"}
	if _, err := h.store.SetHold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime); !core.HasCode(err, core.CodeLegalHold) {
		t.Errorf("a held document: %v", err)
	}
	if ids := h.movable(core.Cold, month); len(ids) != 0 {
		t.Errorf("held, and movable: %v", ids)
	}
	if _, err := h.store.LiftHold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{core.OtherPlace(doc.Key), "cold/of/nobody"} {
		if err := h.store.Discard(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"cold/" + doc.Key}, h.intents()); diff != "" {
		t.Errorf("discarded:\n%s", diff)
	}
	if _, err := h.store.BeginMove(t.Context(), doc.Document, core.Cold, core.MoveTime); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("what was discarded is taken up: %v", err)
	}
}

// A deletion leaves no intent in either place.
func TestAnErasedDocumentLeavesNoIntent(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.shelved(ada, "gone")
	h.moves(doc.Document, core.Cold, nil)
	if err := h.library.Remove(t.Context(), ada, doc.Document); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Erase(t.Context(), doc.Document, nil, nil); err != nil {
		t.Fatal(err)
	}
	if keys := h.intents(); len(keys) != 0 {
		t.Errorf("left: %v", keys)
	}
}

// The database's other place is core's.
func TestTheOtherPlaceIsOneFunctionInBoth(t *testing.T) {
	h := open(t)
	for _, key := range []string{"user/document/original.pdf", "cold/user/document/original.pdf", "cold/", "cold", "colder/x", "", "cold/cold/x"} {
		var other string
		if err := h.work.QueryRow(t.Context(), `select upload_pipeline.other_place($1)`, key).Scan(&other); err != nil || other != core.OtherPlace(key) {
			t.Errorf("%q: %q, core says %q (%v)", key, other, core.OtherPlace(key), err)
		}
	}
}
