package postgres_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func newUpload(who ports.Principal, content string) ports.NewUpload {
	id := core.NewID()
	return ports.NewUpload{Document: id, Job: core.NewID(), Key: who.User.String() + "/" + id.String() + "/original.pdf", Name: "policy.pdf",
		ContentType: "application/pdf", Size: int64(len(content)), ExpiresAt: time.Now().Add(15 * time.Minute), AddressUntil: time.Now().Add(2 * time.Hour)}
}

const many = 1000

func (h *house) announce(who ports.Principal, content string) core.Upload {
	h.t.Helper()
	up, err := h.library.Announce(h.t.Context(), who, newUpload(who, content), many)
	if err != nil {
		h.t.Fatal(err, errors.Unwrap(err))
	}
	return up
}

func arrived(content string) core.Arrived {
	return core.Arrived{ContentType: "application/pdf", SHA256: sha256.Sum256([]byte(content)), Pages: 2}
}

func (h *house) upState(id core.ID) core.UploadState {
	h.t.Helper()
	up, err := h.store.Upload(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return up.State
}

func arriveJob(id core.ID) core.Job {
	return core.Job{Stage: core.Arrive, Document: id, Attempt: 1, Turn: core.AnyTurn}
}

// The document has the ids that were promised, and starts as any other.
func TestAnAdmittedUploadIsADocumentUnderItsReservedIDs(t *testing.T) {
	h := open(t)
	who := user(t)
	up := h.announce(who, "content")
	if listed, err := h.library.List(t.Context(), who, ports.Listing{Limit: 10}); err != nil || len(listed) != 0 {
		t.Fatalf("the list shows %+v (%v) before the file came", listed, err)
	}
	state, err := h.store.Admit(t.Context(), up, arrived("content"), nil)
	if err != nil || state != core.UploadArrived {
		t.Fatalf("admitted as %q: %v", state, err)
	}
	got, err := h.library.Standing(t.Context(), who, up.Document)
	if err != nil {
		t.Fatal(err)
	}
	if got.Job != up.Job || got.Key != up.Key || got.Status != core.Uploaded || got.Attempt != 1 || got.SHA256 != sha256.Sum256([]byte("content")) || got.Pages != 2 {
		t.Errorf("the document is %+v", got)
	}
	if jobs := h.queue.take(); !slices.Contains(jobs, core.Job{Stage: core.Parse, Document: up.Document, Attempt: 1}) || len(jobs) != 1 {
		t.Errorf("the jobs are %+v", jobs)
	}
	if _, err := h.store.Admit(t.Context(), up, arrived("content"), nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("admitted again: %v", err)
	}
	h.walk(got, core.Finish)
}

// Two arrivals at once make one document, whether of one upload or of two with
// the same content.
func TestTwoArrivalsAtOnceMakeOneDocument(t *testing.T) {
	h := open(t)
	who := user(t)
	one, two := h.announce(who, "same"), h.announce(who, "same")
	ups := []core.Upload{one, one, one, two, two, two}
	errs := make([]error, len(ups))
	var all sync.WaitGroup
	for i, up := range ups {
		all.Go(func() { _, errs[i] = h.store.Admit(t.Context(), up, arrived("same"), nil) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil && !errors.Is(err, core.ErrStale) {
			t.Errorf("arrival %d: %v", i, err)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.documents`); n != 1 {
		t.Errorf("%d documents", n)
	}
	states := []core.UploadState{h.upState(one.Document), h.upState(two.Document)}
	slices.Sort(states)
	if diff := cmp.Diff([]core.UploadState{core.UploadArrived, core.UploadDuplicate}, states); diff != "" {
		t.Errorf("the uploads ended:\n%s", diff)
	}
}

// Content that its owner has is not stored twice; what failed is taken up again,
// and nobody else's is even seen.
func TestL007_AdmissionComparesWithTheOwnersOwnDocumentsAlone(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	bobs := h.upload(bob, "card", 2)
	up := h.announce(ada, "card")
	if state, err := h.store.Admit(t.Context(), up, arrived("card"), nil); err != nil || state != core.UploadArrived {
		t.Fatalf("bob's document stood in ada's way: %q %v", state, err)
	}
	h.queue.take()
	again := h.announce(bob, "card")
	if state, err := h.store.Admit(t.Context(), again, arrived("card"), nil); err != nil || state != core.UploadDuplicate {
		t.Fatalf("bob's second upload: %q %v", state, err)
	}
	if got, _ := h.library.Announced(t.Context(), bob, again.Document); got.Existing != bobs.Document {
		t.Errorf("the duplicate leads to %s, want %s", got.Existing, bobs.Document)
	}
	if jobs := h.queue.take(); len(jobs) != 0 {
		t.Errorf("a duplicate started %+v", jobs)
	}
	if _, err := h.library.Cancel(t.Context(), bob, bobs.Document); err != nil {
		t.Fatal(err)
	}
	third := h.announce(bob, "card")
	if state, err := h.store.Admit(t.Context(), third, arrived("card"), nil); err != nil || state != core.UploadDuplicate {
		t.Fatalf("the upload of a cancelled document's content: %q %v", state, err)
	}
	if got, err := h.library.Standing(t.Context(), bob, bobs.Document); err != nil || got.Attempt != 2 || got.Status != core.Uploaded {
		t.Errorf("the cancelled document is %+v (%v), want its second attempt", got, err)
	}
}

func TestL007_C2_AForeignUploadIsAsUnknown(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	up := h.announce(bob, "bob's")
	ctx := t.Context()
	for name, who := range map[string]ports.Principal{"ada": ada, "ada who says bob": {User: bob.User, Claims: ada.Claims}} {
		_, read := h.library.Announced(ctx, who, up.Document)
		for how, err := range map[string]error{"read": read,
			"cancel": h.library.Withdraw(ctx, who, up.Document, core.UploadCancelled), "remove": h.library.Withdraw(ctx, who, up.Document, core.UploadRemoved)} {
			if !core.HasCode(err, core.CodeNotFound) {
				t.Errorf("%s: %s: %v, want not_found", name, how, err)
			}
		}
		if mine, err := h.library.Look(ctx, who, up.Document, 0); mine || err != nil {
			t.Errorf("%s may look: %t %v", name, mine, err)
		}
		if err := h.library.Notice(ctx, who, up.Document); err != nil || len(h.queue.take()) != 0 {
			t.Errorf("%s started the arrival (%v)", name, err)
		}
	}
	if got := h.upState(up.Document); got != core.UploadAwaited {
		t.Errorf("it is %s now", got)
	}
	if err := h.library.Notice(ctx, bob, up.Document); err != nil || !slices.Contains(h.queue.take(), arriveJob(up.Document)) {
		t.Errorf("its owner cannot start it: %v", err)
	}
}

func TestOpenUploadsAreBounded(t *testing.T) {
	h := open(t)
	who := user(t)
	const most = 3
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { _, errs[i] = h.library.Announce(t.Context(), who, newUpload(who, "x"), most) })
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		refused++
		if !core.HasCode(err, core.CodeRateLimited) || core.AsError(err).After <= 0 {
			t.Errorf("refused with %v", err)
		}
	}
	if refused != len(errs)-most {
		t.Errorf("%d of %d were refused at a bound of %d", refused, len(errs), most)
	}
	if _, err := h.library.Announce(t.Context(), user(t), newUpload(who, "x"), most); err != nil {
		t.Errorf("another user is refused: %v", err)
	}
}

// A look is claimed by one of all who ask within the time.
func TestALookIsClaimedOnce(t *testing.T) {
	h := open(t)
	who := user(t)
	up := h.announce(who, "x")
	var all sync.WaitGroup
	mine := make([]bool, 8)
	for i := range mine {
		all.Go(func() { mine[i], _ = h.library.Look(t.Context(), who, up.Document, time.Hour) })
	}
	all.Wait()
	looks := 0
	for _, m := range mine {
		if m {
			looks++
		}
	}
	if looks != 1 {
		t.Errorf("%d looked, want one", looks)
	}
	if again, err := h.library.Look(t.Context(), who, up.Document, 0); !again || err != nil {
		t.Errorf("after its time: %t %v", again, err)
	}
}

// An upload that ended stays as it ended, and only its owner takes it away.
func TestAnEndedUploadStaysEnded(t *testing.T) {
	h := open(t)
	who := user(t)
	why := core.TroubleOf(core.AwaitingFile, core.Fail(core.CodeFileEncrypted, nil))
	failed, cancelled := h.announce(who, "a"), h.announce(who, "b")
	if err := h.store.Refuse(t.Context(), failed.Document, core.UploadFailed, why); err != nil {
		t.Fatal(err)
	}
	if err := h.library.Withdraw(t.Context(), who, cancelled.Document, core.UploadCancelled); err != nil {
		t.Fatal(err)
	}
	for _, up := range []core.Upload{failed, cancelled} {
		was := h.upState(up.Document)
		if err := h.store.Refuse(t.Context(), up.Document, core.UploadExpired, why); err != nil {
			t.Error(err)
		}
		if _, err := h.store.Admit(t.Context(), up, arrived("a"), nil); !errors.Is(err, core.ErrStale) {
			t.Errorf("%s was admitted: %v", was, err)
		}
		if err := h.library.Withdraw(t.Context(), who, up.Document, core.UploadCancelled); !core.HasCode(err, core.CodeConflict) {
			t.Errorf("%s was cancelled: %v", was, err)
		}
		if now := h.upState(up.Document); now != was {
			t.Errorf("it was %s and is %s", was, now)
		}
		if err := h.library.Withdraw(t.Context(), who, up.Document, core.UploadRemoved); err != nil {
			t.Errorf("%s cannot be removed: %v", was, err)
		}
		if _, err := h.library.Announced(t.Context(), who, up.Document); !core.HasCode(err, core.CodeNotFound) {
			t.Errorf("removed, it is read: %v", err)
		}
	}
	if got, _ := h.store.Upload(t.Context(), failed.Document); got.Trouble != nil {
		t.Errorf("a removed upload says why it failed")
	}
}

// The sweep leaves an open upload's object alone, and comes for that of an ended
// one until the address is dead.
func TestL019_TheSweepFollowsTheUploadsState(t *testing.T) {
	h := open(t)
	who := user(t)
	awaited, ended, came := h.announce(who, "a"), h.announce(who, "b"), h.announce(who, "c")
	for _, up := range []core.Upload{awaited, came} { // as a former release's record of the key would
		if err := h.library.Intend(t.Context(), who, up.Key); err != nil {
			t.Fatal(err)
		}
	}
	h.count(`with aged as (update upload_pipeline.storage_intents set created_at = now() - interval '3 hours' returning 1) select count(*) from aged`)
	if err := h.library.Withdraw(t.Context(), who, ended.Document, core.UploadCancelled); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Admit(t.Context(), came, arrived("c"), nil); err != nil {
		t.Fatal(err)
	}
	orphans := func() []string {
		keys, err := h.store.Orphans(t.Context(), time.Hour, 10)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	for range 2 { // its address lives: the object may come again after each sweep
		if diff := cmp.Diff([]string{ended.Key}, orphans()); diff != "" {
			t.Fatalf("orphans:\n%s", diff)
		}
		if err := h.store.Swept(t.Context(), []string{ended.Key}); err != nil {
			t.Fatal(err)
		}
	}
	h.count(`with dead as (update upload_pipeline.upload_intents set address_until = now() - interval '1 hour', removed_at = now() - interval '2 hours' returning 1) select count(*) from dead`)
	if diff := cmp.Diff([]string{ended.Key}, orphans()); diff != "" {
		t.Fatalf("the last sweep after the address died:\n%s", diff)
	}
	if err := h.store.Swept(t.Context(), []string{ended.Key}); err != nil {
		t.Fatal(err)
	}
	if keys := orphans(); len(keys) != 0 {
		t.Errorf("orphans for ever: %q", keys)
	}
}

// A purged document's address may live on: what is sent there is swept too, and
// the file's name is gone at once.
func TestAPurgedUploadLeavesNoNameAndIsSwept(t *testing.T) {
	h := open(t)
	who := user(t)
	up := h.announce(who, "c")
	if _, err := h.store.Admit(t.Context(), up, arrived("c"), nil); err != nil {
		t.Fatal(err)
	}
	if err := h.library.Remove(t.Context(), who, up.Document); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Erase(t.Context(), up.Document, nil, nil); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`select count(*) from upload_pipeline.upload_intents where filename = 'policy.pdf'`); n != 0 {
		t.Error("the file's name outlived its document")
	}
	if keys, err := h.store.Orphans(t.Context(), time.Hour, 10); err != nil || !slices.Contains(keys, up.Key) {
		t.Errorf("orphans: %q (%v), want the key whose address lives", keys, err)
	}
	if _, err := h.library.Announced(t.Context(), who, up.Document); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("it is read: %v", err)
	}
}

// The round takes turns: who was looked at longest ago comes first.
func TestAwaitedTakesTurns(t *testing.T) {
	h := open(t)
	who := user(t)
	seen := map[core.ID]int{}
	for range 3 {
		h.announce(who, "x")
	}
	for range 3 {
		ups, err := h.store.Awaited(t.Context(), 1)
		if err != nil || len(ups) != 1 {
			t.Fatalf("%+v %v", ups, err)
		}
		seen[ups[0].Document]++
	}
	if len(seen) != 3 {
		t.Errorf("three looks saw %d of three uploads", len(seen))
	}
}

func TestUploadsAreForgottenOnceNothingCanComeOfThem(t *testing.T) {
	h := open(t)
	who := user(t)
	old, live, open := h.announce(who, "a"), h.announce(who, "b"), h.announce(who, "c")
	for _, up := range []core.Upload{old, live} {
		if err := h.library.Withdraw(t.Context(), who, up.Document, core.UploadCancelled); err != nil {
			t.Fatal(err)
		}
	}
	conn := h.db.SuperConn()
	for _, sql := range []string{`alter table upload_pipeline.upload_intents disable trigger guard`,
		`update upload_pipeline.upload_intents set updated_at = now() - interval '40 days', removed_at = now()`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), `update upload_pipeline.upload_intents set address_until = now() - interval '1 day' where document_id = $1`, old.Document); err != nil {
		t.Fatal(err)
	}
	if n, err := h.store.Expire(t.Context(), core.KeptUploads, 30*24*time.Hour, 10); err != nil || n != 1 {
		t.Fatalf("%d were forgotten (%v), want 1", n, err)
	}
	if _, err := h.store.Upload(t.Context(), old.Document); !errors.Is(err, core.ErrStale) {
		t.Errorf("it is remembered: %v", err)
	}
	for _, up := range []core.Upload{live, open} {
		h.upState(up.Document)
	}
}
