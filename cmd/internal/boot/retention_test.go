package boot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// A held document is refused to its owner with a code and nothing else; lifted,
// it is deleted like any other.
func TestAHeldDocumentIsRefusedAndStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	keeper := w.keeper()
	hold := core.Hold{Document: idOf(t, id), Reason: "CASE-2026-114", Operator: "oncall"}
	if _, err := keeper.SetHold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	got := ada.bare(http.MethodDelete, "/documents/"+id)
	if text := string(got.body); got.status != http.StatusConflict || !strings.Contains(text, `"legal_hold"`) ||
		strings.Contains(text, "CASE") || strings.Contains(text, "oncall") {
		t.Errorf("the delete answered %d %s", got.status, text)
	}
	if found := ada.search("deductible", 5); len(found) == 0 {
		t.Error("the held document is not found any more")
	}
	if _, err := keeper.LiftHold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
		t.Errorf("the delete after the hold answered %d", status)
	}
}

// The command's dry figures are those of the run that follows; documents go by
// the clock through the same purge, with a receipt that says so.
func TestS42_TheRetentionCommandTellsWhatItRemoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Retain.Documents = 30 * 24 * time.Hour
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	old, young := ada.taken("card.pdf", corpus.MemberCard().Bytes), bob.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(old)
	bob.completes(young)
	w.idle()
	w.begun("retain")
	w.exec(`update upload_pipeline.documents set created_at = now() - interval '31 days' where document_id = '` + old + `'`)
	w.exec(`update upload_pipeline.webhook_log set received_at = now() - interval '91 days'`)
	keeper := w.keeper()
	told, err := keeper.Due(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[core.Kept]int{}
	for _, one := range told {
		rows[one.Kind] = one.Rows
	}
	if len(told) != len(core.DefaultRetention()) || rows[core.KeptDocuments] != 1 || rows[core.KeptCallbacks] == 0 || rows[core.KeptEvents] != 0 {
		t.Errorf("due: %v", rows)
	}
	done, err := keeper.Retain(t.Context(), core.Audit{Operator: "grace", Reason: "OPS-7"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(told, done); diff != "" {
		t.Errorf("told and done:\n%s", diff)
	}
	if row := w.text(`select operator || ' ' || reason || ' ' || action || ' ' || what || ' ' || counts from upload_pipeline.operations_log`); row !=
		fmt.Sprintf(`grace OPS-7 retain retention {"documents": 1, "webhook_log": %d}`, rows[core.KeptCallbacks]) {
		t.Errorf("the operators' log says: %s", row)
	}
	w.until("the old document to be gone", func() bool { status, _ := ada.status(old); return status == http.StatusNotFound })
	w.receipted(ada, bob, old)
	if reason := w.text(`select reason from upload_pipeline.deletions`); reason != "retention" {
		t.Errorf("the reason is %s", reason)
	}
	if _, s := bob.status(young); s.Status != core.Complete {
		t.Errorf("the young document is %s", s.Status)
	}
}

// begun waits for the worker's own first round of a kind: it would do what a
// test prepares for somebody else.
func (w *world) begun(kind string) {
	w.t.Helper()
	w.until("the worker's first round of "+kind, func() bool {
		return w.count(`select count(*) from river.river_job where kind = $1 and state = 'completed'`, kind) > 0
	})
}

// keeper is the operator's hand on this world's database.
func (w *world) keeper() *boot.Keeper {
	w.t.Helper()
	keeper, err := boot.NewKeeper(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(keeper.Close)
	return keeper
}

func idOf(t *testing.T, id string) core.ID {
	t.Helper()
	document, err := core.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// What an owner or a client's library repeats after a deletion makes nothing:
// not the upload under its old key, not a retry, not a cancel.
func TestNothingRepeatedBringsADeletedDocumentBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, key := w.person("ada"), core.NewID().String()
	first := ada.keyedUpload(key, "card.pdf", corpus.MemberCard().Bytes)
	id := w.text(`select document_id::text from upload_pipeline.documents`)
	ada.completes(id)
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("the delete answered %d", status)
	}
	w.until("the document to be gone", func() bool { status, _ := ada.status(id); return status == http.StatusNotFound })
	if again := ada.keyedUpload(key, "card.pdf", corpus.MemberCard().Bytes); again.status != first.status || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the upload under its old key answered %d", again.status)
	}
	for _, verb := range []string{"retry", "cancel"} {
		if got := ada.bare(http.MethodPost, "/documents/"+id+"/"+verb); got.status != http.StatusNotFound {
			t.Errorf("%s of a deleted document answered %d", verb, got.status)
		}
	}
	w.idle()
	if n := w.count(`select count(*) from upload_pipeline.documents`) + len(w.supa.Objects(w.config.Bucket())); n != 0 {
		t.Errorf("%d rows and objects are there again", n)
	}
}
