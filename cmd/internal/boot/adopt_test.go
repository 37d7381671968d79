package boot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/filestore"
	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/ports"
)

// oldWorld is a world whose database and storage are the predecessor's.
func oldWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.db = dbtest.New(t, nil)                                    // the roles were made with the first
	t.Cleanup(func() { w.halt(); w.verify(); w.damaged = true }) // before it is dropped
	w.config.DatabaseURL, w.config.WorkerDatabaseURL = boot.Secret(w.db.URL("inav_app")), boot.Secret(w.db.URL("inav_worker"))
	w.config.MigrateDatabaseURL = boot.Secret(w.db.OwnerURL())
	w.direct = w.config
	w.config.AuthProvider, w.config.SupabaseAnon = "supabase", supabasetest.DefaultPublishableKey
	w.exec(`create schema auth`)
	w.exec(`create function auth.uid() returns uuid language sql stable as
		'select (nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''sub'')::uuid'`)
	w.exec(`grant usage on schema auth to inav_app, authenticated, service_role, anon`)
	text, err := os.ReadFile("../../../db/legacy/testdata/predecessor.sql")
	if err != nil {
		t.Fatal(err)
	}
	w.exec(string(text))
	return w
}

// oldPerson has an account at Supabase since before.
func (w *world) oldPerson(name string) (p person, id string) {
	w.t.Helper()
	body := strings.NewReader(`{"email":"` + name + `@example.com","password":"quiet-heron-lantern-` + name + `"}`)
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.config.SupabaseURL+"/auth/v1/signup", body)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Apikey", supabasetest.DefaultPublishableKey)
	request.Header.Set("Content-Type", "application/json")
	var session struct {
		AccessToken string `json:"access_token"`
		User        struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	if status := w.send(request, "", &session); status != http.StatusOK || session.AccessToken == "" {
		w.t.Fatalf("sign-up answered %d", status)
	}
	w.exec(`insert into auth.users (id) values ($1)`, session.User.ID)
	return person{w, session.AccessToken}, session.User.ID
}

// plant stores a document as the predecessor did; vectors are those of texts,
// and a nil one is a placeholder of zeros.
func (w *world) plant(n int, user string, file []byte, texts []string, vectors [][]float32) (id string) {
	w.t.Helper()
	old := w.oldBucket()
	raw, parsed := "user/"+user+"/raw/0000000"+string(rune('0'+n))+".pdf", "user/"+user+"/parsed/0000000"+string(rune('0'+n))+".md"
	text := strings.Join(texts, "\n")
	err := errors.Join(old.Prepare(w.t.Context()), old.Put(w.t.Context(), raw, bytes.NewReader(file), int64(len(file)), "application/pdf"),
		old.Put(w.t.Context(), parsed, strings.NewReader(text), int64(len(text)), "text/markdown"))
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	id = w.text(`select planted.document($1, $2, $3, $4, 'complete')::text`, n, user, "files/"+raw, "storage://files/"+parsed)
	w.exec(`update upload_pipeline.documents set file_sha256 = $2 where document_id = $1`, id, hex.EncodeToString(sum[:]))
	for i, chunk := range texts {
		vector := make([]float32, core.Dimensions)
		if vectors[i] != nil {
			vector = vectors[i]
		}
		w.exec(`select planted.chunk($1, $2, $3, $4::text::extensions.vector)`, id, i, chunk, pgvector.NewVector(vector).String())
	}
	return id
}

