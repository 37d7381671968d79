package legacy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/legacy"
)

// storage holds a file for every key: its bytes are the key, and what is odd
// about it stands in the key.
type storage struct {
	stored map[string]core.ID // by our key
	broken func(step string) error
}

func (s *storage) fail(step string) error {
	if s.broken == nil {
		return nil
	}
	return s.broken(step)
}

func (s *storage) Hold(_ context.Context, p legacy.Path) (legacy.Held, error) {
	if err := s.fail("hold"); err != nil {
		return nil, err
	}
	h := held{of: s, facts: legacy.Facts{Inspection: core.Inspection{Type: "application/pdf", Pages: 1}, Size: 1, Sum: sha256.Sum256([]byte(p.Key))}}
	switch {
	case strings.Contains(p.Key, "missing"):
		return nil, core.Fail(core.CodeFileMissing, nil)
	case strings.Contains(p.Key, "locked"):
		return nil, core.Fail(core.CodeFileEncrypted, nil)
	case strings.Contains(p.Key, "changed"):
		h.facts.Sum[0]++
	case strings.Contains(p.Key, "pages"):
		h.facts.Pages = 7
	}
	return h, nil
}

func (s *storage) Text(_ context.Context, p legacy.Path) (string, error) {
	n := strings.TrimSuffix(path.Base(p.Key), ".md")
	return fmt.Sprintf("Plan %s\n\nCopay %s\n", n, n), s.fail("text")
}

type held struct {
	of    *storage
	facts legacy.Facts
}

func (h held) Facts() legacy.Facts { return h.facts }
func (h held) Close()              {}
func (h held) Pages(context.Context) ([]string, error) {
	return make([]string, h.facts.Pages), h.of.fail("pages")
}
func (h held) Store(_ context.Context, key string) error {
	if err := h.of.fail("store"); err != nil {
		return err
	}
	h.of.stored[key] = core.ID(h.facts.Sum[:16])
	return nil
}

// queue writes the jobs down where a rollback takes them away again.
type queue struct{ of *storage }

func (q queue) Insert(ctx context.Context, tx pgx.Tx, jobs ...core.Job) error {
	for _, job := range jobs {
		_, err := tx.Exec(ctx, `insert into planted.jobs values ($1, $2, $3)`, job.Document, string(job.Stage), job.Attempt)
		if err != nil {
			return err
		}
	}
	return q.of.fail("queue")
}

type place struct {
	*dbtest.DB
	t     *testing.T
	files *storage
}

func newPlace(t *testing.T) place {
	t.Helper()
	_ = dbtest.New(t, db.Schemas{}) // the roles, which all databases of the server share
	p := place{dbtest.New(t, nil), t, &storage{stored: map[string]core.ID{}}}
	p.must(`create schema auth`, `create function auth.uid() returns uuid language sql stable as
		'select (nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''sub'')::uuid'`)
	for _, name := range []string{"predecessor.sql", "defects.sql"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		p.must(string(text))
	}
	p.must(`create table planted.jobs (document_id uuid, stage text, attempt int)`)
	return p
}

func (p place) must(statements ...string) {
	p.t.Helper()
	for _, sql := range statements {
		if _, err := p.SuperConn().Exec(p.t.Context(), sql); err != nil {
			p.t.Fatalf("%.300s: %v", sql, err)
		}
	}
}

func (p place) text(sql string, args ...any) (text string) {
	p.t.Helper()
	if err := p.SuperConn().QueryRow(p.t.Context(), sql, args...).Scan(&text); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return text
}

func (p place) adopt(dry bool) (legacy.Report, error) {
	return legacy.Adopt(p.t.Context(), legacy.Options{
		URL: p.OwnerURL(), DryRun: dry, Files: p.files, Model: "text-embedding-3-small", MaxTokens: 8000, Parser: "predecessor",
		Count: func(text string) int {
			if text == "Plan 16" {
				return 8001
			}
			return len(text)
		},
		Name:  func(name string) string { return name },
		Key:   func(user, document core.ID) string { return user.String() + "/" + document.String() + "/original.pdf" },
		Queue: func(*pgxpool.Pool) (legacy.Queue, error) { return queue{p.files}, nil },
	})
}

