package main

import (
	"bytes"
	"context"
	crypto "crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// living stands where the living services would, at addresses that the
// environment names; nothing else of the run is another than in a deployment.
type living struct {
	db     *dbtest.DB
	llama  *llamaparsetest.Server
	openai *openaitest.Server
	supa   *supabasetest.Server
	place  *place
	stores func(*http.Request) // sees what is asked of the storage, before that does
}

func newLiving(t *testing.T) *living {
	t.Helper()
	l := &living{db: dbtest.New(t, db.Schemas{}), place: newPlace(t)}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	engine, err := pdftext.Load(t.Context(), pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	counter, err := tiktoken.New()
	if err != nil {
		t.Fatal(err)
	}
	l.llama = llamaparsetest.New(llamaparsetest.Options{Extractor: engine, Key: "llx-test", AllowLoopback: true, Delay: time.Millisecond})
	t.Cleanup(l.llama.Close)
	if l.openai, err = openaitest.New(openaitest.Options{Counter: counter, Key: "sk-test"}); err != nil {
		t.Fatal(err)
	}
	if l.supa, err = supabasetest.New(supabasetest.Options{}); err != nil {
		t.Fatal(err)
	}
	l.place.environ = l.environ(t)
	return l
}

func at(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func (l *living) environ(t *testing.T) []string {
	t.Helper()
	pem, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"DATABASE_URL=" + l.db.URL("inav_app"), "WORKER_DATABASE_URL=" + l.db.URL("inav_worker"), "DATABASE_MAX_CONNS=4",
		"LLAMAPARSE_API_KEY=llx-test", "LLAMAPARSE_API_URL=" + at(t, l.llama),
		"OPENAI_API_KEY=sk-test", "OPENAI_API_URL=" + at(t, l.openai) + "/v1",
		"SUPABASE_URL=" + at(t, http.HandlerFunc(l.store)), "SUPABASE_SERVICE_ROLE_KEY=" + supabasetest.DefaultSecretKey,
		"AUTH_SIGNING_KEY=" + pem, "WEBHOOK_MASTER_KEY=" + crypto.Text() + crypto.Text(), "SPOOL_DIR=" + t.TempDir(),
		"PARSE_POLLS=100ms", "RECONCILE_EVERY=1s", "PDFIUM_WASM=" + pdftext.DefaultPath(), // so that a test waits less
	}
}

func (l *living) store(w http.ResponseWriter, r *http.Request) {
	if l.stores != nil {
		l.stores(r)
	}
	l.supa.ServeHTTP(w, r)
}

// untouched fails the test when anything was asked of the services.
func (l *living) untouched(t *testing.T) {
	t.Helper()
	if n := len(l.llama.Ledger().Requests) + l.openai.Ledger().Requests + len(l.supa.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

// clean fails the test when anything of the document is left.
func (l *living) clean(t *testing.T) {
	t.Helper()
	if ledger := l.llama.Ledger(); ledger.Held != 0 {
		t.Errorf("the parser holds %d files", ledger.Held)
	}
	if objects := l.supa.Objects("documents-local"); len(objects) != 0 {
		t.Errorf("the storage holds %v", objects)
	}
	for _, table := range []string{"documents", "upload_jobs", "document_chunks", "document_pages"} {
		var n int
		if err := l.db.SuperConn().QueryRow(t.Context(), "select count(*) from upload_pipeline."+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s holds %d rows, %v", table, n, err)
		}
	}
}

func wants(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%s is not in\n%s", pattern, text)
		}
	}
}

// The cost is shown before, about as much is then asked for, every status has
// its time, and nothing is left of the document anywhere.
func TestSmokeGoesTheWholeWayAndLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newLiving(t)
	got := l.place.run(t, "smoke", "--yes", "--pages", "2")
	if got.code != exitFine {
		t.Fatalf("it ends with %d:\n%s%s", got.code, got.out, got.err)
	}
	wants(t, got.out, `2 pages x 3 credits x \$0\.00125 \(price list of 2026-08-20\)`, `\$0\.007500  LlamaParse`,
		`text-embedding-3-small: about \d+ tokens x \$0\.02 a million \(price list of 2026-08-21\)`, `in all, once, about`,
		`poll only, for WEBHOOK_URL is empty`, `(?m)^embedding_in_progress +\d+\.\d{3}$`, `s  complete\n`, `pages: 2, chunks: \d`,
		`found by a sentence of page 2`, `deleted:  the parser's copies, the file and all rows`)
	told, err := strconv.Atoi(regexp.MustCompile(`about (\d+) tokens`).FindStringSubmatch(got.out)[1])
	if paid := l.openai.Ledger().Tokens; err != nil || paid > told || paid < told/2 {
		t.Errorf("about %d tokens were announced, %d are paid for", told, paid)
	}
	if jobs := len(l.llama.Ledger().Jobs); jobs != 1 {
		t.Errorf("%d jobs were started", jobs)
	}
	l.clean(t)
}

// With an address for callbacks the webhook server is started there, too.
func TestSmokeTakesTheCallback(t *testing.T) {
	t.Parallel()
	l := newLiving(t)
	port := freePort(t)
	l.place.environ = append(l.place.environ, fmt.Sprintf("WEBHOOK_PORT=%d", port), fmt.Sprintf("WEBHOOK_URL=http://127.0.0.1:%d", port),
		"PARSE_POLLS=1h") // none but a callback can bring the result
	got := l.place.run(t, "smoke", "--yes", "--pages", "1")
	if got.code != exitFine {
		t.Fatalf("it ends with %d:\n%s%s", got.code, got.out, got.err)
	}
	wants(t, got.out, `results:  by callback to http://127\.0\.0\.1:`+strconv.Itoa(port), `s  complete\n`)
	if deliveries := l.llama.Ledger().Deliveries; len(deliveries) != 1 || deliveries[0].Status != http.StatusOK {
		t.Errorf("deliveries: %+v", deliveries)
	}
	l.clean(t)
}

// freePort is a port that nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it is to be free
	return listener.Addr().(*net.TCPAddr).Port
}

