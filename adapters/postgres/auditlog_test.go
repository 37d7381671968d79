package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
)

// from is where a test's acts come from.
var from = core.Origin{Service: "api", Network: "192.0.2.7", Request: core.NewID()}

// note records an entry as the API does.
func (h *house) note(e core.AuditEntry) {
	h.t.Helper()
	if err := postgres.NewAuditLog(h.app).Record(core.From(h.t.Context(), from), e); err != nil {
		h.t.Fatal(err, errors.Unwrap(err))
	}
}

// seal chains everything that waits, and what the sealing itself notes.
func (h *house) seal() (sealed postgres.Sealed) {
	h.t.Helper()
	for {
		s, err := postgres.NewAuditLog(h.work).Seal(h.t.Context(), 1000)
		if err != nil {
			h.t.Fatal(err, errors.Unwrap(err))
		}
		if s.Rows == 0 {
			return sealed
		}
		sealed.Rows += s.Rows
		sealed.Head = s.Head
		sealed.Foreign = append(sealed.Foreign, s.Foreign...)
	}
}

// chain reads and follows the whole log.
func (h *house) chain(anchors map[int64][32]byte) (rows []core.AuditRow, faults []core.AuditFault) {
	h.t.Helper()
	var chain *core.AuditChain
	err := postgres.NewAuditLog(h.work).Rows(h.t.Context(), postgres.AuditFilter{}, func(head core.AuditHead, _ time.Duration) error {
		chain = core.StartAuditChain(head, anchors)
		return nil
	}, func(r core.AuditRow) error {
		rows = append(rows, r)
		chain.Add(r)
		return nil
	})
	if err != nil {
		h.t.Fatal(err, errors.Unwrap(err))
	}
	_, faults = chain.End()
	return rows, faults
}

// said is the log's rows in short.
func said(rows []core.AuditRow) (words []string) {
	for _, r := range rows {
		words = append(words, strings.Join(strings.Fields(strings.Join([]string{string(r.Actor), r.Operator, string(r.Action), r.What}, " ")), " "))
	}
	return words
}

func TestAudit_EveryChangeOfAnOwnerIsInTheLog(t *testing.T) {
	h := open(t)
	who := user(t)
	ctx := core.From(t.Context(), from)
	d := newDocument(who, "one")
	if _, err := h.library.Add(ctx, who, d); err != nil {
		t.Fatal(err)
	}
	if _, err := h.library.Add(ctx, who, newDocument(who, "one")); !core.HasCode(err, core.CodeDuplicate) {
		t.Fatalf("a second one: %v", err)
	}
	up, err := h.library.Announce(ctx, who, newUpload(who, "two"), many)
	errs := []error{err, h.library.Withdraw(ctx, who, up.Document, core.UploadCancelled)}
	_, err = h.library.Cancel(ctx, who, d.ID)
	errs = append(errs, err)
	_, err = h.library.Retry(ctx, who, d.ID)
	if err := errors.Join(append(errs, err, h.library.Remove(ctx, who, d.ID))...); err != nil {
		t.Fatal(err)
	}
	h.seal()
	rows, faults := h.chain(nil)
	want := []string{"user document_upload", "user upload_announce", "user upload_withdraw cancelled", "user document_cancel", "user document_retry", "user document_delete"}
	if diff := cmp.Diff(want, said(rows)); diff != "" || len(faults) != 0 {
		t.Fatalf("the log, with faults %v:\n%s", faults, diff)
	}
	for i, r := range rows {
		document := d.ID
		if i == 1 || i == 2 {
			document = up.Document
		}
		if r.User != who.User || !slices.Equal(r.Documents, []core.ID{document}) || r.From != from || r.Outcome != core.AuditDone || r.Times != 1 {
			t.Errorf("row %d is %+v", i, r)
		}
	}
}

