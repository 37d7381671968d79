package boot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// oldWorld is a world whose database and storage are the predecessor's.
func oldWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.db = dbtest.New(t, nil)                                    // the roles were made with the first
	t.Cleanup(func() { w.halt(); w.verify(); w.damaged = true }) // before it is dropped
	w.config.DatabaseURL, w.config.WorkerDatabaseURL = boot.Secret(w.db.URL("inav_app")), boot.Secret(w.db.URL("inav_worker"))
	w.config.MigrateDatabaseURL = boot.Secret(w.db.OwnerURL())
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
	old, err := supabase.NewStorage(supabase.Config{URL: w.config.SupabaseURL, ServiceKey: supabasetest.DefaultSecretKey, Bucket: "files"})
	if err != nil {
		w.t.Fatal(err)
	}
	raw, parsed := "user/"+user+"/raw/0000000"+string(rune('0'+n))+".pdf", "user/"+user+"/parsed/0000000"+string(rune('0'+n))+".md"
	text := strings.Join(texts, "\n")
	err = errors.Join(old.Prepare(w.t.Context()), old.Put(w.t.Context(), raw, bytes.NewReader(file), int64(len(file)), "application/pdf"),
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
	embedder, err := openai.New(openai.Config{BaseURL: w.config.OpenAIURL, Key: "sk-test", Model: w.config.OpenAIModel, InFlight: 1})
	if err != nil {
		t.Fatal(err)
	}
	made, err := embedder.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	whole := w.plant(1, user, corpus.MemberCard().Bytes, texts, [][]float32{dense(made.Vectors[0]), dense(made.Vectors[1])})
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