// A document that fails is named with its reason, and removed as well.
func TestSmokeTellsWhyAndCleansUp(t *testing.T) {
	t.Parallel()
	l := newLiving(t)
	l.llama.Faults.FailWith("PDF_IS_BROKEN")
	got := l.place.run(t, "smoke", "--yes", "--pages", "1")
	if got.code != exitFailed {
		t.Fatalf("it ends with %d:\n%s%s", got.code, got.out, got.err)
	}
	wants(t, got.out, `deleted:  the parser's copies`)
	wants(t, got.err, `ended as failed_parse: `, `the services' log is `)
	if path := regexp.MustCompile(`log is (\S+)`).FindStringSubmatch(got.err); path != nil {
		if text, err := os.ReadFile(path[1]); err != nil || len(text) == 0 || os.Remove(path[1]) != nil {
			t.Errorf("the log has %d bytes, %v", len(text), err)
		}
	}
	l.clean(t)
}

// Ctrl-C in the midst removes the document, too: while the parser has it, and
// while the upload is not answered yet.
func TestSmokeCleansUpWhenInterrupted(t *testing.T) {
	t.Parallel()
	for when, moment := range map[string]func(l *living, interrupt func()){
		"the parser has it": func(l *living, interrupt func()) {
			go func() {
				_ = l.llama.Await(t.Context(), func(ledger llamaparsetest.Ledger) bool { return len(ledger.Jobs) == 1 })
				interrupt()
			}()
		},
		"its file is being stored": func(l *living, interrupt func()) {
			l.stores = func(r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/original.pdf") {
					interrupt()
				}
			}
		},
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			l := newLiving(t)
			l.llama.Faults.Hold()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			moment(l, interrupt)
			var out, errs bytes.Buffer
			w := world{in: strings.NewReader(""), out: &out, err: &errs, environ: l.place.environ, dir: l.place.dir, config: l.place.config}
			if code := run(ctx, []string{"smoke", "--yes", "--pages", "1"}, w); code != exitInterrupted {
				t.Fatalf("it ends with %d:\n%s%s", code, out.String(), errs.String())
			}
			wants(t, out.String(), `deleted:  the parser's copies`)
			if path := regexp.MustCompile(`log is (\S+)`).FindStringSubmatch(errs.String()); path != nil {
				_ = os.Remove(path[1])
			}
			l.clean(t)
		})
	}
}

// Without --yes, where nobody can be asked, the price is all there is.
func TestSmokeAsksBeforeItPays(t *testing.T) {
	t.Parallel()
	l := newLiving(t)
	got := l.place.run(t, "smoke")
	if got.code != exitFailed || !strings.Contains(got.out, "in all, once, about") || !strings.Contains(got.err, "nothing was started or sent") {
		t.Errorf("it ends with %d:\n%s%s", got.code, got.out, got.err)
	}
	l.untouched(t)
}

// What is missing is named, all of it, and nothing is started.
func TestSmokeNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	got := p.run(t, "smoke", "--yes")
	want := ran{code: exitFailed, err: `the settings of the services are not whole; nothing was started or sent:
  AUTH_SIGNING_KEY is missing
  DATABASE_URL is missing
  LLAMAPARSE_API_KEY is missing
  OPENAI_API_KEY is missing
  SUPABASE_SERVICE_ROLE_KEY is missing
  SUPABASE_URL is missing
  WEBHOOK_MASTER_KEY: at least 32 characters, for example from: openssl rand -hex 32
`}
	got.like(t, want)
	l := newLiving(t)
	l.place.environ = append(l.place.environ, "OPENAI_API_KEY=")
	if got := l.place.run(t, "smoke", "--yes"); got.code != exitFailed || !strings.Contains(got.err, "  OPENAI_API_KEY is missing\n") || got.out != "" {
		t.Errorf("it ends with %d:\n%s%s", got.code, got.out, got.err)
	}
	l.place.environ = append(l.place.environ, "OPENAI_API_KEY=sk-test", "AUTH_PROVIDER=supabase", "SUPABASE_ANON_KEY="+supabasetest.DefaultPublishableKey)
	if got := l.place.run(t, "smoke", "--yes"); got.code != exitFailed || !strings.Contains(got.err, "--email and NAVIGATOR_PASSWORD") {
		t.Errorf("it ends with %d:\n%s%s", got.code, got.out, got.err)
	}
	l.untouched(t)
}