// oldBucket is the predecessor's own, in the storage that is configured.
func (w *world) oldBucket() ports.Blobs {
	w.t.Helper()
	var old ports.Blobs
	var err error
	if w.config.StorageProvider == "filestore" {
		old, err = filestore.Open(filestore.Config{Dir: filepath.Join(w.config.FilestoreDir, "files"), MaxSize: 1 << 20, Types: []string{"application/pdf", "text/markdown"}})
	} else {
		old, err = supabase.NewStorage(supabase.Config{URL: w.config.SupabaseURL, ServiceKey: supabasetest.DefaultSecretKey, Bucket: "files"})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return old
}

// made is the vectors that the predecessor's embedder gave for texts.
func (w *world) made(texts []string) [][]float32 {
	w.t.Helper()
	embedder, err := openai.New(openai.Config{BaseURL: w.config.OpenAIURL, Key: "sk-test", Model: w.config.OpenAIModel, InFlight: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := embedder.Embed(w.t.Context(), texts)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, vector := range made.Vectors {
		made.Vectors[i] = dense(vector)
	}
	return made.Vectors
}

// parsedAs is a document's text as the predecessor stored it, in chunks: page
// after page, with blank lines between the blocks, and no word of where a page
// ends. at is the first page of each chunk.
func parsedAs(doc corpus.Document) (texts []string, at []int) {
	var before corpus.Block
	for i, block := range doc.Blocks {
		if i%7 == 0 { // a chunk of its own begins anywhere
			texts, at = append(texts, ""), append(at, block.Page)
		}
		if block.Header != nil && (before.Header == nil || before.Page != block.Page) {
			texts[len(texts)-1] += "| " + strings.Join(block.Header, " | ") + " |\n\n"
		}
		for level, heading := range block.Path {
			if level >= len(before.Path) || before.Path[level] != heading {
				texts[len(texts)-1] += "# " + heading + "\n\n"
			}
		}
		texts[len(texts)-1] += block.Markdown() + "\n\n"
		before = block
	}
	return texts, at
}

// dense is a vector near the fake's, with no more zeros than a model's has.
func dense(sparse []float32) []float32 {
	vector, norm := make([]float32, len(sparse)), 0.0
	for i, x := range sparse {
		vector[i] = x + float32(math.Sin(float64(i)))/1000
		norm += float64(vector[i]) * float64(vector[i])
	}
	for i := range vector {
		vector[i] /= float32(math.Sqrt(norm))
	}
	return vector
}

func (w *world) adopt(dry bool) string {
	w.t.Helper()
	var report bytes.Buffer
	if err := boot.AdoptWith(w.t.Context(), w.config, dry, &report); err != nil {
		w.t.Fatalf("%v\n%s", err, report.String())
	}
	return report.String()
}

func TestAnAdoptedDatabaseServesWhatItHeldAndEndsWhatItLeftUndone(t *testing.T) {
	t.Parallel()
	w := oldWorld(t)
	ada, user := w.oldPerson("ada")
	bob, _ := w.oldPerson("bob")
	texts := []string{"Member Identification Card", "Member: Jordan Avery. Member ID: NWM-4471-0093. Group number: 88214."}
	whole := w.plant(1, user, corpus.MemberCard().Bytes, texts, w.made(texts))
	zeros := w.plant(2, user, corpus.Filler(1, 7).Bytes, []string{"Dental plan.", "A crown is covered once in five years."}, [][]float32{nil, nil})
	policy := corpus.Policy()
	again := w.plant(3, user, policy.Bytes, []string{"Half of it."}, [][]float32{nil})

	if err := db.Migrate(t.Context(), w.db.OwnerURL()); !errors.Is(err, db.ErrForeign) || !strings.Contains(err.Error(), "migrate adopt") {
		t.Fatalf("migrate answers %v", err)
	}
	promised := w.adopt(true)
	if objects := w.supa.Objects(w.config.Bucket()); len(objects) != 0 {
		t.Errorf("the dry run stored %d objects", len(objects))
	}
	if done := w.adopt(false); "dry run: nothing was changed\n"+done != promised {
		t.Errorf("promised\n%sdone\n%s", promised, done)
	}
	w.start(boot.Dev)
	if status, now := ada.status(whole); status != http.StatusOK || now.Status != core.Complete || now.Pages != 1 || now.Chunks.Done != 2 {
		t.Errorf("the whole one: %d %+v", status, now)
	}
	if found := ada.search("what is my member id", 1); len(found) != 1 || found[0].DocumentID != whole || found[0].PageFrom != 1 {
		t.Errorf("the search found %+v", found)
	}
	if now := ada.completes(zeros); now.Chunks.Done != 2 || now.Attempt != 1 {
		t.Errorf("the one without vectors: %+v", now)
	}
	if found := ada.search("how often is a crown covered", 1); len(found) != 1 || found[0].DocumentID != zeros {
		t.Errorf("the search found %+v", found)
	}
	if now := ada.completes(again); now.Pages != policy.Pages || now.Attempt != 1 {
		t.Errorf("the one that was read again: %+v", now)
	}
	if status, _ := bob.status(whole); status != http.StatusNotFound {
		t.Errorf("another is answered %d", status)
	}
	if status, problem := ada.upload("card.pdf", corpus.MemberCard().Bytes); status != http.StatusConflict || problem.DocumentID != whole {
		t.Errorf("the same file again: %d %+v", status, problem)
	}
	if status := w.call(http.MethodDelete, w.api+"/documents/"+whole, ada.token, nil, nil); status >= 300 {
		t.Errorf("deleting it answered %d", status)
	}
	w.until("the purge", func() bool {
		return w.count(`select count(*) from upload_pipeline.documents where document_id = $1`, whole) == 0
	})
	if n := len(w.supa.Objects("files")); n != 6 {
		t.Errorf("%d objects are left in the old bucket, want all 6", n)
	}
	w.adopt(false)
	if n := w.count(`select count(*) from upload_pipeline.documents where document_id = $1`, whole); n != 0 {
		t.Error("what was deleted was adopted again")
	}
}

// Of a file of several pages each page is found again in the parsed text: the
// chunks and the vectors are taken over with the pages they stand on, from the
// old bucket of either storage, and nothing is paid for again.
func TestADocumentOfManyPagesIsAdoptedWithItsVectors(t *testing.T) {
	t.Parallel()
	for _, storage := range []string{"supabase", "filestore"} {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			w := oldWorld(t)
			w.damages() // it stops before the round that gives the unread document its job
			w.config.StorageProvider, w.config.FilestoreDir = storage, t.TempDir()
			ada, user := w.oldPerson("ada")
			doc := corpus.Policy()
			texts, at := parsedAs(doc)
			id := w.plant(1, user, doc.Bytes, texts, w.made(texts))
			short := w.plant(2, user, corpus.Filler(3, 9).Bytes, texts, w.made(texts)) // another file's text proves no page
			paid := w.openai.Ledger().Tokens
			if report := w.adopt(false); !regexp.MustCompile(`documents +complete +1\n`).MatchString(report) || !strings.Contains(report, "pages cannot be proven") {
				t.Fatalf("the report is\n%s", report)
			}
			if w.count(`select count(*) from upload_pipeline.upload_jobs where document_id = $1 and status = 'uploaded'`, short) != 1 {
				t.Error("the other one is not read again")
			}
			w.exec(`delete from river.river_job`) // that one is not this test's
			w.start(boot.Dev)
			if _, now := ada.status(id); now.Status != core.Complete || now.Pages != doc.Pages || now.Chunks.Done != len(texts) {
				t.Errorf("it stands at %+v", now)
			}
			for i := range texts {
				if n := w.count(`select page_from from upload_pipeline.document_chunks where document_id = $1 and ordinal = $2`, id, i); n != at[i] {
					t.Errorf("chunk %d begins on page %d, want %d", i, n, at[i])
				}
			}
			if now := w.openai.Ledger().Tokens; now != paid {
				t.Errorf("%d tokens were paid for again", now-paid)
			}
			if n := w.count(`select count(*) from upload_pipeline.document_pages where document_id = $1`, id); n != doc.Pages {
				t.Errorf("%d pages are kept, of %d", n, doc.Pages)
			}
		})
	}
}

// A storage that fails in the midst stops the run; the next one ends it.
func TestAnAdoptionIsTakenUpWhereTheStorageFailed(t *testing.T) {
	t.Parallel()
	w := oldWorld(t)
	_, user := w.oldPerson("ada")
	for n := range 3 {
		w.plant(n, user, corpus.Filler(1, uint64(n)).Bytes, []string{"Plan", "Copay"}, [][]float32{nil, nil}) //nolint:gosec // small
	}
	key := w.text(`select substr(raw_path, 7) from upload_pipeline.documents where document_id::text like '%02'`)
	content, _ := w.supa.Bytes("files", key)
	var files atomic.Int64
	whole := w.config.SupabaseURL
	w.config.SupabaseURL = w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/original.pdf") && files.Add(1) > 2 {
			http.Error(rw, "away", http.StatusServiceUnavailable)
			return
		}
		w.supa.ServeHTTP(rw, r)
	}))
	var report bytes.Buffer
	if err := boot.AdoptWith(t.Context(), w.config, false, &report); err == nil || !strings.Contains(err.Error(), "run it again") || strings.Contains(err.Error(), user) {
		t.Fatalf("it answers %v", err)
	}
	if n := w.count(`select count(*) from upload_pipeline.documents`); n != 2 {
		t.Errorf("%d documents are adopted before the storage failed, want 2", n)
	}
	w.config.SupabaseURL = whole
	w.adopt(false)
	if n := w.count(`select count(*) from upload_pipeline.documents`); n != 3 {
		t.Errorf("%d documents are adopted, want 3", n)
	}
	stored, there := w.supa.Bytes(w.config.Bucket(), w.text(`select storage_key from upload_pipeline.documents where document_id::text like '%02'`))
	if !there || !bytes.Equal(stored, content) {
		t.Error("its copy has other bytes")
	}
}
