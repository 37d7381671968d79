package boot_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// What every world shares: PDFium compiled once, the token counter, one key.
var (
	engine  *pdftext.Engine
	counter *tiktoken.Counter
	pem     string
)

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func prepare(m *testing.M) (int, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	engine, err = pdftext.Load(context.Background(), pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		return 1, err
	}
	if counter, err = tiktoken.New(); err != nil {
		return 1, err
	}
	if pem, err = localauth.GenerateKey(); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// world is the whole product with its own database and its own outside.
type world struct {
	t      testing.TB
	config boot.Config
	direct boot.Config // as newWorld made it: nothing lies before its database
	db     *dbtest.DB
	llama  *llamaparsetest.Server
	openai *openaitest.Server
	supa   *supabasetest.Server
	relay  *relay // stands before the webhook, as the network does
	logs   *logBuffer

	api, hook string
	admin     string
	stop      func() error
	damaged   bool // the test breaks an invariant by hand

	run func(context.Context, boot.Config, boot.Service, *slog.Logger, func(boot.Addresses)) error // boot.Run, unless a benchmark has another
}

// relay forwards callbacks to the webhook server once there is one.
type relay struct {
	target atomic.Pointer[url.URL]
	seen   atomic.Int64
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.seen.Add(1)
	target := r.target.Load()
	if target == nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}).ServeHTTP(w, req)
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newWorld prepares everything and starts nothing.
func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldAt(t, dbtest.New(t, db.Schemas{}))
}

// newWorldAt is a world over a database that there is.
func newWorldAt(t testing.TB, at *dbtest.DB) *world {
	t.Helper()
	w := &world{t: t, db: at, relay: &relay{}, logs: &logBuffer{}, run: boot.Run}
	w.llama = llamaparsetest.New(llamaparsetest.Options{Extractor: engine, Key: "llx-test", AllowLoopback: true,
		Delay: 20 * time.Millisecond, RetryWaits: []time.Duration{20 * time.Millisecond, 40 * time.Millisecond}})
	t.Cleanup(w.llama.Close)
	var err error
	if w.openai, err = openaitest.New(openaitest.Options{Counter: counter, Key: "sk-test"}); err != nil {
		t.Fatal(err)
	}
	if w.supa, err = supabasetest.New(supabasetest.Options{}); err != nil {
		t.Fatal(err)
	}
	w.config = w.settings()
	w.direct = w.config
	t.Cleanup(func() { w.halt(); w.verify(); w.report() })
	return w
}

func (w *world) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	return server.URL
}

func (w *world) settings() boot.Config {
	c := boot.Defaults()
	c.DatabaseURL, c.WorkerDatabaseURL = boot.Secret(w.db.URL("inav_app")), boot.Secret(w.db.URL("inav_worker"))
	c.Port, c.WebhookPort, c.WorkerPort, c.SpoolDir = 0, 0, 0, w.t.TempDir()
	c.MailDir = w.t.TempDir()
	c.SigningKey, c.WebhookKey = boot.Secret(pem), boot.Secret(rand.Text()+rand.Text())
	c.LlamaURL, c.LlamaKey, c.LlamaRate, c.LlamaJobs = w.serve(w.llama), "llx-test", 0, 0
	c.OpenAIRequests, c.OpenAITokens = 0, 0
	c.OpenAIURL, c.OpenAIKey = w.serve(w.openai)+"/v1", "sk-test"
	c.SupabaseURL, c.SupabaseService = w.serve(w.supa), supabasetest.DefaultSecretKey
	c.WebhookURL = w.serve(w.relay)
	c.MaxConns, c.SoftStop, c.DrainNotice = 8, 5*time.Second, 0
	c.RateFactor, c.UploadsPerDay = 1000, 0 // a test is one impatient user
	c.ReconcileEvery = time.Second
	return c
}