// want is what comes of the planted database.
func want() legacy.Report {
	return legacy.Report{
		Documents: 26,
		Outcomes:  map[legacy.Outcome]int{legacy.Complete: 2, legacy.Embed: 5, legacy.Chunk: 1, legacy.Parse: 8, legacy.Left: 10},
		Left: map[string]int{"no owner": 1, "owner has no account": 1, "no readable digest to prove the file by": 1, "unknown form of storage path": 1,
			"storage path of another owner": 1, "file_missing": 1, "file_changed": 1, "file_encrypted": 1, "same content as another document of its owner": 2},
		Requeued: map[string]int{"a vector is missing or bad: embedded again": 5, "a chunk is too long to embed: cut again": 1, "pages cannot be proven: read again": 1,
			"its chunks are not the whole text: read again": 1, "its parsed text is not stored: read again": 1, "its attempt did not reach its chunks: read again": 5},
		Attempts: map[string]int{"adopted as failed": 3, "adopted as the current one": 13, "left: overtaken": 1, "left: of no document": 1},
		Chunks:   map[string]int{"adopted": 14, "left: made anew": 6, "left: of no document": 1},
		Vectors: map[string]int{"kept": 9, "placeholder or damaged: made anew": 1, "of another model: made anew": 1, "its text was changed since: made anew": 1,
			"the same beside different texts: made anew": 2},
	}
}

const dumped = `select coalesce(string_agg(n.nspname || '.' || c.relname || c.relkind::text || coalesce(c.relacl::text, '') || c.relrowsecurity, e'\n' order by n.nspname, c.relname), '')
	from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'`

func TestADryRunReportsTheSameAndChangesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	before := p.text(dumped)
	dry, err := p.adopt(true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, p.text(dumped)); diff != "" || len(p.files.stored) > 0 {
		t.Errorf("the dry run changed the database, or stored %d files:\n%s", len(p.files.stored), diff)
	}
	done, err := p.adopt(false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want(), done); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
	if dry.DryRun = false; !cmp.Equal(done, dry) {
		t.Errorf("the dry run promised another report:\n%s", cmp.Diff(done, dry))
	}
	var shown bytes.Buffer
	if err := done.Write(&shown); err != nil || strings.Contains(shown.String(), "policy ") {
		t.Errorf("%v:\n%s", err, shown.String())
	}
}

func TestWhatIsAdoptedPassesOurOwnGuards(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if _, err := p.adopt(false); err != nil {
		t.Fatal(err)
	}
	const where = `select string_agg(substr(document_id::text, 35) || ':' || status || ':' || attempt || ':' || chunks_embedded || '/' || chunks_total, ' ' order by document_id)
		from upload_pipeline.upload_jobs join upload_pipeline.documents d using (document_id, attempt)`
	if got, want := p.text(where), "01:complete:1:2/2 02:complete:1:2/2 03:embedding_queued:1:1/2 04:embedding_queued:1:1/2 05:embedding_queued:1:1/2 "+
		"06:embedding_queued:1:1/2 07:embedding_queued:1:1/2 08:uploaded:1:0/0 09:uploaded:1:0/0 10:uploaded:1:0/0 11:uploaded:1:0/0 12:uploaded:2:0/0 "+
		"13:uploaded:1:0/0 14:uploaded:3:0/0 15:uploaded:1:0/0 16:parse_validated:1:0/0"; got != want {
		t.Errorf("the attempts:\n%s\nwant\n%s", got, want)
	}
	if got := p.text(`select string_agg(substr(document_id::text, 35) || stage || attempt, ' ' order by document_id) from planted.jobs`); got !=
		"03embed1 04embed1 05embed1 06embed1 07embed1 08parse1 09parse1 10parse1 11parse1 12parse2 13parse1 14parse3 15parse1 16chunk1" {
		t.Errorf("the jobs: %s", got)
	}
	for what, sql := range map[string]string{
		"first events of today": `select count(*)::text from upload_pipeline.events where was is null and attempt = 1 and at > now() - interval '24 hours'`,
		"moves dated back":      `select count(*)::text from upload_pipeline.events where was is not null and at < now() - interval '24 hours'`,
		"secrets copied": `select ((select count(*) from upload_pipeline.upload_jobs j where j::text like '%planted-secret%')
			+ (select count(*) from upload_pipeline.events j where j::text like '%planted-secret%'))::text`,
		"vectors changed on the way": `select count(*)::text from upload_pipeline.document_chunks c join upload_pipeline_legacy.document_chunks o
			on o.document_id = c.document_id and o.chunk_ord = c.ordinal where c.embedding operator(extensions.<>) o.embedding`,
		"notes of keys left":     `select count(*)::text from upload_pipeline.storage_intents`,
		"keys that are not ours": `select count(*)::text from upload_pipeline.documents where storage_key <> user_id || '/' || document_id || '/original.pdf'`,
	} {
		if got := p.text(sql); got != "0" {
			t.Errorf("%s: %s", what, got)
		}
	}
	if len(p.files.stored) != 16 {
		t.Errorf("%d files are stored, want 16", len(p.files.stored))
	}
}

