package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/bench/place"
	"github.com/insurance-navigator/navigator/core"
)

// world is the product's three services over a database of their own and an
// outside without latency.
type world struct {
	b   *testing.B
	db  *database
	env []string // what every service is told alike

	master []byte // that callbacks are signed under

	api   string
	token string // of the one account
}

// newWorld prepares everything and starts the API.
func newWorld(b *testing.B, text core.TextExtractor, wrap func(http.Handler) http.Handler) *world {
	b.Helper()
	w := &world{b: b, db: newDatabase(b)}
	w.settings(outside(b, text, wrap))
	return w
}

// outside serves a parser, an embedder and a storage without latency; it returns
// their addresses.
func outside(b *testing.B, text core.TextExtractor, wrap func(http.Handler) http.Handler) (parser, embedder, storage string) {
	b.Helper()
	// It takes whatever comes: with the vendor's 250 uploads in 5 s letters would wait for that.
	llama := llamaparsetest.New(llamaparsetest.Options{Extractor: text, Key: "llx-bench", AllowLoopback: true, Rates: map[string]llamaparsetest.Rate{}})
	b.Cleanup(llama.Close)
	// It shows no rates: the worker would keep to a million tokens a minute.
	vectors, err := openaitest.New(openaitest.Options{Counter: place.QuarterCounter{}, Key: "sk-bench", Blind: true, Dialect: openaitest.Dialect{NoRates: true}})
	if err != nil {
		b.Fatal(err)
	}
	files, err := supabasetest.New(supabasetest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return serve(b, llama), serve(b, vectors), serve(b, wrap(files))
}

// plain leaves the storage as it is.
func plain(h http.Handler) http.Handler { return h }

func serve(b *testing.B, h http.Handler) string {
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	return server.URL
}

func (w *world) settings(llama, embedder, storage string) {
	w.b.Helper()
	pem, err := localauth.GenerateKey()
	if err != nil {
		w.b.Fatal(err)
	}
	ports, err := place.FreePorts(1)
	if err != nil {
		w.b.Fatal(err)
	}
	hook, master := ports[0], rand.Text()+rand.Text()
	w.master = []byte(master)
	w.env = []string{
		"SERVICE_MODE=development", "PORT=0", "WORKER_PORT=0", "ADMIN_PORT=0", "WEBHOOK_PORT=" + hook, "WEBHOOK_URL=http://127.0.0.1:" + hook,
		"WEBHOOK_MASTER_KEY=" + master, "AUTH_SIGNING_KEY=" + pem, "SPOOL_DIR=" + w.b.TempDir(),
		"LLAMAPARSE_API_URL=" + llama, "LLAMAPARSE_API_KEY=llx-bench", "OPENAI_API_URL=" + embedder + "/v1", "OPENAI_API_KEY=sk-bench",
		"SUPABASE_URL=" + storage, "SUPABASE_SERVICE_ROLE_KEY=" + supabasetest.DefaultSecretKey,
		"RATE_FACTOR=1000", "UPLOADS_PER_DAY=0", // one user sends it all; the API's log says that they are raised
		"PDFIUM_WASM=" + pdftext.DefaultPath(), "LLAMAPARSE_SUBMITS_PER_SECOND=0", "LLAMAPARSE_MAX_JOBS=0", "OPENAI_REQUESTS_PER_MINUTE=0", "OPENAI_TOKENS_PER_MINUTE=0", "SOFT_STOP_TIMEOUT=5s",
	}
}

// service starts one of the services under its own login role.
func (w *world) service(name, role string) (*place.Process, place.Ready) {
	w.b.Helper()
	return start(w.b, name, binary(w.b, name), append([]string{"DATABASE_URL=" + w.db.URL(role)}, w.env...))
}

// open starts the API and makes the account.
func (w *world) open() (*place.Process, place.Ready) {
	w.b.Helper()
	p, ready := w.service("api", "inav_app")
	w.api = ready.API
	body, _ := json.Marshal(map[string]string{"email": "bench@example.com", "password": rand.Text(),
		"consent_version": "1", "consent_timestamp": "2026-01-01T00:00:00Z"})
	response, err := http.Post(w.api+"/auth/signup", "application/json", bytes.NewReader(body))
	if err != nil {
		w.b.Fatal(err)
	}
	defer response.Body.Close()
	var session struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&session); err != nil || session.Token == "" {
		w.b.Fatalf("sign-up answered %d: %v", response.StatusCode, err)
	}
	w.token = session.Token
	return p, ready
}

// work starts the webhook server and then the worker; the event is the latter's.
func (w *world) work() (worker *place.Process, ready place.Ready) {
	w.b.Helper()
	w.service("webhook", "inav_worker")
	return w.service("worker", "inav_worker")
}

// uploadAll uploads every document of the material, a few at once.
func (w *world) uploadAll(m *material) {
	w.b.Helper()
	err := atOnce(8, m.documents, func(i int) error {
		file := m.file(i)
		return upload(w.b.Context(), w.uploads(), w.token, bytes.NewReader(file), int64(len(file)))
	})
	if err != nil {
		w.b.Fatal(err)
	}
}

func (w *world) uploads() string { return w.api + "/upload-document-backend" }

// atOnce calls work for 0 to n-1, so many at once, and joins their errors.
func atOnce(limit, n int, work func(i int) error) error {
	var group sync.WaitGroup
	errs, next := make([]error, n), make(chan int)
	for range limit {
		group.Go(func() {
			for i := range next {
				errs[i] = work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	return errors.Join(errs...)
}

// upload sends one file as a browser does, with its length stated.
func upload(ctx context.Context, address, token string, file io.Reader, size int64) error {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	if _, err := form.CreateFormFile("file", "policy.pdf"); err != nil {
		return err
	}
	head := bytes.Clone(frame.Bytes())
	frame.Reset()
	if err := form.Close(); err != nil {
		return err
	}
	body := io.MultiReader(bytes.NewReader(head), file, &frame)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return err
	}
	request.ContentLength = int64(len(head)) + size + int64(frame.Len())
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Authorization", "Bearer "+token)
	return accepted(http.DefaultClient, request)
}

// accepted sends a request; any answer but 200 is an error.
func accepted(client *http.Client, request *http.Request) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d: %s", request.URL.Path, response.StatusCode, text)
	}
	return err
}