// start runs a service until halt, and is where it listens.
func (w *world) start(service boot.Service) (at boot.Addresses) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan boot.Addresses, 1), make(chan error, 1)
	log := slog.New(slog.NewJSONHandler(w.logs, nil))
	go func() {
		ended <- w.run(ctx, w.config, service, log, func(a boot.Addresses) { ready <- a })
	}()
	select {
	case at = <-ready:
		w.arrive(at)
	case err := <-ended:
		cancel()
		w.t.Fatalf("%s did not start: %v", service, err)
	}
	before := w.stop
	w.stop = func() error {
		cancel()
		err := <-ended
		if before != nil {
			err = joined(err, before())
		}
		return err
	}
	return at
}

func joined(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (w *world) arrive(a boot.Addresses) {
	if a.API != "" {
		w.api = a.API
	}
	if a.Admin != "" {
		w.admin = a.Admin
	}
	if a.Webhook != "" {
		w.hook = a.Webhook
		target, err := url.Parse(a.Webhook)
		if err != nil {
			w.t.Fatal(err)
		}
		w.relay.target.Store(target)
	}
}

// halt stops whatever runs; it fails the test when the stop is not orderly.
func (w *world) halt() {
	if w.stop == nil {
		return
	}
	if err := w.stop(); err != nil {
		w.t.Errorf("the stop was not orderly: %v", err)
	}
	w.stop = nil
}

func (w *world) report() {
	if w.t.Failed() {
		w.t.Logf("the log:\n%s", w.logs)
	}
}

// person is a signed-in user of a world.
type person struct {
	w     *world
	token string
}

func (w *world) person(name string) person {
	w.t.Helper()
	var session struct {
		AccessToken string `json:"access_token"`
	}
	status := w.call(http.MethodPost, w.api+"/auth/signup", "", map[string]string{"email": name + "@example.com",
		"password": "quiet-heron-lantern-" + name, "consent_version": "1", "consent_timestamp": "2026-01-01T00:00:00Z"}, &session)
	if status != http.StatusCreated || session.AccessToken == "" {
		w.t.Fatalf("sign-up answered %d", status)
	}
	return person{w, session.AccessToken}
}

// signIn is a new access token of somebody who has an account.
func (w *world) signIn(name string) string {
	w.t.Helper()
	var session struct {
		AccessToken string `json:"access_token"`
	}
	status := w.call(http.MethodPost, w.api+"/auth/login", "", map[string]string{"email": name + "@example.com",
		"password": "quiet-heron-lantern-" + name}, &session)
	if status != http.StatusOK {
		w.t.Fatalf("sign-in answered %d", status)
	}
	return session.AccessToken
}

// call sends JSON and reads JSON; it returns the status.
func (w *world) call(method, address, token string, body, answer any) int {
	w.t.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, address, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return w.send(request, token, answer)
}

func (w *world) send(request *http.Request, token string, answer any) int {
	w.t.Helper()
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, problem := answer.(*accepted); !problem && response.StatusCode >= 300 {
		answer = nil
	}
	if answer != nil && len(text) > 0 {
		if err := json.Unmarshal(text, answer); err != nil {
			w.t.Fatalf("%s %s answered %d with %q", request.Method, request.URL.Path, response.StatusCode, text)
		}
	}
	return response.StatusCode
}

// accepted is the answer to an upload, good or bad.
type accepted struct {
	DocumentID string `json:"document_id"`
	JobID      string `json:"job_id"`
	Code       string `json:"code"`
	Detail     string `json:"detail"`
}

func (p person) upload(name string, content []byte) (int, accepted) {
	p.w.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("file", name)
	if err != nil {
		p.w.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = writer.WriteField("policy_id", "POL-1")
	_ = writer.Close()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.w.api+"/upload-document-backend", &form)
	if err != nil {
		p.w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	var answer accepted
	return p.w.send(request, p.token, &answer), answer
}

// taken uploads what must be accepted.
func (p person) taken(name string, content []byte) string {
	p.w.t.Helper()
	status, answer := p.upload(name, content)
	if status != http.StatusOK || answer.DocumentID == "" || answer.JobID == "" {
		p.w.t.Fatalf("upload of %s answered %d %+v", name, status, answer)
	}
	return answer.DocumentID
}

// standing is the status route's answer.
type standing struct {
	DocumentID  string           `json:"document_id"`
	Status      core.Status      `json:"status"`
	Attempt     int              `json:"attempt"`
	Progress    int              `json:"progress"`
	Pages       int              `json:"pages"`
	Parser      string           `json:"parser"`
	Standby     bool             `json:"standby"`
	FailedPages []int            `json:"failed_pages"`
	Timings     map[string]int64 `json:"timings"`
	Chunks      struct {
		Done  int `json:"done"`
		Total int `json:"total"`
	} `json:"chunks"`
	LastError *struct {
		Code   string `json:"code"`
		Advice string `json:"advice"`
		Page   int    `json:"page"`
	} `json:"last_error"`
}

func (p person) status(id string) (int, standing) {
	p.w.t.Helper()
	var answer standing
	return p.w.call(http.MethodGet, p.w.api+"/documents/"+id+"/status", p.token, nil, &answer), answer
}

// patience bounds every wait of a test; nothing is asserted about time.
const patience = 60 * time.Second

// until asks again until ok, with the state's own change as the signal.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited %s for: %s", patience, what)
		}
		<-tick.C
	}
}

