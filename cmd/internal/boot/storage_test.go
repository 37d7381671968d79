package boot_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// refused starts the service and returns why it would not.
func (w *world) refused(service boot.Service) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	err := boot.Run(ctx, w.config, service, slog.New(slog.NewJSONHandler(io.Discard, nil)), func(boot.Addresses) { cancel() })
	if err == nil {
		w.t.Fatal("it started")
	}
	return err.Error()
}

func TestL019_L023_StorageRefusesAndNoRowIsMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada := w.person("ada")
	for name, fault := range map[string]supabasetest.Failure{"500": supabasetest.ServerError, "denied": supabasetest.Denied,
		"half written": supabasetest.HalfWritten, "gone at once": supabasetest.Vanish, "reset": supabasetest.Reset, "not JSON": supabasetest.NotJSON} {
		w.supa.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: fault})
		status, answer := ada.upload("card.pdf", corpus.MemberCard().Bytes)
		w.supa.Mend()
		if status != http.StatusServiceUnavailable || answer.DocumentID != "" || answer.Code == "" {
			t.Errorf("%s: the upload answered %d %+v, want 503 with a code and no document", name, status, answer)
		}
		if n := w.count(`select count(*) from upload_pipeline.documents`) + w.count(`select count(*) from river.river_job where kind = 'parse'`); n != 0 {
			t.Errorf("%s: %d rows were made", name, n)
		}
	}
	ada.taken("card.pdf", corpus.MemberCard().Bytes) // nothing that failed stands in the way
}

// The file was stored and the answer was lost: what may lie there is looked for
// and removed, the client is told to come again, and its repetition makes one
// document with one object.
func TestL019_AStoredFileWhoseAnswerWasLostIsNotDoubled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada, key := w.person("ada"), core.NewID().String()
	kind, body := form(t, "card.pdf", corpus.MemberCard().Bytes)
	send := func() keyedReply {
		t.Helper()
		got, err := w.try(key, http.MethodPost, "/upload-document-backend", ada.token, kind, body)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := w.supa.Count(supabasetest.OpUpload)
	w.supa.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: supabasetest.LostAnswer, Times: 1})
	if got := send(); got.status != http.StatusServiceUnavailable || got.text("code") != string(core.CodeStorageUnavailable) {
		t.Errorf("the upload whose answer was lost: %d %s", got.status, got.text("code"))
	}
	if n := len(w.supa.Objects(w.config.Bucket())); n != 0 {
		t.Errorf("%d objects lie there without a row", n)
	}
	taken := send()
	if again := send(); taken.status >= http.StatusMultipleChoices || again.status != taken.status || again.text("document_id") != taken.text("document_id") {
		t.Errorf("repeated: %d %s, once more: %d %s", taken.status, taken.text("document_id"), again.status, again.text("document_id"))
	}
	if n := w.supa.Count(supabasetest.OpUpload) - before; n != 2 {
		t.Errorf("%d files were sent to the storage", n)
	}
	objects := w.supa.Objects(w.config.Bucket())
	stored := w.text(`select string_agg(storage_key, ' ') from upload_pipeline.documents`)
	if len(objects) != 1 || objects[0].Key != stored {
		t.Errorf("stored are %v, and the documents have %s", objects, stored)
	}
}

// Killed between the object and its row: the sweep removes the object once it
// is old, and leaves the young and the owned alone.
func TestL019_AnOrphanedObjectIsSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.SweepEvery, w.config.SweepAge = time.Second, time.Hour
	w.config.ParsePolls = []time.Duration{time.Second} // no webhook runs here
	w.start(boot.API)
	ada := w.person("ada")
	kept := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	user := w.text(`select user_id::text from upload_pipeline.documents where document_id = $1`, kept)
	key := func(id core.ID) string { return user + "/" + id.String() + "/original.pdf" }
	old, young := key(core.NewID()), key(core.NewID())
	for _, k := range []string{old, young} {
		w.put(k, []byte("%PDF-orphan"))
	}
	w.exec(`insert into upload_pipeline.storage_intents (storage_key, user_id, created_at) values ($1, $3, now() - interval '2 hours'), ($2, $3, now()),
		((select storage_key from upload_pipeline.documents where document_id = $4), $3, now() - interval '2 hours')`, old, young, user, kept)
	w.start(boot.Worker)
	w.until("the orphan to be swept", func() bool { _, there := w.supa.Bytes(w.config.Bucket(), old); return !there })
	for _, k := range []string{young, w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, kept)} {
		if _, there := w.supa.Bytes(w.config.Bucket(), k); !there {
			t.Errorf("the sweep removed an object that is no orphan")
		}
	}
	ada.completes(kept)
}

