package faulttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/internal/pgproxy"
	"github.com/insurance-navigator/navigator/core/audit"
)

// database is where a world keeps its rows.
type database interface {
	URL(role string) string
	SuperURL() string
}

// world is the whole product, each service a program of its own, with its own
// database and its own outside.
type world struct {
	t     *testing.T
	db    database
	watch *watch
	storm *storm

	llama  *llamaparsetest.Server
	openai *openaitest.Server
	supa   *supabasetest.Server

	master    string
	callbacks atomic.Pointer[url.URL] // the webhook's present address
	callback  string                  // the address that the parser is told
	extra     map[string]string       // settings of this world alone
	addresses map[string]string       // of the outside services

	mu        sync.Mutex
	processes []*process
	proxies   []*pgproxy.Proxy
	restarts  sync.WaitGroup
	faults    []error
	api       string
	admins    map[string]string // the operators' ports, by service
}

func newWorld(t *testing.T, db database) *world {
	t.Helper()
	w := &world{t: t, db: db, watch: newWatch(), storm: &storm{over: true}, admins: map[string]string{}, master: rand.Text() + rand.Text()}
	w.watch.fire = w.crash
	w.llama = llamaparsetest.New(llamaparsetest.Options{Extractor: shared.engine, Key: "llx-test", AllowLoopback: true,
		Delay: 100 * time.Millisecond, RetryWaits: []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}})
	t.Cleanup(w.llama.Close)
	var err error
	if w.openai, err = openaitest.New(openaitest.Options{Counter: shared.counter, Key: "sk-test"}); err != nil {
		t.Fatal(err)
	}
	if w.supa, err = supabasetest.New(supabasetest.Options{}); err != nil {
		t.Fatal(err)
	}
	w.callback = w.serve(http.HandlerFunc(w.relay))
	w.addresses = map[string]string{"llamaparse": w.outside("llamaparse", w.llama), "supabase": w.outside("supabase", w.supa), "openai": w.outside("openai", w.openai)}
	t.Cleanup(w.shut)
	return w
}

func (w *world) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	return server.URL
}

// relay stands before the webhook, as the network does.
func (w *world) relay(rw http.ResponseWriter, r *http.Request) {
	target := w.callbacks.Load()
	if target == nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the parser broke off
	}
	rw.WriteHeader(w.storm.callback(func() int { return forward(target, r, body) }))
}

// forward carries a callback to the webhook and gives its answer.
func forward(target *url.URL, r *http.Request, body []byte) int {
	quiet := func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }
	again, answer := r.Clone(r.Context()), httptest.NewRecorder()
	again.Body = io.NopCloser(bytes.NewReader(body))
	(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }, ErrorHandler: quiet}).ServeHTTP(answer, again)
	return answer.Code
}

// tables are those on a document's way.
var tables = pgproxy.Watched{
	"upload_pipeline.documents", "upload_pipeline.upload_jobs", "upload_pipeline.document_pages", "upload_pipeline.document_chunks",
	"upload_pipeline.webhook_log", "upload_pipeline.storage_intents", "upload_pipeline.idempotency_keys",
}

