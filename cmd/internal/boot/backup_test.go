package boot_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// safe is the place of a world's backups, with their key.
type safe struct {
	dir, key string
	more     []string // further settings
}

func newSafe(t testing.TB) safe {
	key, err := vault.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return safe{dir: t.TempDir(), key: key}
}

func (s safe) environ(w *world) []string {
	return append(append(w.environ(), "MIGRATE_DATABASE_URL="+w.db.OwnerURL(), "BACKUP_DIR="+s.dir, "BACKUP_KEY="+s.key), s.more...)
}

func (s safe) open(w *world) *boot.Backup {
	w.t.Helper()
	hand, err := boot.OpenBackup(w.t.Context(), s.environ(w), "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(hand.Close)
	return hand
}

func (s safe) backup(w *world) vault.Manifest {
	w.t.Helper()
	m, err := s.open(w).Create(w.t.Context())
	if err != nil {
		w.t.Fatalf("backup: %v", err)
	}
	return m
}

func (s safe) vault(w *world) *vault.Vault {
	w.t.Helper()
	archive, err := boot.OpenArchive(w.t.Context(), s.environ(w), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return archive
}

func (s safe) restore(w *world, id string) (boot.Restored, error) {
	w.t.Helper()
	hand, err := boot.OpenRestore(w.t.Context(), s.environ(w), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return hand.Run(w.t.Context(), id, boot.Look{Options: audit.Options{Late: time.Hour, Orphan: time.Hour, Deep: true}})
}

// elsewhere is an empty place for the same deployment: another database without
// any schema, and another storage. The outside is the same.
func (w *world) elsewhere() *world {
	w.t.Helper()
	return w.elsewhereAt(dbtest.New(w.t, nil))
}

// elsewhereAt is elsewhere, with a database that there is.
func (w *world) elsewhereAt(at *dbtest.DB) *world {
	w.t.Helper()
	there := &world{t: w.t, db: at, llama: w.llama, openai: w.openai, relay: w.relay, logs: w.logs, config: w.config, run: w.run}
	var err error
	if there.supa, err = supabasetest.New(supabasetest.Options{}); err != nil {
		w.t.Fatal(err)
	}
	there.config.DatabaseURL, there.config.WorkerDatabaseURL = boot.Secret(there.db.URL("inav_app")), boot.Secret(there.db.URL("inav_worker"))
	there.config.SupabaseURL = w.serve(there.supa)
	there.direct = there.config
	w.t.Cleanup(func() { there.halt(); there.verify() })
	return there
}

// A disaster: the database and the storage are lost, and an old backup comes
// back elsewhere. Documents are there with the same answers, work goes on, what
// was deleted since stays deleted, and nobody is signed in.
func TestRestoreElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newSafe(t)
	w.archives()
	w.start(boot.API)
	w.start(boot.Worker)
	w.start(boot.Webhook)
	ada, bob := w.person("ada"), w.person("bob")
	whole, doomed := ada.taken("card.pdf", corpus.MemberCard().Bytes), ada.taken("letter.pdf", corpus.DenialLetter().Bytes)
	ada.completes(whole)
	ada.completes(doomed)
	w.idle()
	w.halt()
	w.start(boot.API)
	waiting, ended := ada.taken("filler.pdf", corpus.Filler(2, 7).Bytes), ada.taken("other.pdf", corpus.Filler(1, 8).Bytes)
	w.exec(`update upload_pipeline.upload_jobs set status = 'cancelled' where document_id = $1`, ended)
	// A hold of then does not bring back what was deleted once it was lifted.
	w.exec(`insert into upload_pipeline.holds (document_id, user_id, reason, operator) select $1, user_id, 'case-7', 'ann'
		from upload_pipeline.documents where document_id = $1`, doomed)
	if moved, err := w.keeper().Move(t.Context(), idOf(t, whole), core.Cold, core.Audit{Operator: "ann"}); !moved || err != nil {
		t.Fatalf("to the archive: %t (%v)", moved, err)
	}
	first := s.backup(w)
	w.exec(`update upload_pipeline.holds set lifted_at = clock_timestamp(), lifted_by = 'ann'`)
	if status := w.call(http.MethodDelete, w.api+"/documents/"+doomed, ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("deleting answered %d", status)
	}
	if status := w.call(http.MethodDelete, w.api+"/auth/user", bob.token, map[string]string{"current_password": "quiet-heron-lantern-bob"}, nil); status != http.StatusNoContent {
		t.Fatalf("closing an account answered %d", status)
	}
	answers := ada.search("member id", 5)
	late := ada.taken("late.pdf", corpus.Filler(1, 9).Bytes)
	second := s.backup(w)
	if first.Copied != 4 || second.Copied != 1 || second.Files != 4 || second.Tombstones != 2 || first.Lost+second.Lost != 0 {
		t.Errorf("the first backup copied %d of %d, the second %d of %d with %d tombstones", first.Copied, first.Files, second.Copied, second.Files, second.Tombstones)
	}
	vectors := w.text(`select md5(string_agg(embedding::text, ',' order by chunk_id)) from upload_pipeline.document_chunks where document_id = $1`, whole)
	w.halt()
	w.damages() // its last jobs are left

	there := w.elsewhere()
	there.config.Archive = boot.Defaults().Archive
	if _, err := s.restore(there, first.ID); err == nil || !strings.Contains(err.Error(), "ARCHIVE_BUCKET") {
		t.Errorf("a restore without the archive: %v", err)
	}
	there.config.Archive = w.config.Archive
	done, err := s.restore(there, first.ID)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if len(done.Violations) != 0 || done.Again != 1 || done.Files != 3 || done.Revived != 2 || done.Closed != 1 || len(done.Held) != 0 {
		t.Errorf("restored %+v", done)
	}
	if _, err := s.restore(there, first.ID); err == nil || !strings.Contains(err.Error(), "upload_pipeline.documents") {
		t.Errorf("a restore over what is there: %v", err)
	}
	there.start(boot.API)
	login := map[string]string{"email": "bob@example.com", "password": "quiet-heron-lantern-bob"}
	if status := there.call(http.MethodPost, there.api+"/auth/login", "", login, nil); status != http.StatusUnauthorized {
		t.Errorf("a closed account signs in after the restore: %d", status)
	}
	if status, _ := (person{there, ada.token}).status(whole); status != http.StatusUnauthorized {
		t.Errorf("a token of before answered %d", status)
	}
	there.start(boot.Worker)
	there.start(boot.Webhook)
	again := person{there, there.signIn("ada")}
	again.completes(whole)
	again.completes(waiting)
	there.idle()
	if last := again.end(ended); last.Status != core.Cancelled {
		t.Errorf("what was cancelled is %s", last.Status)
	}
	for _, id := range []string{doomed, late} {
		if status, _ := again.status(id); status != http.StatusNotFound {
			t.Errorf("document %s answered %d", id, status)
		}
		if n := there.count(`select (select count(*) from upload_pipeline.documents where document_id = $1)
			+ (select count(*) from upload_pipeline.document_pages where document_id = $1)
			+ (select count(*) from upload_pipeline.document_chunks where document_id = $1)`, id); n != 0 {
			t.Errorf("of document %s %d rows are there", id, n)
		}
	}
	there.lie("restored", 2, 1)
	again.readsFile("/documents/"+whole+"/file", corpus.MemberCard().Bytes)
	if diff := cmp.Diff(answers, slices.DeleteFunc(again.search("member id", 5), func(p passage) bool { return p.DocumentID == waiting })); diff != "" {
		t.Errorf("search answers otherwise (-before +after):\n%s", diff)
	}
	if now := there.text(`select md5(string_agg(embedding::text, ',' order by chunk_id)) from upload_pipeline.document_chunks where document_id = $1`, whole); now != vectors {
		t.Error("the vectors are not the same")
	}
}

// After the provider brought the database back to a point in time, the storage
// is newer: what was deleted since is deleted again, for the same reason, and
// work goes on. What was deleted after the last tombstones is named, for its file
// is gone, and its owner deletes it again.
func TestReconcileAfterAPointInTime(t *testing.T) {
	t.Parallel()
	w, s, ada := guarded(t)
	doomed, waiting := ada.taken("card.pdf", corpus.MemberCard().Bytes), ada.taken("filler.pdf", corpus.Filler(1, 7).Bytes)
	untold := ada.taken("untold.pdf", corpus.Filler(1, 8).Bytes)
	w.exec(`create table extensions.then as select * from upload_pipeline.upload_jobs`)
	w.exec(`update upload_pipeline.upload_jobs set status = 'deleting' where document_id = $1`, doomed)
	w.exec(`update upload_pipeline.deletions set reason = 'retention'`)
	if total, added, err := s.open(w).Tombstones(t.Context()); total != 1 || added != 1 || err != nil {
		t.Fatalf("tombstones: %d, %d new, %v", total, added, err)
	}
	if total, added, err := s.open(w).Tombstones(t.Context()); total != 1 || added != 0 || err != nil {
		t.Errorf("tombstones again: %d, %d new, %v", total, added, err)
	}
	w.supa.Lose(w.config.Bucket(), w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, untold)) // by its purge
	w.halt()
	// Back in time: as if the deletion and all jobs had never been.
	for _, sql := range []string{
		`alter table upload_pipeline.upload_jobs disable trigger user`, `alter table upload_pipeline.events disable trigger user`,
		`update upload_pipeline.upload_jobs j set status = t.status from extensions.then t where t.job_id = j.job_id`,
		`update upload_pipeline.documents set removed_at = null`, `delete from upload_pipeline.events where status = 'deleting'`, `delete from upload_pipeline.deletions`,
		`alter table upload_pipeline.upload_jobs enable trigger user`, `alter table upload_pipeline.events enable trigger user`,
		`delete from river.river_job`, `drop table extensions.then`,
	} {
		w.exec(sql)
	}
	hand, err := boot.OpenRestore(w.t.Context(), s.environ(w), "")
	if err != nil {
		t.Fatal(err)
	}
	done, err := hand.Reconcile(t.Context(), boot.Look{Options: audit.Options{Late: time.Hour, Orphan: time.Hour}})
	if err != nil || done.Again != 1 || done.Revived != 2 || len(done.Violations) != 1 || done.Violations[0].Rule != audit.FileMissing ||
		done.Violations[0].Document.String() != untold {
		t.Errorf("reconciled %+v, %v", done, err)
	}
	if reason := w.text(`select reason from upload_pipeline.deletions where document_id = $1`, doomed); reason != "retention" {
		t.Errorf("the document is deleted again for another reason: %s", reason)
	}
	w.start(boot.API)
	if status := w.call(http.MethodDelete, w.api+"/documents/"+untold, ada.token, nil, nil); status != http.StatusAccepted {
		t.Errorf("deleting it once more answered %d", status)
	}
	w.start(boot.Worker)
	w.start(boot.Webhook)
	ada.completes(waiting)
	w.idle()
	if status, _ := ada.status(doomed); status != http.StatusNotFound {
		t.Errorf("the deleted document answered %d", status)
	}
}

// chunksFlag is how large the drill's database is.
var chunksFlag = flag.Int("chunks", smallDrill, "chunks of the drill of a backup; make drill has 10,000")

// fills makes complete documents of 50 chunks with a vector each, and a file in
// the bucket, which is there.
func (w *world) fills(chunks int) {
	w.t.Helper()
	conn := w.db.SuperConn()
	file := corpus.MemberCard().Bytes
	sum := sha256.Sum256(file)
	for _, sql := range []string{
		`set session_replication_role = replica`,
		`set search_path = extensions, public`,
		`insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, attempt)
			select md5('d' || n)::uuid, md5('u' || n)::uuid, 'f.pdf', 'application/pdf', ` + strconv.Itoa(len(file)) + `, '\x` + hex.EncodeToString(sum[:]) + `',
				md5('u' || n)::uuid || '/' || md5('d' || n)::uuid || '/original.pdf', 1, 1 from generate_series(1, ` + strconv.Itoa(chunks/50) + `) n`,
		`insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, chunks_total)
			select gen_random_uuid(), document_id, user_id, 1, 'complete', 50 from upload_pipeline.documents`,
		`insert into upload_pipeline.document_chunks (chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to, token_count,
				content_sha256, chunker, embedding, embed_model, embedded_at)
			select gen_random_uuid(), document_id, user_id, n, repeat('the plan pays after the deductible is met ' || n || ' ', 40), '{Benefits}', 1, 1, 400,
				sha256(n::text::bytea), 'c', l2_normalize((select array_agg(random() + i * 0 + n * 0) from generate_series(1, 1536) i)::vector), 'm', now()
			from upload_pipeline.documents, generate_series(0, 49) n`,
	} {
		if _, err := conn.Exec(w.t.Context(), sql); err != nil {
			w.t.Fatal(err)
		}
	}
	rows, err := conn.Query(w.t.Context(), `select storage_key from upload_pipeline.documents`)
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	for _, key := range keys {
		w.put(key, file)
	}
}

// How fast a backup and its return are; the figures are printed and not judged.
func TestBackupFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.damages() // rows of no pipeline
	s := newSafe(t)
	if err := w.bucket(w.config.Bucket()).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.fills(*chunksFlag)
	began := time.Now()
	m := s.backup(w)
	first := time.Since(began)
	began = time.Now()
	again := s.backup(w)
	second := time.Since(began)
	there := w.elsewhere()
	there.damages()
	done, err := s.restore(there, "latest")
	if err != nil || done.Rows != again.Rows() || m.Files != *chunksFlag/50 || done.Files != m.Files || m.Copied != m.Files || again.Copied != 0 {
		t.Fatalf("restored %+v of %+v, %v", done, again, err)
	}
	megabytes := float64(m.Bytes()+m.FileBytes) / 1e6
	t.Logf("%d chunks, %d files, %.1f MB", *chunksFlag, m.Files, megabytes)
	t.Logf("backup: %s (%.1f MB/s), the next one: %s", first, megabytes/first.Seconds(), second)
	t.Logf("restore: rows in %s (%.0f rows/s), files in %s, the whole with its check in %s (%.1f MB/s)", done.LoadTime,
		float64(done.Rows)/done.LoadTime.Seconds(), done.FileTime, done.Whole, megabytes/done.Whole.Seconds())
	t.Logf("in 15 minutes at this rate: %.0f chunks", 900/done.Whole.Seconds()*float64(*chunksFlag))
}

