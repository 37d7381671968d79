// Package llamaparsetest is a faithful fake of LlamaParse's v2 interface for
// tests and for development without a key: the same addresses, ids, bodies,
// statuses, error texts and signed callbacks, and the text that comes back is
// the real text of the uploaded file. Faults can be asked for one by one, and
// a ledger tells what was done. All state lives in the process.
package llamaparsetest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Clock is the time the server lives in.
type Clock interface {
	Now() time.Time
	// Wait returns after d, or with ctx's error.
	Wait(ctx context.Context, d time.Duration) error
}

// Options make a Server. Only Extractor is required.
type Options struct {
	Extractor core.TextExtractor // reads the uploaded files

	Key           string          // the one key accepted; empty accepts any
	Delay         time.Duration   // from a job's start to its end
	RetryWaits    []time.Duration // before the second and later deliveries of a callback; default 1 s, 2 s
	AllowLoopback bool            // take callback addresses that are not public
	MaxFile       int64           // bytes; default 512 MiB
	Rates         map[string]Rate // by operation; default the service's own of OpUpload and OpParse
	Client        *http.Client    // sends the callbacks; each request has 30 s of Clock
	Clock         Clock           // default is the wall clock
	Log           *slog.Logger    // optional; ids and statuses only
}

// Server is the fake service, an http.Handler. Close ends its jobs.
type Server struct {
	Faults *Faults // what is to go wrong

	opts   Options
	mux    *http.ServeMux
	client *http.Client
	ctx    context.Context //nolint:containedctx // the life of the server, which its jobs share
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex // guards all below
	files map[string]*file
	jobs  map[string]*job
	hooks []*savedHook
	cache map[[32]byte]kept
	taken map[string][]time.Time         // requests within each rate's window
	order struct{ files, jobs []string } // ids as they were made
	notes Ledger
	news  chan struct{} // closed and replaced when the ledger changes
}

// New makes a Server that holds nothing yet.
func New(o Options) *Server {
	if o.Extractor == nil {
		panic("llamaparsetest: Options.Extractor is required")
	}
	if o.RetryWaits == nil {
		o.RetryWaits = []time.Duration{time.Second, 2 * time.Second}
	}
	if o.MaxFile == 0 {
		o.MaxFile = 512 << 20
	}
	if o.Rates == nil {
		o.Rates = map[string]Rate{OpUpload: uploadRate, OpParse: parseRate}
	}
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opts: o, client: callbackClient(o.Client), Faults: newFaults(),
		files: map[string]*file{}, jobs: map[string]*job{}, cache: map[[32]byte]kept{}, taken: map[string][]time.Time{},
		notes: newLedger(), news: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.mux = s.routes()
	return s
}

// Close ends every job and callback under way and drops the files.
func (s *Server) Close() {
	s.cancel()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.files {
		f.content.drop()
		delete(s.files, id)
	}
}

// The operations a fault can be narrowed to.
const (
	OpUpload     = "upload"
	OpListFiles  = "list_files"
	OpGetFile    = "get_file"
	OpContent    = "content"
	OpDeleteFile = "delete_file"
	OpParse      = "parse"
	OpListJobs   = "list_jobs"
	OpGetJob     = "get_job"
	OpCancel     = "cancel"
	OpVersions   = "versions"
	OpExtensions = "extensions"
	OpDownload   = "download"

	OpParseUpload = "parse_upload"
	OpCreateHook  = "create_hook"
	OpListHooks   = "list_hooks"
	OpGetHook     = "get_hook"
	OpUpdateHook  = "update_hook"
	OpDeleteHook  = "delete_hook"
	OpV1Upload    = "v1_upload"
	OpV1Job       = "v1_job"
	OpV1Result    = "v1_result"
)