// databaseURL leads to the database by a proxy of the service's own.
func (w *world) databaseURL(name, role string) string {
	w.t.Helper()
	address, err := url.Parse(w.db.URL(role))
	if err != nil {
		w.t.Fatal(err)
	}
	proxy, err := pgproxy.Listen(context.Background(), address.Host, tables, func(phase pgproxy.Phase, what string) bool {
		return w.committed(name, phase, what)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.proxies = append(w.proxies, proxy)
	address.Host = proxy.Addr()
	return address.String()
}

// committed is a point of a commit, or of a fetch of documents' jobs. Rounds of
// upkeep are fetched whenever it is time, which is no step on a document's way.
func (w *world) committed(name string, phase pgproxy.Phase, what string) bool {
	switch {
	case what == "fetch upkeep":
		return true
	case !strings.HasPrefix(what, "fetch "):
		what = "commit: " + what
	}
	return w.watch.reached(name, phase, what)
}

var anyID = regexp.MustCompile(`(?:pjb-|dfl-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// outside serves a fake to every service. Each call is a point, at whose sides
// the program that calls can be killed; in a storm it meets a mishap or none.
func (w *world) outside(fake string, h http.Handler) string {
	return w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.storm.blows() {
			w.storm.call(fake, h, rw, r)
			return
		}
		name := w.owner(r.RemoteAddr)
		if name == "" { // a client of the test, which sends a file
			h.ServeHTTP(rw, r)
			return
		}
		what := fake + " " + r.Method + " " + anyID.ReplaceAllString(r.URL.Path, "{id}")
		if !w.watch.reached(name, pgproxy.Before, what) {
			panic(http.ErrAbortHandler)
		}
		held := httptest.NewRecorder()
		h.ServeHTTP(held, r)
		if !w.watch.reached(name, pgproxy.After, what) {
			panic(http.ErrAbortHandler)
		}
		for key, values := range held.Header() {
			rw.Header()[key] = values
		}
		rw.WriteHeader(held.Code)
		_, _ = rw.Write(held.Body.Bytes())
	}))
}

// settings are short times, so that what waits for one does not wait long, and
// nothing else that a deployment would not have.
func settings() map[string]string {
	s := map[string]string{
		"PORT": "0", "WEBHOOK_PORT": "0", "RATE_FACTOR": "1000", "UPLOADS_PER_DAY": "0", "WORKER_PORT": "0", "LLAMAPARSE_SUBMITS_PER_SECOND": "0",
		"LLAMAPARSE_API_KEY": "llx-test", "OPENAI_API_KEY": "sk-test", "SUPABASE_SERVICE_ROLE_KEY": supabasetest.DefaultSecretKey,
		"HEARTBEAT_EVERY": "1s", "PROCESS_DEAD_AFTER": "10s", "RESCUE_EVERY": "1s", "RESCUE_GRACE": "4s", "RESCUE_AFTER": "1m", "SOFT_STOP_TIMEOUT": "5s", "RECONCILE_EVERY": "1s", "REVIVE_AFTER": "10s", "PARSE_POLLS": "3s,5s",
		"PARSE_DEADLINE": "10m", "AWAIT_EVERY": "5s", "SWEEP_EVERY": "5s", "SWEEP_AGE": "15m", "DATABASE_MAX_CONNS": "8",
	}
	for _, stage := range []string{"PARSE", "RECEIVE", "VALIDATE", "CHUNK", "EMBED", "FINISH", "FORGET", "PURGE", "REEMBED", "ARRIVE"} {
		s["STAGE_"+stage+"_TIMEOUT"] = "8s"
	}
	return s
}

// environ is the environment of one program.
func (w *world) environ(database func(role string) string) []string {
	env := settings()
	maps.Copy(env, w.extra)
	env["AUTH_SIGNING_KEY"], env["WEBHOOK_MASTER_KEY"], env["WEBHOOK_URL"] = shared.pem, w.master, w.callback
	env["DATABASE_URL"], env["WORKER_DATABASE_URL"] = database("inav_app"), database("inav_worker")
	env["LLAMAPARSE_API_URL"], env["SUPABASE_URL"] = w.addresses["llamaparse"], w.addresses["supabase"]
	env["OPENAI_API_URL"], env["SPOOL_DIR"] = w.addresses["openai"]+"/v1", w.t.TempDir()
	for _, known := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME"} {
		if value := os.Getenv(known); value != "" {
			env[known] = value
		}
	}
	list := make([]string, 0, len(env))
	for key, value := range env {
		list = append(list, key+"="+value)
	}
	return list
}

// run starts a service, which is started anew whenever it is killed.
func (w *world) run(service, name string) *process {
	w.t.Helper()
	return w.runAt(binary(w.t, service), name)
}

// runAt is run, of the program at a path.
func (w *world) runAt(path, name string) *process {
	w.t.Helper()
	p, err := w.launch(path, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// launch is runAt for those who live with a program that does not start.
func (w *world) launch(path, name string) (*process, error) {
	env := w.environ(func(role string) string { return w.databaseURL(name, role) })
	p := &process{name: name, path: path, env: env, up: w.arrive}
	if err := p.start(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.processes = append(w.processes, p)
	w.mu.Unlock()
	w.restarts.Go(func() {
		if err := p.supervise(); err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.faults = append(w.faults, err)
		}
	})
	return p, nil
}

// arrive learns where a service listens now.
func (w *world) arrive(line ready) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if line.API != "" {
		w.api = line.API
	}
	if line.Admin != "" {
		w.admins[line.Service] = line.Admin
	}
	if target, err := url.Parse(line.Webhook); err == nil && line.Webhook != "" {
		w.callbacks.Store(target)
	}
}

func (w *world) front() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.api
}

// process finds a program by its name.
func (w *world) process(name string) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.processes {
		if p.name == name {
			return p
		}
	}
	return nil
}

// crash kills a program, which is started again by itself.
func (w *world) crash(name string) {
	if p := w.process(name); p != nil {
		p.kill()
	}
}

// exits counts the programs' ends of their own accord.
func (w *world) exits() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.processes {
		p.mu.Lock()
		n += p.exits
		p.mu.Unlock()
	}
	return n
}

// retarget leads all programs to the database where it listens now.
func (w *world) retarget(host string) {
	for _, proxy := range w.proxies {
		proxy.Retarget(host)
	}
}

// shut stops everything in order.
func (w *world) shut() {
	w.mu.Lock()
	processes := w.processes
	w.mu.Unlock()
	var all sync.WaitGroup
	for _, p := range processes {
		all.Go(func() {
			if err := p.stop(); err != nil {
				w.t.Error(err)
			}
		})
	}
	all.Wait()
	w.restarts.Wait()
	for _, proxy := range w.proxies {
		proxy.Close()
	}
	w.proxies, w.processes = nil, nil
	for _, err := range w.faults {
		w.t.Error(err)
	}
	w.faults = nil
}

// verify holds a world at rest to the invariants.
func (w *world) verify(history []audit.Act) ([]audit.Violation, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	config, err := boot.Read(w.environ(w.db.URL))
	if err != nil {
		return nil, err
	}
	hand, err := boot.NewVerify(ctx, config)
	if err != nil {
		return nil, err
	}
	defer hand.Close()
	return hand.Run(ctx, boot.Look{Options: audit.Options{Late: 5 * time.Minute, Orphan: 10 * time.Minute, Deep: true}, Grace: time.Second,
		History: history, Ledger: &audit.Ledger{ParserJobs: w.llama.Ledger().Jobs}})
}