// deadly stands before a storage and kills a process at a call, before it is
// answered.
type deadly struct {
	to     http.Handler
	method string
	at     int64
	seen   atomic.Int64
	victim *os.Process
	known  chan struct{} // closed when the victim is known
}

func (d *deadly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	<-d.known
	if r.Method == d.method && strings.Contains(r.URL.Path, "/original.pdf") && d.seen.Add(1) == d.at {
		_ = d.victim.Kill()
		panic(http.ErrAbortHandler) // nobody is there to be answered
	}
	d.to.ServeHTTP(w, r)
}

// killedAt runs the tool and kills it at the n-th such call of the storage.
func (o *tool) killedAt(storage http.Handler, method string, n int64, environ []string, args ...string) {
	o.w.t.Helper()
	d := &deadly{to: storage, method: method, at: n, known: make(chan struct{})}
	server := httptest.NewServer(d)
	defer server.Close()
	cmd := exec.CommandContext(o.w.t.Context(), o.bin, args...) //nolint:gosec // the tool that was built
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = append(slices.Clone(environ), "SUPABASE_URL="+server.URL), &said
	if err := cmd.Start(); err != nil {
		o.w.t.Fatal(err)
	}
	d.victim = cmd.Process
	close(d.known)
	if err := cmd.Wait(); err == nil || d.seen.Load() < n {
		o.w.t.Fatalf("%v ended by itself: %v %s", args, err, said.String())
	}
}

