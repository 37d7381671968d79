package postgres_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

func (h *house) hold(hold core.Hold) core.Hold {
	h.t.Helper()
	hold.Reason, hold.Operator = "CASE-2026-114", "ada.ops"
	set, err := h.store.SetHold(h.t.Context(), hold)
	if err != nil {
		h.t.Fatal(err)
	}
	return set
}

func (h *house) lift(hold core.Hold) {
	h.t.Helper()
	hold.Operator = "bob.ops"
	if _, err := h.store.LiftHold(h.t.Context(), hold); err != nil {
		h.t.Fatal(err)
	}
}

// A hold on a document, or on everything of its owner, refuses the deletion
// and changes nothing; lifted, it is in nobody's way.
func TestWhatIsHeldCannotBeDeleted(t *testing.T) {
	h := open(t)
	for _, all := range []bool{false, true} {
		who := user(t)
		doc, other := h.upload(who, fmt.Sprint("held", all), 2), h.upload(who, fmt.Sprint("other", all), 2)
		h.walk(doc, core.Finish)
		target := core.Hold{Document: doc.Document}
		if all {
			target = core.Hold{User: who.User}
		}
		if set := h.hold(target); set.User != who.User || set.Operator != "ada.ops" || set.LiftedAt != nil || set.SetAt.IsZero() {
			t.Errorf("set %+v", set)
		}
		if err := h.library.Remove(t.Context(), who, doc.Document); !core.HasCode(err, core.CodeLegalHold) {
			t.Errorf("removed while held: %v", err)
		}
		if got := h.status(who, doc.Document); got != core.Complete {
			t.Errorf("the held document is %s", got)
		}
		if _, err := h.library.Deletion(t.Context(), who, doc.Document); !core.HasCode(err, core.CodeNotFound) {
			t.Errorf("a tombstone of the held document: %v", err)
		}
		up := h.announce(who, fmt.Sprint("announced", all))
		if err := h.library.Withdraw(t.Context(), who, up.Document, core.UploadRemoved); core.HasCode(err, core.CodeLegalHold) != all {
			t.Errorf("all %v: an announced upload was removed with %v", all, err)
		}
		if err := h.library.Remove(t.Context(), who, other.Document); core.HasCode(err, core.CodeLegalHold) != all {
			t.Errorf("all %v: the other document was removed with %v", all, err)
		}
		h.lift(target)
		if err := h.library.Remove(t.Context(), who, doc.Document); err != nil {
			t.Errorf("removed after the hold: %v", err)
		}
		log := h.list(`select operator || ' ' || action || ' ' || reason from upload_pipeline.operations_log
			where document_id = $1 or what = 'owner:' || $2::text order by entry`, doc.Document, who.User.String())
		if diff := cmp.Diff([]string{"ada.ops hold CASE-2026-114", "bob.ops lift "}, log); diff != "" {
			t.Errorf("the operators' log:\n%s", diff)
		}
	}
}

func TestHoldsThatCannotBeSet(t *testing.T) {
	h := open(t)
	who := user(t)
	doc, gone := h.upload(who, "a", 2), h.upload(who, "b", 2)
	h.hold(core.Hold{Document: doc.Document})
	if err := h.library.Remove(t.Context(), who, gone.Document); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		id   core.ID
		want core.Code
	}{
		"twice":           {doc.Document, core.CodeConflict},
		"being deleted":   {gone.Document, core.CodeConflict},
		"never was there": {core.NewID(), core.CodeNotFound},
	} {
		if _, err := h.store.SetHold(t.Context(), core.Hold{Document: c.id, Reason: "CASE-1", Operator: "x"}); !core.HasCode(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := h.store.LiftHold(t.Context(), core.Hold{Document: gone.Document, Operator: "x"}); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("lifted where there is none: %v", err)
	}
}

// The record of a hold can be lifted, once, and not otherwise be changed.
func TestHoldsAreARecord(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	h.hold(core.Hold{Document: doc.Document})
	conn := h.db.SuperConn()
	refused := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "hold") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	refused(`update upload_pipeline.holds set operator = 'someone else'`)
	refused(`delete from upload_pipeline.holds`)
	h.lift(core.Hold{Document: doc.Document})
	refused(`update upload_pipeline.holds set lifted_at = null, lifted_by = null`)
	refused(`delete from upload_pipeline.holds`)
	h.hold(core.Hold{Document: doc.Document})
	standing, err := h.store.Holds(t.Context(), false)
	all, err2 := h.store.Holds(t.Context(), true)
	if err != nil || err2 != nil || len(standing) != 1 || len(all) != 2 || all[1].LiftedBy != "bob.ops" {
		t.Errorf("standing %+v, all %+v (%v, %v)", standing, all, err, err2)
	}
}

// Of a hold and a deletion at one moment exactly one is.
func TestAHoldAndADeletionAtOnce(t *testing.T) {
	h := open(t)
	who := user(t)
	for n := range 12 {
		doc := h.upload(who, fmt.Sprint(n), 2)
		var held, removed error
		var both sync.WaitGroup
		both.Go(func() {
			_, held = h.store.SetHold(t.Context(), core.Hold{Document: doc.Document, Reason: "CASE-1", Operator: "x"})
		})
		both.Go(func() { removed = h.library.Remove(t.Context(), who, doc.Document) })
		both.Wait()
		if (held == nil) == (removed == nil) {
			t.Errorf("held: %v, removed: %v", held, removed)
		}
	}
}
