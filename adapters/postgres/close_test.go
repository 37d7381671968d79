package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Closing an account begins the deletion of all that is in it, and of nothing
// else; nothing is added any more, and a second call finds nothing to do.
func TestAClosedAccountIsEmptied(t *testing.T) {
	h := open(t)
	who, other := user(t), user(t)
	var mine []ports.Standing
	for i := range 3 {
		mine = append(mine, h.upload(who, fmt.Sprint("mine", i), 2))
	}
	up, theirs := h.announce(who, "announced"), h.upload(other, "theirs", 2)
	for range 2 {
		if err := h.library.Close(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	for _, doc := range mine {
		if d, err := h.library.Deletion(t.Context(), who, doc.Document); err != nil || d.Done() {
			t.Errorf("no deletion is under way: %+v, %v", d, err)
		}
	}
	purges := 0
	for _, job := range h.queue.jobs {
		if job.Stage == core.Purge {
			purges++
		}
	}
	if purges != 3 {
		t.Errorf("%d purges, want 3", purges)
	}
	if n := h.count(`select count(*) from upload_pipeline.upload_intents where document_id = $1 and state = 'removed'`, up.Document); n != 1 {
		t.Error("the announced upload is still awaited")
	}
	if got := h.status(other, theirs.Document); got != core.Uploaded {
		t.Errorf("the other's document is %s", got)
	}
	for action, want := range map[core.AuditAction]int{core.AuditDelete: 3, core.AuditWithdraw: 1, core.AuditAccountDelete: 1} {
		if n := h.count(`select count(*) from upload_pipeline.audit_inbox where action = $1 and user_id = $2 and outcome = 'done'`, action, who.User); n != want {
			t.Errorf("the audit log has %s %d times, want %d", action, n, want)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.audit_inbox where action = 'upload_withdraw' and what = 'account' and documents = array[$1::uuid]`, up.Document); n != 1 {
		t.Error("the audit log does not name the upload that was withdrawn")
	}
	late := ports.NewDocument{ID: core.NewID(), Job: core.NewID(), Key: who.User.String() + "/late", Name: "late.pdf", ContentType: "application/pdf", Size: 1, Pages: 2}
	if _, err := h.library.Add(t.Context(), who, late); !core.HasCode(err, core.CodeAccountClosed) {
		t.Errorf("added afterwards: %v", err)
	}
}

// S43: an account that a restored database has from before its end is closed
// again: it has no keys, no roles, no sign-in, and what it has is deleted.
func TestS43_AClosedAccountStaysClosedAfterARestore(t *testing.T) {
	h := open(t)
	who, other := user(t), user(t)
	doc, theirs := h.upload(who, "mine", 2), h.upload(other, "theirs", 2)
	held := h.upload(who, "held since", 2)
	h.hold(core.Hold{Document: held.Document})
	h.grant(who.User, core.RoleOnCall)
	h.exec(`insert into local_auth.accounts (id, email, name, password_hash, consent_version, consent_timestamp, last_sign_in_at)
		values ($1, 'ada@example.com', '', '$argon2id$', '1', '', now()), ($2, 'bob@example.com', '', '$argon2id$', '1', '', now())`, who.User, other.User)
	ended := []core.ID{who.User, core.NewID()}
	for round, want := range []int{2, 0} { // it may run again
		if again, err := h.store.CloseAgain(t.Context(), ended); err != nil || again != want {
			t.Errorf("round %d: %d accounts were open (%v)", round, again, err)
		}
	}
	if d, err := h.library.Deletion(t.Context(), who, doc.Document); err != nil || d.Done() {
		t.Errorf("no deletion is under way: %+v, %v", d, err)
	}
	for _, stays := range []struct {
		who ports.Principal
		doc ports.Standing
	}{{who, held}, {other, theirs}} {
		if got := h.status(stays.who, stays.doc.Document); got != core.Uploaded {
			t.Errorf("a document that stays is %s", got)
		}
	}
	if n := h.count(`select count(*) from local_auth.accounts`); n != 1 {
		t.Errorf("%d accounts are left, want the other's", n)
	}
	if n := h.count(`select count(*) from upload_pipeline.role_grants`); n != 0 {
		t.Error("the role is back")
	}
	if _, err := h.library.Announce(t.Context(), who, newUpload(who, "late"), many); !core.HasCode(err, core.CodeAccountClosed) {
		t.Errorf("announced afterwards: %v", err)
	}
	if n := h.count(`select count(*) from upload_pipeline.audit_inbox where actor = 'service' and action in ('account_delete', 'document_delete') and (user_id = $1 or documents = array[$2::uuid])`,
		who.User, doc.Document); n != 2 {
		t.Errorf("the audit log has %d rows of it, want 2", n)
	}
}

// A hold keeps the whole account as it is.
func TestAHeldAccountIsNotClosed(t *testing.T) {
	h := open(t)
	who := user(t)
	held, free := h.upload(who, "held", 2), h.upload(who, "free", 2)
	h.hold(core.Hold{Document: held.Document})
	if err := h.library.Close(t.Context(), who); !core.HasCode(err, core.CodeLegalHold) {
		t.Fatalf("closed while held: %v", err)
	}
	if got := h.status(who, free.Document); got != core.Uploaded {
		t.Errorf("another document is %s", got)
	}
	h.upload(who, "later", 2)
	h.lift(core.Hold{Document: held.Document})
	if err := h.library.Close(t.Context(), who); err != nil {
		t.Error(err)
	}
}

// What was ended is dead in every process, and nothing else is.
func TestS19EndedSessionsAreDead(t *testing.T) {
	h := open(t)
	ended := postgres.NewEndedSessions(h.app)
	who := core.NewID()
	session := func(user core.ID, at time.Time) ports.Principal {
		return ports.Principal{User: user, Session: core.NewID().String(), Claims: fmt.Appendf(nil, `{"iat":%d}`, at.Unix())}
	}
	before, after := time.Now().Add(-time.Minute), time.Now().Add(time.Minute)
	here, one, other, stranger, later := session(who, before), session(who, before), session(who, before), session(core.NewID(), before), session(who, after)
	holds := func(what string, want map[*ports.Principal]bool) {
		t.Helper()
		for p, alive := range want {
			if got, err := postgres.NewEndedSessions(h.app).Alive(t.Context(), *p); err != nil || got != alive {
				t.Errorf("%s: alive %t, %v, want %t", what, got, err, alive)
			}
		}
	}
	for range 2 {
		if err := ended.End(t.Context(), who, one.Session); err != nil {
			t.Fatal(err)
		}
	}
	same := stranger
	same.Session = one.Session
	holds("one ended", map[*ports.Principal]bool{&here: true, &one: false, &other: true, &same: true})
	if err := ended.EndOthers(t.Context(), who, here.Session); err != nil {
		t.Fatal(err)
	}
	holds("the others ended", map[*ports.Principal]bool{&here: true, &one: false, &other: false, &stranger: true, &later: true})
	if err := ended.EndOthers(t.Context(), who, ""); err != nil {
		t.Fatal(err)
	}
	nothing := ports.Principal{User: who}
	holds("all ended", map[*ports.Principal]bool{&here: false, &stranger: true, &later: true, &nothing: false})
}

// A closed account's machines and its roles end with it, and none come after.
func TestAClosedAccountHasNoKeysAndNoRoles(t *testing.T) {
	h := open(t)
	who, other := user(t), user(t)
	operations, _ := h.operations()
	for _, p := range []ports.Principal{who, other} {
		if _, err := operations.GrantRole(t.Context(), p.User, core.RoleOnCall, core.Audit{Operator: "grace"}); err != nil {
			t.Fatal(err)
		}
	}
	secret, _ := h.key(who)
	theirs, _ := h.key(other)
	for range 2 {
		if err := h.library.Close(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.bearer(secret); !core.HasCode(err, core.CodeUnauthenticated) {
		t.Errorf("its key: %v", err)
	}
	if roles, err := h.oversight().Roles(t.Context(), who); err != nil || len(roles) != 0 {
		t.Errorf("its roles: %v, %v", roles, err)
	}
	if _, err := h.library.Keep(t.Context(), who, newKey(core.NewAPIKey(), many)); !core.HasCode(err, core.CodeAccountClosed) {
		t.Errorf("a key made afterwards: %v", err)
	}
	if _, err := h.bearer(theirs); err != nil {
		t.Errorf("another's key: %v", err)
	}
	if roles, err := h.oversight().Roles(t.Context(), other); err != nil || len(roles) != 1 {
		t.Errorf("another's roles: %v, %v", roles, err)
	}
	if n := h.count(`select count(*) from upload_pipeline.audit_inbox where action = 'account_delete' and user_id = $1`, who.User); n != 1 {
		t.Errorf("recorded %d times", n)
	}
}