// Killed in the middle, a backup is none, and a restore can be run again.
func TestBackupAndRestoreKilled(t *testing.T) {
	t.Parallel()
	w, s, ada := guarded(t)
	for seed := range uint64(8) {
		ada.taken("filler.pdf", corpus.Filler(1, seed+1).Bytes)
	}
	w.halt()
	o := built(w)
	o.killedAt(w.supa, http.MethodGet, 8, s.environ(w), "backup", "create")
	if all, broken, err := s.vault(w).List(t.Context()); len(all)+len(broken) != 0 || err != nil {
		t.Fatalf("after a kill there are %d backups, %v, %v", len(all), broken, err)
	}
	m := s.backup(w)
	if done, err := s.vault(w).Check(t.Context(), m); err != nil || done.Parts < 9 {
		t.Errorf("check: %+v, %v", done, err)
	}
	there := w.elsewhere()
	o.killedAt(there.supa, http.MethodPost, 8, s.environ(there), "restore")
	done, err := s.restore(there, "latest")
	if err != nil || done.Files != 8 || done.Revived != 8 || len(done.Violations) != 0 {
		t.Errorf("restored after a kill: %+v, %v", done, err)
	}
}

// guarded is a world that takes uploads of ada's, and a place for its backups.
func guarded(t *testing.T) (*world, safe, person) {
	t.Helper()
	w, s := newWorld(t), newSafe(t)
	w.start(boot.API)
	return w, s, w.person("ada")
}

