package postgres_test

import (
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The file's marks stay, those of its text follow the text.
func TestMarksOfFileAndTextStandTogether(t *testing.T) {
	h := open(t)
	who, id := user(t), core.NewID()
	doc, err := h.library.Add(t.Context(), who, ports.NewDocument{ID: id, Job: core.NewID(), Key: who.User.String() + "/" + id.String() + "/original.pdf",
		Name: "a.pdf", ContentType: "application/pdf", Size: 1, SHA256: sha256.Sum256([]byte("a")), Pages: 2, Marks: []core.Mark{core.MarkURI, core.MarkJavaScript}})
	if err != nil || cmp.Diff([]core.Mark{core.MarkJavaScript, core.MarkURI}, doc.Marks) != "" {
		t.Fatalf("%v, %v", doc.Marks, err)
	}
	// As if an earlier attempt's text had been marked.
	if _, err := h.work.Exec(t.Context(), `update upload_pipeline.documents set marks = marks || array['remote_image'] where document_id = $1`, id); err != nil {
		t.Fatal(err)
	}
	h.walk(doc, core.Receive)
	if _, err := h.step(core.Job{Stage: core.Validate, Document: id, Attempt: 1, Turn: 2}, func(d core.Document) core.Made {
		checked := made(core.Validate, d).(core.Checked)
		checked.Marks = []core.Mark{core.MarkAddressesModel}
		return checked
	}); err != nil {
		t.Fatal(err)
	}
	got, err := h.library.Standing(t.Context(), who, id)
	if diff := cmp.Diff([]core.Mark{core.MarkJavaScript, core.MarkURI, core.MarkAddressesModel}, got.Marks); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// A document with malware in it is condemned unless it is held, its file may be
// missing, and neither its owner nor an operator nor the same file again gives
// it another attempt.
func TestS17_ADocumentWithMalwareIsCondemnedAndStaysFailed(t *testing.T) {
	h := open(t)
	who := user(t)
	doc, other := h.upload(who, "a", 2), h.upload(who, "b", 2)
	leg, _ := core.LegOf(core.Parse)
	for id, code := range map[core.ID]core.Code{doc.Document: core.CodeFileInfected, other.Document: core.CodeParseFailed} {
		job := core.Job{Stage: core.Parse, Document: id, Attempt: 1, Turn: 0}
		if err := h.store.Fail(t.Context(), job, leg, core.TroubleOf(core.Parse, core.Fail(code, nil))); err != nil {
			t.Fatal(err)
		}
	}
	condemned := func(id core.ID) string {
		t.Helper()
		key, err := h.store.Condemned(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	if condemned(doc.Document) != doc.Key || condemned(other.Document) != "" || condemned(core.NewID()) != "" {
		t.Errorf("condemned are %q and %q", condemned(doc.Document), condemned(other.Document))
	}
	if _, err := h.library.Retry(t.Context(), who, doc.Document); !core.HasCode(err, core.CodeFileInfected) {
		t.Errorf("a retry: %v", err)
	}
	if _, err := h.store.SetHold(t.Context(), core.Hold{Document: doc.Document, Reason: "CASE-1", Operator: "grace"}); err != nil {
		t.Fatal(err)
	}
	if key := condemned(doc.Document); key != "" {
		t.Errorf("held, and condemned all the same: %q", key)
	}
}
