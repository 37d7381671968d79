package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
)

// estate is a database with a document at each kind of rest, and one under way
// whose job lives.
type estate struct {
	*house
	complete, failed, retried, erased, moving, waiting core.ID
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{house: open(t)}
	who := user(t)
	whole := e.upload(who, "complete", 2)
	e.walk(whole, core.Finish)
	failed := e.upload(who, "failed", 2)
	e.fails(failed.Document, 1, 0)
	retried := e.upload(who, "retried", 2)
	e.fails(retried.Document, 1, 0)
	if _, err := e.library.Retry(t.Context(), who, retried.Document); err != nil {
		t.Fatal(err)
	}
	e.fails(retried.Document, 2, 0)
	erased := e.upload(who, "erased", 2)
	e.walk(erased, core.Finish)
	if err := e.library.Remove(t.Context(), who, erased.Document); err != nil {
		t.Fatal(err)
	}
	if err := e.store.Erase(t.Context(), erased.Document, nil, nil); err != nil {
		t.Fatal(err)
	}
	moving := e.upload(who, "moving", 2)
	e.walk(moving, core.Chunk)
	waiting := e.upload(who, "waiting", 2)
	e.walk(waiting, core.Parse)
	e.seal()
	e.complete, e.failed, e.retried, e.erased, e.moving, e.waiting = whole.Document, failed.Document, retried.Document, erased.Document, moving.Document, waiting.Document
	e.plant(`insert into river.river_job (args, kind, max_attempts, state) values
		(jsonb_build_object('document', $1::text, 'attempt', 1, 'turn', 4), 'embed', 8, 'available')`, e.moving)
	return e
}

func (e *estate) fails(id core.ID, attempt, turn int) {
	e.t.Helper()
	job := core.Job{Stage: core.Parse, Document: id, Attempt: attempt, Turn: turn}
	leg, _ := core.LegOf(core.Parse)
	if err := e.store.Fail(e.t.Context(), job, leg, core.TroubleOf(core.Parse, core.Fail(core.CodeParseFailed, nil))); err != nil {
		e.t.Fatal(err)
	}
}

// plant writes past every guard of the schema.
func (e *estate) plant(sql string, args ...any) {
	e.t.Helper()
	conn := e.db.SuperConn()
	if _, err := conn.Exec(e.t.Context(), `set session_replication_role = replica`); err != nil {
		e.t.Fatal(err)
	}
	tag, err := conn.Exec(e.t.Context(), sql, args...)
	if err != nil {
		e.t.Fatalf("%.80s: %v", sql, err)
	}
	if tag.RowsAffected() == 0 {
		e.t.Fatalf("%.80s: nothing was planted", sql)
	}
}

func (e *estate) drop(sql string) {
	e.t.Helper()
	if _, err := e.db.SuperConn().Exec(e.t.Context(), sql); err != nil {
		e.t.Fatal(err)
	}
}

func (e *estate) look() []audit.Violation {
	e.t.Helper()
	found, err := postgres.NewAudit(e.work).Violations(e.t.Context(), audit.Options{Late: time.Hour, Orphan: time.Hour, Deep: true})
	if err != nil {
		e.t.Fatal(err)
	}
	audit.Sort(found)
	return found
}