// What is wrong with an archive or a place is refused before anything is there.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	w, s, ada := guarded(t)
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	m := s.backup(w)
	w.halt()
	there := w.elsewhere()
	there.damages() // nothing is restored
	refuses := func(about string, as safe, want string) {
		t.Helper()
		if _, err := as.restore(there, "latest"); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), as.key) {
			t.Errorf("%s: %v, wanted %q", about, err, want)
		}
	}
	refuses("another key", safe{dir: s.dir, key: newSafe(t).key}, "BACKUP_KEY")
	refuses("an empty archive", safe{dir: t.TempDir(), key: s.key}, "missing from the archive")
	copies, err := filepath.Glob(filepath.Join(s.dir, "objects", id[len(id)-2:], id+"-*.age"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies of the file: %v, %v", copies, err)
	}
	file := copies[0]
	pages := filepath.Join(s.dir, "backups", m.ID, "tables", "upload_pipeline.events.age")
	for _, path := range []string{file, pages} {
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(was)
		flipped[len(flipped)-3] ^= 1
		for about, bad := range map[string][]byte{"flipped": flipped, "cut": was[:len(was)-16], "grown": append(bytes.Clone(was), 0)} {
			s.write(t, path, bad)
			refuses(about, s, "damaged")
			if _, err := s.vault(w).Check(t.Context(), m); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("check of %s: %v", about, err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refuses("missing", s, "missing from the archive")
		s.write(t, path, was)
	}
	if n := there.count(`select count(*) from upload_pipeline.documents`); n != 0 {
		t.Errorf("%d documents are there", n)
	}
	there.put("somebody/else/original.pdf", []byte("%PDF-"))
	refuses("a storage in use", s, "somebody/else/original.pdf")
}

func (s safe) write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// For a person: every command of an operator, and what it says.
func TestBackupAtTheTerminal(t *testing.T) {
	t.Parallel()
	w, s, ada := guarded(t)
	lost := ada.taken("ada lovelace.pdf", corpus.MemberCard().Bytes)
	w.halt()
	o := built(w)
	o.environ = s.environ(w)
	says := func(want int, word string, args ...string) {
		t.Helper()
		code, out, errs := o.piped(args...)
		if code != want || !strings.Contains(out+errs, word) || strings.Contains(out+errs, "lovelace") || strings.Contains(out+errs, s.key) {
			t.Errorf("%v ended with %d: %s%s", args, code, out, errs)
		}
	}
	says(0, "AGE-SECRET-KEY-1", "backup", "key")
	says(0, "1 files (1 copied", "backup", "create")
	says(0, "1 files (0 copied", "backup", "create")
	says(0, "is whole", "backup", "check")
	says(0, "SCHEMA", "backup", "list")
	says(0, "0 tombstones", "backup", "tombstones")
	says(2, "7 at least", "backup", "prune", "--keep-days", "1")
	says(0, "0 backups removed", "backup", "prune")
	says(1, "is not empty", "restore")
	key := w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, lost)
	if err := w.bucket(w.config.Bucket()).Delete(context.Background(), key); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "objects")); err != nil {
		t.Fatal(err)
	}
	says(1, "1 files are not in it", "backup", "create")
	w.damages()
}
