package postgres_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// TestEveryTableHasItsRetention holds docs/retention.md to the database: each
// table has its word on how long its rows stay, and no word is of a table that
// is not there. River's other tables hold no rows of documents.
func TestEveryTableHasItsRetention(t *testing.T) {
	h := open(t)
	page, err := os.ReadFile("../../docs/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "### Every table")
	list, _, _ = strings.Cut(list, "```")
	var judged []string
	for _, row := range regexp.MustCompile(`(?m)^\| (`+"`"+`.*?) \| \S`).FindAllStringSubmatch(list, -1) {
		judged = append(judged, regexp.MustCompile(`(?:upload_pipeline|local_auth|river)\.\w+`).FindAllString(row[1], -1)...)
	}
	slices.Sort(judged)
	if diff := cmp.Diff(append([]string{"river.river_job"}, h.tables()...), judged, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("-in the database +in docs/retention.md:\n%s", diff)
	}
}

// aged writes past every guard of the schema: a test cannot wait six years.
func (h *house) aged(sql string, args ...any) {
	h.t.Helper()
	conn := h.db.SuperConn()
	for _, one := range []string{`set session_replication_role = replica`, sql} {
		if one != sql {
			if _, err := conn.Exec(h.t.Context(), one); err != nil {
				h.t.Fatal(err)
			}
			continue
		}
		if tag, err := conn.Exec(h.t.Context(), sql, args...); err != nil || tag.RowsAffected() == 0 {
			h.t.Fatalf("%.90s: %d rows (%v)", sql, tag.RowsAffected(), err)
		}
	}
}

// erased is a document that was deleted wholly.
func (h *house) erased(who ports.Principal, content string) core.ID {
	h.t.Helper()
	doc := h.upload(who, content, 2)
	h.walk(doc, core.Finish)
	if err := h.library.Remove(h.t.Context(), who, doc.Document); err != nil {
		h.t.Fatal(err)
	}
	if err := h.store.Erase(h.t.Context(), doc.Document, nil, nil); err != nil {
		h.t.Fatal(err)
	}
	return doc.Document
}

const sevenYears = `now() - interval '7 years'`

// estates makes of each kind what is old enough and what is not; old is how
// many are.
func estates(h *house, who ports.Principal) (old map[core.Kept]int) {
	old = map[core.Kept]int{}
	gone := []core.ID{h.erased(who, "gone-1"), h.erased(who, "gone-2")}
	h.erased(who, "gone of late")
	h.aged(`update upload_pipeline.deletions set requested_at = `+sevenYears+`, done_at = `+sevenYears+` where document_id = any ($1)`, gone)
	old[core.KeptEvents] = h.count(`select count(*) from upload_pipeline.events where document_id = any ($1)`, gone)
	old[core.KeptDeletions] = len(gone)

	lived := h.upload(who, "long ago", 2)
	h.upload(who, "of late", 2)
	h.aged(`update upload_pipeline.documents set created_at = `+sevenYears+` where document_id = $1`, lived.Document)
	old[core.KeptDocuments] = 1

	for _, content := range []string{"held once", "held of late"} {
		hold := core.Hold{Document: h.upload(who, content, 2).Document, Reason: "CASE-1", Operator: "test"}
		for _, change := range []func() error{
			func() error { _, err := h.store.SetHold(h.t.Context(), hold); return err },
			func() error { _, err := h.store.LiftHold(h.t.Context(), hold); return err },
		} {
			if err := change(); err != nil {
				h.t.Fatal(err)
			}
		}
		if old[core.KeptHolds] == 0 {
			h.aged(`update upload_pipeline.holds set lifted_at = ` + sevenYears)
			old[core.KeptHolds] = 1
		}
	}
	h.receive(callback(lived.Job, "evt-1", "x"))
	h.aged(`update upload_pipeline.webhook_log set received_at = ` + sevenYears)
	h.receive(callback(lived.Job, "evt-2", "y"))
	old[core.KeptCallbacks] = 1

	h.aged(`insert into upload_pipeline.idempotency_keys (key_hash, fingerprint, resource, expires_at)
		select sha256(n::text::bytea), sha256('x'), gen_random_uuid(), now() + (n || ' hours')::interval from unnest(array[-3, -2, -1, 5]) n`)
	old[core.KeptKeys] = 3
	h.aged(`insert into upload_pipeline.instances (instance_id, service, environment, storage_env, database_id, providers, settings_hash, build, schema_version, seen_at)
		select gen_random_uuid(), 'api', '', '', '', '', '', '', 1, now() - (n || ' days')::interval from unnest(array[1, 8, 9]) n`)
	old[core.KeptInstances] = 2
	h.aged(`insert into river.river_job (args, kind, max_attempts, state, finalized_at)
		select '{}', 'x', 1, s::river.river_job_state, now() - (n || ' days')::interval
		from unnest(array['completed', 'cancelled', 'discarded']) s, unnest(array[0, 2, 8]) n`)
	old[core.KeptJobs], old[core.KeptDiscarded] = 4, 1
	h.agedAccounts(old)
	up := h.announce(who, "announced")
	if err := h.library.Withdraw(h.t.Context(), who, up.Document, core.UploadCancelled); err != nil {
		h.t.Fatal(err)
	}
	h.announce(who, "announced of late")
	h.aged(`update upload_pipeline.upload_intents set updated_at = now() - interval '31 days', address_until = now() - interval '31 days',
		removed_at = now() - interval '30 days' where document_id = $1`, up.Document)
	old[core.KeptUploads] = 1
	return old
}

// agedAccounts adds what accounts leave behind: of each kind two rows, of which
// one is due.
func (h *house) agedAccounts(old map[core.Kept]int) {
	h.t.Helper()
	h.aged(`insert into local_auth.mails (id, account_id, kind, redirect, challenge, created_at)
		select gen_random_uuid(), gen_random_uuid(), 'confirm', '', '', now() - (n || ' days')::interval from unnest(array[1, 3]) n`)
	h.aged(`with s as (insert into local_auth.sessions (id, account_id) select gen_random_uuid(), gen_random_uuid() from unnest(array[1, 2]) returning id)
		insert into local_auth.refresh_tokens (token_hash, session_id, expires_at)
		select sha256(id::text::bytea), id, now() + interval '1 hour' * (5 - 4 * row_number() over ()) from s`)
	h.aged(`insert into upload_pipeline.ended_sessions (account_id, ended_at)
		select gen_random_uuid(), now() - (n || ' days')::interval from unnest(array[1, 9]) n`)
	h.aged(`insert into upload_pipeline.sign_in_tries (key, tries, began_at)
		select sha256(n::text::bytea), 1, now() - (n || ' days')::interval from unnest(array[1, 91]) n`)
	h.aged(`insert into local_auth.accounts (id, email, name, password_hash, consent_version, consent_timestamp, updated_at, email_confirmed_at, last_sign_in_at)
		select gen_random_uuid(), n || '@example.com', '', '$argon2id$', '1', '', now() - (days || ' days')::interval, confirmed, signed_in
		from (values (1, 8, null::timestamptz, null::timestamptz), (2, 6, null, null), (3, 8, now(), null), (4, 8, null, now())) a (n, days, confirmed, signed_in)`)
	for _, kind := range []core.Kept{core.KeptUnused, core.KeptMails, core.KeptSessions, core.KeptEnded, core.KeptTries} {
		old[kind] = 1
	}
}

// The figure that is told beforehand is the figure that is removed, kind by
// kind, in batches, and nothing younger goes.
func TestS42_TheDryFigureIsTheRealOne(t *testing.T) {
	h := open(t)
	old, due := estates(h, user(t)), map[core.Kept]int{}
	clock := core.DefaultRetention()
	clock[0].For = 365 * 24 * time.Hour // documents
	for _, r := range clock {
		var err error
		if due[r.Kind], err = h.store.Due(t.Context(), r.Kind, r.For); err != nil {
			t.Fatalf("%s: %v", r.Kind, err)
		}
	}
	if diff := cmp.Diff(old, due); diff != "" {
		t.Errorf("due:\n%s", diff)
	}
	for _, r := range clock {
		removed := 0
		for {
			n, err := h.store.Expire(t.Context(), r.Kind, r.For, 2)
			if err != nil {
				t.Fatalf("%s: %v", r.Kind, err)
			}
			if n > 2 {
				t.Errorf("%s: a batch of %d, want 2 at most", r.Kind, n)
			}
			if n == 0 {
				break
			}
			removed += n
		}
		if removed != due[r.Kind] {
			t.Errorf("%s: %d were removed, and %d were told", r.Kind, removed, due[r.Kind])
		}
	}
	left := map[string]int{"documents": 4, "deletions": 2, "holds": 1, "webhook_log": 1, "idempotency_keys": 1, "instances": 1, "upload_intents": 1}
	got := map[string]int{}
	for table := range left {
		got[table] = h.count(`select count(*) from upload_pipeline.` + table)
	}
	if diff := cmp.Diff(left, got); diff != "" {
		t.Errorf("left:\n%s", diff)
	}
	if n := h.count(`select count(*) from river.river_job where state in ('completed', 'cancelled', 'discarded')`); n != 4 {
		t.Errorf("%d jobs are left, want 4", n)
	}
}

// What the clock deletes goes the way of its owner's deletions, and says so.
func TestTheClockDeletesAsTheOwnerDoes(t *testing.T) {
	h := open(t)
	who := user(t)
	old, held := h.upload(who, "old", 2), h.upload(who, "held", 2)
	h.aged(`update upload_pipeline.documents set created_at = ` + sevenYears)
	if _, err := h.store.SetHold(t.Context(), core.Hold{Document: held.Document, Reason: "CASE-1", Operator: "test"}); err != nil {
		t.Fatal(err)
	}
	h.queue.take()
	if n, err := h.store.Expire(t.Context(), core.KeptDocuments, time.Hour, 10); n != 1 || err != nil {
		t.Errorf("%d documents expired (%v), want 1", n, err)
	}
	purge := core.Job{Stage: core.Purge, Document: old.Document, Attempt: 1, Turn: core.AnyTurn}
	if diff := cmp.Diff([]core.Job{purge}, h.queue.take()); diff != "" {
		t.Errorf("jobs:\n%s", diff)
	}
	if d := h.deletion(who, old.Document); d.Reason != core.ByRetention || d.Done() {
		t.Errorf("the record is %+v", d)
	}
	if got := h.status(who, held.Document); got != core.Uploaded {
		t.Errorf("the held document is %s", got)
	}
}

// Six years are the database's own word, whatever is set.
func TestEventsOutliveEverySetting(t *testing.T) {
	h := open(t)
	who := user(t)
	gone := h.erased(who, "gone")
	h.aged(`update upload_pipeline.deletions set requested_at = now() - interval '5 years', done_at = now() - interval '5 years' where document_id = $1`, gone)
	if n, err := h.store.Expire(t.Context(), core.KeptEvents, time.Hour, 10); err == nil || n != 0 {
		t.Errorf("%d events went after five years (%v)", n, err)
	}
	if n, err := h.store.Expire(t.Context(), core.KeptDeletions, time.Hour, 10); err != nil || n != 0 {
		t.Errorf("%d tombstones went before their events (%v)", n, err)
	}
}