// What lies in the storage is compared with the database, both ways: an old
// file of a deleted document and one that never had a document are removed, a
// young one and a foreign one stay, and a file that is missing is told.
func TestTheStorageIsScrubbedBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.damages()
	w.start(boot.Dev)
	ada := w.person("ada")
	kept, gone := ada.taken("card.pdf", corpus.MemberCard().Bytes), ada.taken("summary.pdf", corpus.Summary().Bytes)
	ada.completes(kept)
	ada.completes(gone)
	keyOf := func(id string) string {
		return w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, id)
	}
	left, missing := keyOf(gone), keyOf(kept)
	if status := w.call(http.MethodDelete, w.api+"/documents/"+gone, ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("the delete answered %d", status)
	}
	w.until("the document to be gone", func() bool { status, _ := ada.status(gone); return status == http.StatusNotFound })
	stray := core.NewID().String() + "/" + core.NewID().String() + "/original.pdf"
	for _, key := range []string{left, stray, "not/ours.pdf"} { // a late Put, a lost row, somebody else's
		w.put(key, []byte("%PDF-stray"))
	}
	there := func() (keys []string) {
		for _, key := range []string{missing, left, stray, "not/ours.pdf"} {
			if _, ok := w.supa.Bytes(w.config.Bucket(), key); ok {
				keys = append(keys, key)
			}
		}
		return keys
	}
	w.scrub(time.Hour, time.Hour)
	if diff := cmp.Diff([]string{missing, left, stray, "not/ours.pdf"}, there()); diff != "" {
		t.Errorf("young files went:\n%s", diff)
	}
	w.scrub(0, time.Hour)
	if diff := cmp.Diff([]string{missing, stray, "not/ours.pdf"}, there()); diff != "" {
		t.Errorf("after the deleted document's file is old:\n%s", diff)
	}
	w.supa.Lose(w.config.Bucket(), missing)
	told := w.scrub(0, 0)
	if diff := cmp.Diff([]string{"not/ours.pdf"}, there()); diff != "" {
		t.Errorf("after all is old:\n%s", diff)
	}
	if !strings.Contains(told, "file_missing") || !strings.Contains(told, kept) || strings.Contains(told, "not/ours") {
		t.Errorf("told: %s", told)
	}
	if _, s := ada.status(kept); s.Status != core.Complete {
		t.Errorf("the document without its file is %s: it is to be told and left", s.Status)
	}
}

func TestL029_FM012_APublicKeyInPlaceOfTheServiceKeyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.damages()
	w.config.SupabaseService = supabasetest.DefaultPublishableKey
	why := w.refused(boot.API)
	if !strings.Contains(why, "SUPABASE_SERVICE_ROLE_KEY") || strings.Contains(why, supabasetest.DefaultPublishableKey) {
		t.Errorf("the refusal says %q", why)
	}
}

func TestP007_P011_FM012b_AMissingPolicyIsNamedAtStart(t *testing.T) {
	t.Parallel()
	for op, word := range map[supabasetest.Op]string{supabasetest.OpUpload: "writ", supabasetest.OpDownload: "read", supabasetest.OpDelete: "delet"} {
		w := newWorld(t)
		w.supa.Break(supabasetest.Fault{Op: op, Do: supabasetest.NoPolicy})
		if why := w.refused(boot.Worker); !strings.Contains(strings.ToLower(why), word) {
			t.Errorf("without the policy for %s the start says %q, want it to name %q", op, why, word)
		}
	}
}

func TestFM024_TheBucketIsMadeAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.StorageEnv = "never-seen"
	w.start(boot.Dev)
	ada := w.person("ada")
	ada.completes(ada.taken("card.pdf", corpus.MemberCard().Bytes))
	if n := len(w.supa.Objects("documents-never-seen")); n != 1 {
		t.Errorf("the bucket set's own bucket holds %d objects, want the document", n)
	}
}