func TestTheOldSchemaIsClosedAndTheRunbooksWayBackOpensItAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const open = `select coalesce(string_agg(x, e'\n' order by x), '') from (
		select policyname || tablename || roles::text || cmd || coalesce(qual, '') as x from pg_policies where schemaname = 'upload_pipeline'
		union all select 'anon or authenticated may ' || privilege_type || ' ' || table_name || grantee from information_schema.role_table_grants
			where table_schema = 'upload_pipeline' and grantee in ('anon', 'authenticated', 'service_role')) t`
	before := p.text(open)
	if _, err := p.adopt(false); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"anon", "authenticated", "service_role"} {
		if p.text(`select has_schema_privilege($1, 'upload_pipeline_legacy', 'usage')::text`, role) != "false" ||
			p.text(`select has_table_privilege($1, 'upload_pipeline_legacy.upload_jobs', 'select')::text`, role) != "false" {
			t.Errorf("%s reads the old schema", role)
		}
	}
	page, err := os.ReadFile("../../docs/adopt.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "<!-- back -->\n```sql\n")
	back, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("docs/adopt.md tells no way back")
	}
	p.must(back)
	if diff := cmp.Diff(before, p.text(open)); diff != "" {
		t.Errorf("the way back leads elsewhere:\n%s", diff)
	}
	p.files.stored = map[string]core.ID{}
	if again, err := p.adopt(true); err != nil || again.Already != 0 {
		t.Errorf("after it: %+v, %v", again, err)
	}
}

// However often and wherever it breaks, running it again ends in the same.
func TestABrokenRunIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	cut, calls := errors.New("cut"), 0
	p.files.broken = func(step string) error {
		calls++
		if calls%7 == 0 { // every seventh call of the outside, whatever it is
			return core.Fail(core.CodeStorageUnavailable, fmt.Errorf("%s: %w", step, cut))
		}
		return nil
	}
	var last legacy.Report
	err, runs := cut, 0
	for ; err != nil && runs < 50; runs++ {
		if last, err = p.adopt(false); err != nil && !errors.Is(err, cut) {
			t.Fatal(err)
		}
	}
	if runs < 3 || err != nil {
		t.Fatalf("%d runs, %v", runs, err)
	}
	if last.Already+last.Outcomes[legacy.Left]+last.Outcomes[legacy.Parse]+last.Outcomes[legacy.Chunk]+last.Outcomes[legacy.Embed]+last.Outcomes[legacy.Complete] != 26 {
		t.Errorf("the last run counts %+v", last)
	}
	if got := p.text(`select string_agg(outcome || n, ' ' order by outcome) from (select outcome, count(*) n from upload_pipeline_legacy.adopted group by 1) t`); got !=
		"chunk1 complete2 embed5 left10 parse8" {
		t.Errorf("in all: %s", got)
	}
	if got := p.text(`select count(*)::text || ' ' || count(distinct document_id) from planted.jobs`); got != "14 14" {
		t.Errorf("jobs: %s", got)
	}
	p.files.broken = nil
	again, err := p.adopt(false)
	if err != nil || again.Already != 16 || again.Outcomes[legacy.Left] != 10 {
		t.Errorf("once more: %+v, %v", again, err)
	}
}

// A crash between the move and our migrations leaves a database that either
// command takes up.
func TestACrashBehindTheMoveIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(`alter schema upload_pipeline rename to upload_pipeline_legacy`)
	dry, err := p.adopt(true)
	if err != nil {
		t.Fatal(err)
	}
	done, err := p.adopt(false)
	if err != nil {
		t.Fatal(err)
	}
	if dry.DryRun = false; !cmp.Equal(want(), done) || !cmp.Equal(done, dry) {
		t.Errorf("done (-want +got):\n%s\ndry:\n%s", cmp.Diff(want(), done), cmp.Diff(done, dry))
	}
}

// What its owner deletes after the adoption does not come back.
func TestADeletedDocumentIsNotAdoptedAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if _, err := p.adopt(false); err != nil {
		t.Fatal(err)
	}
	p.must(`update upload_pipeline.upload_jobs set status = 'deleting' where document_id::text like '%01'`)
	again, err := p.adopt(false)
	if err != nil || again.Already != 16 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

func TestWhatCannotEndWellIsRefusedBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"both names taken":     {`create schema upload_pipeline_legacy; create table upload_pipeline_legacy.documents (id int)`, "both hold old tables"},
		"another's tables":     {`alter table upload_pipeline.upload_jobs drop column status`, "they lack upload_jobs.status"},
		"pgvector elsewhere":   {`alter extension vector set schema public`, "alter extension vector set schema extensions"},
		"nothing there at all": {`drop schema upload_pipeline cascade`, "nothing to adopt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.must(c.sql)
			before := p.text(dumped)
			for _, dry := range []bool{true, false} {
				if _, err := p.adopt(dry); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("it answers %v, want %q", err, c.want)
				}
			}
			if diff := cmp.Diff(before, p.text(dumped)); diff != "" {
				t.Errorf("the refusal changed the database:\n%s", diff)
			}
		})
	}
}