func TestAudit_EveryActOfAnOperatorIsInTheLog(t *testing.T) {
	h := open(t)
	doc := h.fails("one", core.CodeParseFailed)
	h.seal()
	operations, _ := h.operations()
	ctx := core.From(t.Context(), core.Origin{Service: "navigator", Operator: "ada"})
	g := core.Generation{Chunker: "c@1", Model: "n", Tokens: 9}
	hold := core.Hold{Document: doc, Reason: "CASE-1", Operator: "ada"}
	for i, act := range []func() error{
		func() error { _, err := operations.Pause(ctx, core.PauseIntake, ada); return err },
		func() error { _, err := operations.Resume(ctx, core.PauseIntake, ada); return err },
		func() error { _, err := operations.Pause(ctx, core.PauseQueue("embed"), ada); return err },
		func() error {
			failed, err := operations.Failed(ctx, postgres.Failures{Limit: 1})
			if err != nil || len(failed) != 1 {
				return errors.Join(err, errors.New("nothing failed"))
			}
			return operations.Retry(ctx, failed[0], ada)
		},
		func() error { _, err := h.store.SetHold(ctx, hold); return err },
		func() error { _, err := h.store.LiftHold(ctx, hold); return err },
		func() error { return h.store.StartGeneration(ctx, g, core.Quote{}, 0) },
		func() error { return h.store.PauseGeneration(ctx, true) },
		func() error { return h.store.PauseGeneration(ctx, false) },
		func() error { return h.store.CancelGeneration(ctx) },
		func() error { _, err := h.store.Expire(ctx, core.KeptDocuments, -time.Hour, 10); return err },
	} {
		if err := act(); err != nil {
			t.Fatalf("act %d: %v: %v", i, err, errors.Unwrap(err))
		}
	}
	before := h.seal().Head.Seq
	rows, faults := h.chain(nil)
	want := []string{"operator ada pause intake", "operator ada resume intake", "operator ada pause queue:embed", "operator ada retry parse_failed",
		"operator ada hold document", "operator ada lift document", "operator ada reembed_start", "operator ada reembed_pause",
		"operator ada reembed_resume", "operator ada reembed_cancel", "operator ada document_delete documents"}
	if diff := cmp.Diff(want, said(rows[len(rows)-len(want):])); diff != "" || len(faults) != 0 {
		t.Errorf("the log, with faults %v:\n%s", faults, diff)
	}
	if err := h.store.CancelGeneration(ctx); !core.HasCode(err, core.CodeConflict) || h.seal().Rows != 0 {
		t.Errorf("what was refused (%v) is in the log after %d", err, before)
	}
}