// Bytes stay bytes: what was uploaded lies under the stored key, unchanged.
func TestFM025_FM027_FM031_TheStoredBytesAreTheUploadedOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	content := append(bytes.Clone(corpus.MemberCard().Bytes), "\n% \xff\xfe\x80\x00 not UTF-8\r\n%%EOF\n"...)
	id := ada.taken("k\xff\u00e4rte.pdf", content)
	ada.completes(id)
	key := w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, id)
	stored, there := w.supa.Bytes(w.config.Bucket(), key)
	if !there || !bytes.Equal(stored, content) {
		t.Errorf("under the row's key lie %d bytes (there: %t), uploaded were %d", len(stored), there, len(content))
	}
}

// The stored file is lost or another one before it is parsed: the stage fails
// loudly, and nothing else is parsed in its place.
func TestL013_L020_P017_P011b_ALostOrChangedFileFailsLoudly(t *testing.T) {
	t.Parallel()
	spoil := map[string]func(w *world, key string){
		string(core.CodeFileMissing): func(w *world, key string) { w.supa.Lose(w.config.Bucket(), key) },
		string(core.CodeFileChanged): func(w *world, key string) {
			if err := w.supa.Overwrite(w.config.Bucket(), key, corpus.DenialLetter().Bytes); err != nil {
				w.t.Fatal(err)
			}
		},
	}
	for code, how := range spoil {
		w := newWorld(t)
		w.start(boot.API)
		ada := w.person("ada")
		id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
		w.damages()
		how(w, w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, id))
		w.start(boot.Worker)
		last := ada.end(id)
		if last.Status != core.FailedParse || last.LastError == nil || last.LastError.Code != code || last.LastError.Advice == "" {
			t.Errorf("%s: ended in %s with %+v", code, last.Status, last.LastError)
		}
		if n := w.count(`select count(*) from upload_pipeline.document_pages`); n != 0 {
			t.Errorf("%s: %d pages of something else were kept", code, n)
		}
		if jobs := w.llama.Ledger().Jobs; len(jobs) != 0 {
			t.Errorf("%s: the parser was given a job: %v", code, jobs)
		}
	}
}

func (w *world) text(sql string, args ...any) (s string) {
	w.t.Helper()
	conn := w.db.SuperConn()
	defer conn.Close(w.t.Context()) //nolint:errcheck // nothing is pending
	if err := conn.QueryRow(w.t.Context(), sql, args...).Scan(&s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	conn := w.db.SuperConn()
	defer conn.Close(w.t.Context()) //nolint:errcheck // nothing is pending
	if _, err := conn.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// put writes an object as the API does, with the production adapter.
func (w *world) put(key string, content []byte) {
	w.t.Helper()
	if err := w.bucket(w.config.Bucket()).Put(w.t.Context(), key, bytes.NewReader(content), int64(len(content)), "application/pdf"); err != nil {
		w.t.Fatal(err)
	}
}

// bucket is a bucket of the world's storage.
func (w *world) bucket(name string) *supabase.Storage {
	w.t.Helper()
	store, err := supabase.NewStorage(supabase.Config{URL: w.config.SupabaseURL, ServiceKey: w.config.SupabaseService.Reveal(), Bucket: name})
	if err != nil {
		w.t.Fatal(err)
	}
	return store
}

// The key stands in the row and is never computed again: a file that was moved
// with its row is found, by the line and by its owner.
func TestFM027_TheKeyIsReadFromTheRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.ParsePolls = []time.Duration{time.Second} // no webhook runs here
	w.start(boot.API)
	ada := w.person("ada")
	content := corpus.MemberCard().Bytes
	id := ada.taken("card.pdf", content)
	moved := "elsewhere/" + id + "/original.pdf"
	w.put(moved, content)
	w.supa.Lose(w.config.Bucket(), w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, id))
	w.exec(`update upload_pipeline.documents set storage_key = $2 where document_id = $1`, id, moved)
	w.start(boot.Worker)
	ada.completes(id)
	if status := w.call(http.MethodGet, w.api+"/documents/"+id+"/file", ada.token, nil, nil); status != http.StatusOK {
		t.Errorf("the owner's file answered %d", status)
	}
}

// scrub runs one round and gives what it told.
func (w *world) scrub(left, lost time.Duration) string {
	w.t.Helper()
	var told strings.Builder
	if err := boot.Scrub(w.t.Context(), w.config, left, lost, slog.New(slog.NewTextHandler(&told, nil))); err != nil {
		w.t.Fatal(err)
	}
	return told.String()
}
