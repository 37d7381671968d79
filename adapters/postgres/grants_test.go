package postgres_test

import (
	"slices"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

func TestC4_ClientRolesWriteNothingAndReadOnlyTheirDocuments(t *testing.T) {
	h := open(t)
	ada, _, _, _ := h.peopled()
	super := h.super()
	readable := []string{"upload_pipeline.documents", "upload_pipeline.upload_jobs", "upload_pipeline.document_pages",
		"upload_pipeline.document_chunks", "upload_pipeline.events", "upload_pipeline.corpus", "upload_pipeline.generations", "upload_pipeline.costs"}
	for _, role := range []string{"authenticated", "anon"} {
		for _, table := range h.tables() {
			for how, sql := range h.statements(table) {
				_, err := h.try(super, role, ada.Claims, sql)
				if how == "select" && role == "authenticated" && slices.Contains(readable, table) {
					if err != nil {
						t.Errorf("%s cannot read %s: %v", role, table, err)
					}
					continue
				}
				if sqlState(err) != denied {
					t.Errorf("%s: %s on %s: %v, want it denied", role, how, table, err)
				}
			}
		}
		for _, table := range []string{"river_job", "river_leader", "river_queue"} {
			if _, err := h.try(super, role, ada.Claims, `select 1 from river.`+table); sqlState(err) != denied {
				t.Errorf("%s reads river.%s: %v", role, table, err)
			}
		}
	}
}

func TestC4_NoColumnOfASecretIsGranted(t *testing.T) {
	h := open(t)
	const granted = `select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
		join pg_namespace n on n.oid = c.relnamespace, unnest(array['anon', 'authenticated', 'public']) role
		where n.nspname not in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0
		and has_schema_privilege(role, n.oid, 'usage') and has_column_privilege(role, c.oid, a.attnum, 'select') `
	if all := h.list(granted); len(all) < 40 {
		t.Fatalf("only %d columns are granted: the query does not see them", len(all))
	}
	// Counts of tokens, and a path made of ids alone.
	harmless := []string{"document_chunks.token_count", "upload_jobs.embed_tokens", "documents.storage_key", "costs.tokens"}
	for _, column := range h.list(granted + `and a.attname ~* '(secret|passw|token|key|salt|credential|hash|signature|bearer|nonce|private|body)'`) {
		if !slices.Contains(harmless, column) {
			t.Errorf("%s smells of a secret and is granted to clients", column)
		}
	}
}

func TestNothingLiesInPublic(t *testing.T) {
	h := open(t)
	found := h.list(`select 'relation ' || relname from pg_class where relnamespace = 'public'::regnamespace
		union all select 'function ' || proname from pg_proc where pronamespace = 'public'::regnamespace
		union all select 'type ' || typname from pg_type where typnamespace = 'public'::regnamespace
		union all select 'extension ' || extname from pg_extension where extnamespace = 'public'::regnamespace`)
	if len(found) > 0 {
		t.Errorf("in schema public lie %q", found)
	}
}

// A row cannot be made for someone else, nor hung on someone else's document.
func TestL007_NothingIsWrittenForAnother(t *testing.T) {
	h := open(t)
	ada, bob, adas, bobs := h.peopled()
	const job = `insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status) values ($1, $2, $3, $4, 'uploaded')`
	for name, c := range map[string]struct {
		sql   string
		args  []any
		state string
	}{
		"a document for bob": {`insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count)
			values ($1, $2, 'x', 'x', 1, sha256('x'), 'x', 1)`, []any{core.NewID(), bob.User}, denied},
		"an attempt for bob":       {job, []any{core.NewID(), bobs.Document, bob.User, 2}, "23514"},
		"an attempt of bob's":      {job, []any{core.NewID(), bobs.Document, ada.User, 2}, "23514"},
		"a first attempt of bob's": {job, []any{core.NewID(), bobs.Document, ada.User, 1}, "23505"},
		"an event for bob":         {`insert into upload_pipeline.events (document_id, job_id, user_id, attempt, status) values ($1, $1, $2, 1, 'complete')`, []any{bobs.Document, bob.User}, denied},
		"an intent for bob":        {`insert into upload_pipeline.storage_intents values ('k', $1)`, []any{bob.User}, denied},
		"an upload for bob": {`insert into upload_pipeline.upload_intents (document_id, job_id, user_id, filename, mime, bytes_len, storage_key,
			expires_at, address_until) values ($1, $1, $2, 'x', 'x', 1, 'k', now(), now())`, []any{core.NewID(), bob.User}, denied},
		"one's own upload given away":      {`update upload_pipeline.upload_intents set user_id = $1`, []any{bob.User}, denied},
		"one's own document given away":    {`update upload_pipeline.documents set user_id = $1`, []any{bob.User}, denied},
		"one's own attempt moved to bob's": {`update upload_pipeline.upload_jobs set document_id = $1`, []any{bobs.Document}, denied},
		"one's own receipt":                {`update upload_pipeline.upload_jobs set receipt = '{}' where document_id = $1`, []any{adas.Document}, denied},
	} {
		_, err := h.try(h.app, "", ada.Claims, c.sql, c.args...)
		if got := sqlState(err); got != c.state {
			t.Errorf("%s: SQLSTATE %q (%v), want %s", name, got, err, c.state)
		}
	}
}