// The logins of the services add rows to the inbox and do nothing else; the owner
// of the schema is held by the triggers.
func TestS41_NobodyChangesTheAuditLog(t *testing.T) {
	h := open(t)
	who := user(t)
	h.upload(who, "one", 2)
	h.seal()
	h.upload(who, "two", 2)
	super := h.super()
	changes := []string{`update upload_pipeline.audit_log set what = 'x'`, `delete from upload_pipeline.audit_log`, `truncate upload_pipeline.audit_log`}
	for _, sql := range changes {
		if _, err := h.try(super, "", nil, sql); sqlState(err) != denied {
			t.Errorf("the owner: %s: %v", sql, err)
		}
	}
	changes = append(changes, `insert into upload_pipeline.audit_log select * from upload_pipeline.audit_log`, `update upload_pipeline.audit_head set seq = 0`,
		`delete from upload_pipeline.audit_head`, `update upload_pipeline.audit_inbox set what = 'x'`, `delete from upload_pipeline.audit_inbox`,
		`truncate upload_pipeline.audit_inbox`, `select upload_pipeline.prune_audit()`)
	for _, role := range []string{"inav_app", "inav_worker", "service_role", "authenticated", "anon"} {
		for _, sql := range changes {
			if _, err := h.try(super, role, who.Claims, sql); sqlState(err) != denied {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}
	for name, e := range map[string]core.AuditEntry{
		"an operator": {Actor: core.ActorOperator, Operator: "ada", Action: core.AuditHold, Outcome: core.AuditDone},
		"the service": {Actor: core.ActorService, Action: core.AuditRetain, Outcome: core.AuditDone},
	} {
		if err := postgres.NewAuditLog(h.app).Record(t.Context(), e); err == nil {
			t.Errorf("the API's login writes rows of %s", name)
		}
	}
	if _, err := h.try(h.app, "", who.Claims, `select 1 from upload_pipeline.audit_log`); sqlState(err) != denied {
		t.Errorf("the API's login reads the log: %v", err)
	}
}

// What cannot be an id or a word of ours is refused by the table itself.
func TestS27_TheAuditLogHoldsNoTextAndNoName(t *testing.T) {
	h := open(t)
	for _, what := range []string{"Ada Lovelace", "ada@example.com", "what is my deductible?", strings.Repeat("x", 81), "a|b", "a\nb"} {
		err := postgres.NewAuditLog(h.work).Record(t.Context(), core.AuditEntry{Actor: core.ActorService, Action: core.AuditRetain, What: what, Outcome: core.AuditDone})
		if err == nil {
			t.Errorf("%q was taken", what)
		}
	}
}

func TestS41_EveryTamperingWithTheAuditLogIsFound(t *testing.T) {
	h := open(t)
	for i := range 6 {
		h.note(core.AuditEntry{Actor: core.ActorUser, User: core.NewID(), Action: core.AuditReadText, What: string(rune('a' + i)),
			Documents: []core.ID{core.NewID(), core.NewID()}, Outcome: core.AuditDone})
	}
	head := h.seal().Head
	anchor := map[int64][32]byte{head.Seq: head.Hash}
	if _, faults := h.chain(anchor); len(faults) != 0 || head.Seq != 6 {
		t.Fatalf("untouched, the chain to %d has faults %v", head.Seq, faults)
	}
	if _, err := h.db.SuperConn().Exec(t.Context(), `create schema kept; create table kept.log as select * from upload_pipeline.audit_log;
		create table kept.head as select * from upload_pipeline.audit_head`); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sql  string
		at   int64
		only bool // by the anchor alone
	}{
		"the first row removed": {`delete from upload_pipeline.audit_log where seq = 1`, 1, false},
		"a row removed":         {`delete from upload_pipeline.audit_log where seq = 3`, 3, false},
		"a word changed":        {`update upload_pipeline.audit_log set what = 'z' where seq = 4`, 4, false},
		"a document left out":   {`update upload_pipeline.audit_log set documents = documents[1:1] where seq = 4`, 4, false},
		"a time moved":          {`update upload_pipeline.audit_log set at = at - interval '1 microsecond' where seq = 2`, 2, false},
		"two rows swapped": {`update upload_pipeline.audit_log l set hash = o.hash, what = o.what, user_id = o.user_id, documents = o.documents, at = o.at, request_id = o.request_id
			from upload_pipeline.audit_log o where (l.seq, o.seq) in ((2, 3), (3, 2))`, 2, false},
		"a row inserted behind the end": {`insert into upload_pipeline.audit_log select 7, at, service, actor, user_id, operator, action, what, documents, network, request_id, outcome, times, hash
			from upload_pipeline.audit_log where seq = 6`, 7, false},
		"the end cut off": {`delete from upload_pipeline.audit_log where seq > 4`, 5, false},
		"the end cut off, and the head moved": {`with gone as (delete from upload_pipeline.audit_log where seq > 4)
			update upload_pipeline.audit_head set seq = 4, hash = (select hash from upload_pipeline.audit_log where seq = 4)`, 6, true},
		"everything removed": {`with gone as (delete from upload_pipeline.audit_log)
			update upload_pipeline.audit_head set seq = 0, hash = first_hash`, 6, true},
	} {
		h.unguarded(c.sql)
		_, faults := h.chain(anchor)
		if len(faults) == 0 || faults[0].Seq != c.at {
			t.Errorf("%s: found %v, want row %d", name, faults, c.at)
		}
		if _, unanchored := h.chain(nil); c.only && len(unanchored) != 0 {
			t.Errorf("%s: found without an anchor, %v: the test proves nothing of it", name, unanchored)
		}
		for _, sql := range []string{`delete from upload_pipeline.audit_log`, `delete from upload_pipeline.audit_head`} {
			if _, err := h.db.SuperConn().Exec(t.Context(), `set session_replication_role = replica; `+sql); err != nil {
				t.Fatal(err)
			}
		}
		h.unguarded(`insert into upload_pipeline.audit_log select * from kept.log`, `insert into upload_pipeline.audit_head select * from kept.head`)
	}
}

// unguarded runs statements past every guard of the schema, each of which has
// to change something.
func (h *house) unguarded(statements ...string) {
	h.t.Helper()
	conn := h.db.SuperConn()
	if _, err := conn.Exec(h.t.Context(), `set session_replication_role = replica`); err != nil {
		h.t.Fatal(err)
	}
	for _, sql := range statements {
		if tag, err := conn.Exec(h.t.Context(), sql); err != nil || tag.RowsAffected() == 0 {
			h.t.Fatalf("%.80s: %d rows (%v)", sql, tag.RowsAffected(), err)
		}
	}
}

// However many write and seal at once, every row is in the chain once.
func TestAudit_TheChainIsWholeUnderConcurrentWritersAndSealers(t *testing.T) {
	h := open(t)
	const writers, each = 8, 25
	written := make(chan struct{})
	var writing, sealing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				h.note(core.AuditEntry{Actor: core.ActorUser, User: core.NewID(), Action: core.AuditSearch, Outcome: core.AuditDone})
			}
		})
	}
	for range 3 {
		sealing.Go(func() {
			for {
				select {
				case <-written:
					return
				default:
				}
				if _, err := postgres.NewAuditLog(h.work).Seal(context.WithoutCancel(t.Context()), 7); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	close(written)
	sealing.Wait()
	h.seal()
	rows, faults := h.chain(nil)
	people := map[core.ID]bool{}
	for _, r := range rows {
		people[r.User] = true
	}
	if len(faults) != 0 || len(rows) != writers*each || len(people) != writers*each {
		t.Errorf("%d rows of %d people, want %d; faults %v", len(rows), len(people), writers*each, faults)
	}
}

// Six years are kept; what is older goes from the beginning on, and the rest is
// a whole chain.
func TestAudit_OnlyWhatIsOlderThanSixYearsIsPruned(t *testing.T) {
	h := open(t)
	age := []string{"7 years", "6 years 10 days", "1 day", "7 years", "1 hour"}
	for _, a := range age {
		h.aged(`insert into upload_pipeline.audit_inbox (at, service, actor, action, what, outcome)
			select now() - $1::text::interval, 'worker', 'service', 'retention', replace($1::text, ' ', '_'), 'done'`, a)
	}
	h.seal() // in the order of their times: three are old
	conn := h.db.SuperConn()
	var until int64
	for _, want := range []int64{2, 3, 0} {
		if err := conn.QueryRow(t.Context(), `select upload_pipeline.prune_audit(2)`).Scan(&until); err != nil || until != want {
			t.Errorf("pruned up to %d (%v), want %d", until, err, want)
		}
	}
	rows, faults := h.chain(nil)
	if diff := cmp.Diff([]string{"service retention 1_day", "service retention 1_hour"}, said(rows)); diff != "" || len(faults) != 0 {
		t.Errorf("faults %v, rows:\n%s", faults, diff)
	}
}

// Asking for another's document is told apart from asking for none, in the log
// alone and afterwards.
func TestS01_AskingForAnothersDocumentIsFoundOutAfterwards(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	bobs := h.upload(bob, "bob's", 2)
	asks := func(who ports.Principal, ids ...core.ID) {
		h.note(core.AuditEntry{Actor: core.ActorUser, User: who.User, Action: core.AuditAction(core.SecurityUnknownID), Documents: ids, Outcome: core.AuditRefused})
	}
	asks(ada, core.NewID(), bobs.Document)
	asks(ada, core.NewID())
	asks(bob, bobs.Document) // one's own: it was not ready
	foreign := h.seal().Foreign
	if len(foreign) != 1 || foreign[0].User != ada.User || !slices.Equal(foreign[0].Documents, []core.ID{bobs.Document}) || foreign[0].What != "entry:2" {
		t.Errorf("found %+v", foreign)
	}
	rows, _ := h.chain(nil)
	if last := rows[len(rows)-1]; last.Action != core.AuditAction(core.SecurityForeignID) || last.User != ada.User {
		t.Errorf("the log ends with %+v", last)
	}
}

// BenchmarkRecord is what a read waits for before it is answered.
func BenchmarkRecord(b *testing.B) {
	pool, err := postgres.Open(b.Context(), postgres.Options{URL: dbtest.New(b, db.Schemas{}).URL("inav_app"), Role: "inav_app", Name: "bench", MaxConns: 8})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	log, ctx := postgres.NewAuditLog(pool), core.From(b.Context(), from)
	e := core.AuditEntry{Actor: core.ActorUser, User: core.NewID(), Action: core.AuditSearch, Outcome: core.AuditDone,
		Documents: []core.ID{core.NewID(), core.NewID(), core.NewID()}}
	for b.Loop() {
		if err := log.Record(ctx, e); err != nil {
			b.Fatal(err)
		}
	}
}