// action is one operation's handler; it answers by returning.
type action struct {
	op     string
	open   bool // needs no key
	handle func(r *http.Request) answer
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	at := func(path string, methods map[string]action) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			a, ok := methods[r.Method]
			if !ok {
				refuse(http.StatusMethodNotAllowed, "Method Not Allowed").write(w)
				return
			}
			s.serve(w, r, a)
		})
	}
	at("/api/v1/beta/files", map[string]action{
		http.MethodPost: {op: OpUpload, handle: s.upload},
		http.MethodGet:  {op: OpListFiles, handle: s.listFiles},
	})
	at("/api/v1/beta/files/{id}", map[string]action{
		http.MethodGet:    {op: OpGetFile, handle: s.getFile},
		http.MethodDelete: {op: OpDeleteFile, handle: s.deleteFile},
	})
	at("/api/v1/beta/files/{id}/content", map[string]action{http.MethodGet: {op: OpContent, handle: s.content}})
	at("/presigned/{id}", map[string]action{http.MethodGet: {op: OpDownload, open: true, handle: s.download}})
	at("/api/v2/parse", map[string]action{
		http.MethodPost: {op: OpParse, handle: s.parse},
		http.MethodGet:  {op: OpListJobs, handle: s.listJobs},
	})
	at("/api/v2/parse/upload", map[string]action{http.MethodPost: {op: OpParseUpload, handle: s.parseUpload}})
	at("/api/v1/beta/webhook-configs", map[string]action{
		http.MethodPost: {op: OpCreateHook, handle: s.createHook},
		http.MethodGet:  {op: OpListHooks, handle: s.listHooks},
	})
	at("/api/v1/beta/webhook-configs/{id}", map[string]action{
		http.MethodGet:    {op: OpGetHook, handle: s.getHook},
		http.MethodPut:    {op: OpUpdateHook, handle: s.updateHook},
		http.MethodDelete: {op: OpDeleteHook, handle: s.deleteHook},
	})
	at("/api/v1/parsing/upload", map[string]action{http.MethodPost: {op: OpV1Upload, handle: s.v1Upload}})
	at("/api/v1/parsing/job/{id}", map[string]action{http.MethodGet: {op: OpV1Job, handle: s.v1Job}})
	at("/api/v1/parsing/job/{id}/result/{form}", map[string]action{http.MethodGet: {op: OpV1Result, handle: s.v1Result}})
	at("/api/v2/parse/versions", map[string]action{http.MethodGet: {op: OpVersions, open: true, handle: s.listVersions}})
	at("/api/v2/parse/{id}", map[string]action{http.MethodGet: {op: OpGetJob, handle: s.getJob}})
	at("/api/v2/parse/{id}/cancel", map[string]action{http.MethodPost: {op: OpCancel, handle: s.cancelJob}})
	at("/api/v1/parsing/supported_file_extensions", map[string]action{http.MethodGet: {op: OpExtensions, open: true, handle: s.extensions}})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(http.StatusNotFound, "Not Found").write(w) })
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serve runs one operation with the faults that were asked for.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, a action) {
	s.note(func(l *Ledger) { l.Requests[a.op]++ })
	if !a.open && !s.authorized(r) {
		refuse(http.StatusUnauthorized, "Invalid authentication token").write(w)
		return
	}
	if s.opts.Clock.Wait(r.Context(), s.Faults.delay()) != nil {
		panic(http.ErrAbortHandler)
	}
	if s.limited(a.op) {
		tooMany().write(w)
		return
	}
	if refusal, ok := s.Faults.refusal(a.op); ok {
		refusal.write(w)
		return
	}
	result := a.handle(r)
	switch {
	case s.Faults.take(loseAnswer, a.op):
		panic(http.ErrAbortHandler) // the work is done and nobody hears of it
	case s.Faults.take(truncateJSON, a.op):
		result.body = result.body[:len(result.body)/2]
	}
	result.write(w)
}

func (s *Server) authorized(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && key != "" && (s.opts.Key == "" || key == s.opts.Key)
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