// end waits until the document's attempt has ended.
func (p person) end(id string) standing {
	p.w.t.Helper()
	var last standing
	p.w.until("document "+id+" to end", func() bool {
		status, now := p.status(id)
		if status != http.StatusOK {
			p.w.t.Fatalf("status of %s answered %d", id, status)
		}
		last = now
		return now.Status.Terminal()
	})
	return last
}

// completes waits for complete and nothing else.
func (p person) completes(id string) standing {
	p.w.t.Helper()
	last := p.end(id)
	if last.Status != core.Complete {
		p.w.t.Fatalf("document %s ended in %s: %+v", id, last.Status, last.LastError)
	}
	return last
}

// passage is one search result.
type passage struct {
	DocumentID string `json:"document_id"`
	Filename   string `json:"filename"`
	Text       string `json:"text"`
	PageFrom   int    `json:"page_from"`
	PageTo     int    `json:"page_to"`
}

func (p person) search(query string, limit int) []passage {
	p.w.t.Helper()
	var answer struct {
		Results []passage `json:"results"`
	}
	if status := p.w.call(http.MethodPost, p.w.api+"/search", p.token, map[string]any{"query": query, "limit": limit}, &answer); status != http.StatusOK {
		p.w.t.Fatalf("search answered %d", status)
	}
	return answer.Results
}

// callback sends a body to the webhook as the parser would, signed for an
// attempt; an empty secret or token leaves that header out.
func (w *world) callback(attempt, secret, token, body string) int {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.hook+"/webhook/llamaparse"+attempt, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if secret != "" {
		request.Header.Set(llamaparse.SignatureHeader, "sha256="+llamaparse.Sign(secret, []byte(body)))
	}
	if token != "" {
		request.Header.Set(llamaparse.TokenHeader, token)
	}
	return w.send(request, "", nil)
}

// secretOf is the signing secret of a document's first attempt, and the
// attempt's part of the callback address.
func (w *world) secretOf(document string) (attempt, secret string) {
	w.t.Helper()
	var job core.ID
	err := w.db.SuperConn().QueryRow(w.t.Context(), `select job_id from upload_pipeline.upload_jobs where document_id = $1 and attempt = 1`, document).Scan(&job)
	if err != nil {
		w.t.Fatal(err)
	}
	return "/" + job.String(), llamaparse.Secret([]byte(w.config.WebhookKey.Reveal()), job)
}

// idle waits until no job of the line is waiting or running.
func (w *world) idle() {
	w.t.Helper()
	w.until("the line to be idle", func() bool {
		return w.count(`select count(*) from river.river_job where kind not in ('reconcile', 'sweep', 'await')
			and state in ('available', 'running', 'retryable', 'scheduled')`) == 0
	})
}

// count runs a query for one number as the superuser.
func (w *world) count(sql string, args ...any) (n int) {
	w.t.Helper()
	conn := w.db.SuperConn()
	defer conn.Close(w.t.Context()) //nolint:errcheck // nothing is pending
	if err := conn.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}