func TestAnEstateInOrderHasNoViolation(t *testing.T) {
	e := newEstate(t)
	if found := e.look(); len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

// planted is one violation a rule, and of which of the estate's documents.
var planted = map[string]struct {
	of  func(*estate) core.ID
	sql string
	// beside are rules that the same damage breaks as well.
	beside []string
	before string // weakens the schema where a constraint holds
}{
	"attempts_uncounted": {of: complete, sql: `update upload_pipeline.documents set attempt = 2 where document_id = $1`, beside: []string{}},
	"deadline_missing":   {of: waiting, sql: `update upload_pipeline.upload_jobs set parse_deadline = null where document_id = $1`},
	"document_lost": {of: failed, sql: `with j as (delete from upload_pipeline.upload_jobs where document_id = $1)
		delete from upload_pipeline.documents where document_id = $1`},
	"reason_missing": {of: failed, sql: `update upload_pipeline.upload_jobs set last_error = null where document_id = $1`},
	"upload_late": {of: moving, sql: `insert into upload_pipeline.upload_intents (document_id, job_id, user_id, filename, mime, bytes_len, storage_key, expires_at, address_until)
		values ($1, gen_random_uuid(), gen_random_uuid(), 'a', 'b', 1, 'k', now() - interval '2 hours', now())`},
	"work_late":    {of: moving, sql: `update river.river_job set scheduled_at = now() - interval '2 hours', created_at = now() - interval '2 hours' where args ->> 'document' = $1::uuid::text`},
	"work_missing": {of: moving, sql: `update river.river_job set state = 'cancelled', finalized_at = now() where args ->> 'document' = $1::uuid::text`},

	"chunk_doubled": {of: complete, beside: []string{"chunks_miscounted"},
		sql: `insert into upload_pipeline.document_chunks (chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to, token_count, content_sha256, chunker, embedding, embed_model, embedded_at)
		select gen_random_uuid(), document_id, user_id, ordinal, text, headings, page_from, page_to, token_count, content_sha256, 'other@1', embedding, embed_model, embedded_at
		from upload_pipeline.document_chunks where document_id = $1 and ordinal = 0`},
	"event_doubled": {of: failed, beside: []string{"chain_broken", "end_doubled"},
		sql: `insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status)
		select document_id, job_id, user_id, attempt, was, status from upload_pipeline.events where document_id = $1 and status = 'failed_parse'`},
	"job_doubled": {of: moving, sql: `insert into river.river_job (args, kind, max_attempts, state)
		select args, 'chunk', 8, 'retryable' from river.river_job where args ->> 'document' = $1::uuid::text`},
	"provider_job_doubled": {of: complete, sql: `update upload_pipeline.upload_jobs set provider_job_id = (
		select provider_job_id from upload_pipeline.upload_jobs where document_id = $1) where provider_job_id is not null and status = 'embedding_queued'`},

	"attempt_left_open": {of: retried, beside: []string{"status_unlike_events"},
		sql: `update upload_pipeline.upload_jobs set status = 'parsed' where document_id = $1 and attempt = 1`},
	"chain_broken": {of: complete, sql: `delete from upload_pipeline.events where document_id = $1 and status = 'chunking'`},
	"end_doubled": {of: failed, beside: []string{"move_illegal", "status_unlike_events"},
		sql: `insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status)
		select document_id, job_id, user_id, attempt, status, 'cancelled' from upload_pipeline.events where document_id = $1 and status = 'failed_parse'`},
	"move_illegal": {of: moving, beside: []string{"status_unlike_events"},
		sql: `insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status)
		select document_id, job_id, user_id, 1, 'embedding_queued', 'parsing' from upload_pipeline.events where document_id = $1 and status = 'uploaded'`},
	"start_illegal":        {of: retried, beside: []string{"chain_broken"}, sql: `update upload_pipeline.events set status = 'parse_validated' where document_id = $1 and attempt = 2 and was is null`},
	"status_unlike_events": {of: waiting, sql: `update upload_pipeline.upload_jobs set status = 'failed_parse', last_error = '{"code": "x"}' where document_id = $1`},

	"chunks_miscounted": {of: complete, sql: `update upload_pipeline.upload_jobs set chunks_total = 3 where document_id = $1`},
	"model_differs":     {of: complete, sql: `with g as (update upload_pipeline.generations set model = 'm') update upload_pipeline.document_chunks set embed_model = 'n' where document_id = $1`},
	"ordinals_torn":     {of: complete, sql: `update upload_pipeline.document_chunks set ordinal = 7 where document_id = $1 and ordinal = 1`},
	"page_uncovered": {of: complete, beside: []string{"receipt_unbalanced"},
		sql: `insert into upload_pipeline.document_pages select document_id, 3, user_id, 'parsed', 'more' from upload_pipeline.documents where document_id = $1`},
	"receipt_unbalanced": {of: complete, sql: `update upload_pipeline.upload_jobs set receipt = jsonb_set(receipt, '{expected}', '3') where document_id = $1`},
	"vector_missing":     {of: complete, sql: `update upload_pipeline.document_chunks set embedding = null, embed_model = null, embedded_at = null where document_id = $1 and ordinal = 0`},
	"vector_unreal": {of: complete, before: `alter table upload_pipeline.document_chunks drop constraint embedding_is_real`,
		sql: `update upload_pipeline.document_chunks set embedding = array_fill(0.9, array[1536])::extensions.vector where document_id = $1`},

	"deleted_stirs": {of: erased, beside: []string{"chain_broken", "event_doubled"}, sql: `insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status)
		select document_id, job_id, user_id, attempt, was, status from upload_pipeline.events where document_id = $1 and status = 'parsed'`},
	"name_left": {of: erased, sql: `insert into upload_pipeline.upload_intents (document_id, job_id, user_id, filename, mime, bytes_len, storage_key, state, expires_at, address_until)
		values ($1, gen_random_uuid(), gen_random_uuid(), 'a', 'b', 1, 'k', 'arrived', now(), now())`},
	"removal_unmarked": {of: complete, sql: `update upload_pipeline.documents set removed_at = now() where document_id = $1`},
	"rows_left":        {of: erased, sql: `insert into upload_pipeline.document_pages values ($1, 1, gen_random_uuid(), 'parsed', 'text')`},

	"audit_log_broken": {of: nobody, sql: `delete from upload_pipeline.audit_log where seq = 2 and $1::uuid is not null`},
	"audit_unsealed": {of: nobody, sql: `insert into upload_pipeline.audit_inbox (at, service, actor, action, outcome)
		select now() - interval '2 hours', 'worker', 'service', 'retention', 'done' where $1::uuid is not null`},
	"intent_stale":  {of: nobody, sql: `insert into upload_pipeline.storage_intents values ($1::uuid::text, gen_random_uuid(), now() - interval '2 hours')`},
	"owner_differs": {of: complete, sql: `update upload_pipeline.document_chunks set user_id = gen_random_uuid() where document_id = $1`},
}

func complete(e *estate) core.ID { return e.complete }
func failed(e *estate) core.ID   { return e.failed }
func retried(e *estate) core.ID  { return e.retried }
func erased(e *estate) core.ID   { return e.erased }
func moving(e *estate) core.ID   { return e.moving }
func waiting(e *estate) core.ID  { return e.waiting }
func nobody(*estate) core.ID     { return core.ID{} }

func TestEveryRuleOfTheDatabaseSeesItsViolation(t *testing.T) {
	t.Parallel()
	for _, rule := range postgres.AuditRules() {
		if _, known := audit.RuleOf(rule); !known {
			t.Errorf("rule %s is not in the table", rule)
		}
		plant, ok := planted[rule]
		if !ok {
			t.Errorf("nothing is planted for rule %s", rule)
			continue
		}
		t.Run(rule, func(t *testing.T) {
			e := newEstate(t)
			if plant.before != "" {
				e.drop(plant.before)
			}
			e.plant(plant.sql, plant.of(e))
			var broken []string
			for _, v := range e.look() {
				broken = append(broken, v.Rule)
				if v.Rule == rule && v.Document != plant.of(e) && rule != "provider_job_doubled" {
					t.Errorf("found of document %s, planted in %s", v.Document, plant.of(e))
				}
			}
			slices.Sort(broken)
			want := append([]string{rule}, plant.beside...)
			slices.Sort(want)
			if diff := cmp.Diff(want, slices.Compact(broken)); diff != "" {
				t.Errorf("broken rules:\n%s", diff)
			}
		})
	}
}
