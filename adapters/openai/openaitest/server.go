// Package openaitest is a server that behaves like OpenAI's embeddings API:
// its limits, error bodies, headers and both encodings, and on demand its
// faults. The production adapter talks to it in development and in tests.
//
// Its vectors come from the words of a text (see vector.go), so that a search
// finds the passage that answers a question.
package openaitest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// The provider's limits, which an empty Options means.
const (
	MaxInputs      = 2048
	MaxInputTokens = 8192
	MaxTokens      = 300_000
)

// bodyLimit is more than the largest request within the limits needs.
const bodyLimit = 32 << 20

// Options says what server to be. Only Counter has no default.
type Options struct {
	Counter core.TokenCounter // of the tokens that are billed and limited
	Key     string            // the one accepted; empty accepts every key that is not empty

	MaxInputs      int // of a request
	MaxInputTokens int // of one input
	MaxTokens      int // of a request, all inputs together

	RPM        int              // requests a minute; 0 does not limit
	TPM        int              // tokens a minute; 0 does not limit
	ProjectTPM int              // tokens a minute of the key's project; 0 has no such limit and no headers of it
	Now        func() time.Time // the clock of those three; nil is time.Now

	Organization, Project string // the only ones taken in the headers; empty takes all

	// Blind makes vectors of a text's fingerprint alone: no two texts are close,
	// and they cost next to nothing, for loads that share a machine with them.
	Blind bool

	Dialect
}

// Dialect is how a service that speaks the same interface differs from the
// vendor. The zero Dialect is the vendor's own.
type Dialect struct {
	Base         string // before /embeddings and /models; empty is /v1
	FloatsOnly   bool   // vectors as numbers, whatever the request asks for
	NoEncoding   bool   // the field encoding_format is refused
	NoDimensions bool   // the field dimensions is refused
	NoRates      bool   // no headers about rates
	Unordered    bool   // vectors in another order than the texts, each with its index
}

func (o Options) withDefaults() Options {
	o.MaxInputs = cmp.Or(o.MaxInputs, MaxInputs)
	o.MaxInputTokens = cmp.Or(o.MaxInputTokens, MaxInputTokens)
	o.MaxTokens = cmp.Or(o.MaxTokens, MaxTokens)
	o.Base = cmp.Or(o.Base, "/v1")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// models are the ones served, with their own dimensions and whether the
// request may ask for fewer.
var models = map[string]struct {
	dimensions int
	shortens   bool
}{
	"text-embedding-3-small": {1536, true},
	"text-embedding-3-large": {3072, true},
	"text-embedding-ada-002": {1536, false},
}

// Server is the service. It is an http.Handler, safe for concurrent use.
type Server struct {
	options  Options
	mux      *http.ServeMux
	requests bucket
	tokens   bucket
	project  bucket

	mu       sync.Mutex
	faults   []Fault
	ledger   Ledger
	seen     map[[32]byte]bool // inputs paid for, by their hash
	inFlight int
}

// New makes a server. The only error is a missing counter.
func New(options Options) (*Server, error) {
	if options.Counter == nil {
		return nil, errors.New("openaitest: Options.Counter is missing")
	}
	options = options.withDefaults()
	s := &Server{options: options, mux: http.NewServeMux(), seen: map[[32]byte]bool{}}
	s.requests = newBucket(options.RPM, tier1Requests, options.Now())
	s.tokens = newBucket(options.TPM, tier1Tokens, options.Now())
	s.project = newBucket(options.ProjectTPM, tier1Tokens, options.Now())
	s.mux.HandleFunc("POST "+options.Base+"/embeddings", s.embeddings)
	s.mux.HandleFunc("GET "+options.Base+"/models/{id...}", s.model)
	s.mux.HandleFunc(options.Base+"/embeddings", wrongMethod)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		invalid(http.StatusNotFound, "Invalid URL (%s %s)", r.Method, r.URL.Path).write(w)
	})
	return s, nil
}

// ServeHTTP answers as the service does. Every answer carries a request id and
// the state of the rate limits, refusals included.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := s.begin()
	defer s.end()
	h := w.Header()
	h.Set("X-Request-Id", fmt.Sprintf("req_%032x", id))
	h.Set("Openai-Organization", "org-fake")
	h.Set("Openai-Version", "2020-10-01")
	h.Set("Openai-Processing-Ms", "1")
	if refusal := s.authorize(r); refusal != nil {
		refusal.write(w)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) authorize(r *http.Request) *refusal {
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !bearer || key == "":
		return invalid(http.StatusUnauthorized, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).")
	case s.options.Key != "" && key != s.options.Key:
		return invalid(http.StatusUnauthorized, "Incorrect API key provided.").coded("invalid_api_key")
	case !takes(s.options.Organization, r.Header.Get("OpenAI-Organization")):
		return invalid(http.StatusUnauthorized, "OpenAI-Organization header should match organization for API key").coded("mismatched_organization")
	case !takes(s.options.Project, r.Header.Get("OpenAI-Project")):
		return invalid(http.StatusUnauthorized, "OpenAI-Project header should match project for API key").coded("mismatched_project")
	}
	return nil
}

// takes reports whether a header may say so: it may be left out.
func takes(own, said string) bool { return own == "" || said == "" || own == said }

// model describes a model; the adapter's Healthy asks for it.
func (s *Server) model(w http.ResponseWriter, r *http.Request) {
	s.count(func(l *Ledger) { l.ModelRequests++ })
	if f, ok := s.take(true, nil); ok && s.refuse(w, r, f) {
		return
	}
	id := r.PathValue("id")
	if _, known := models[id]; !known {
		noModel(id).write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": id, "object": "model", "created": 1705948997, "owned_by": "system"})
}

// embeddings is POST /v1/embeddings: the whole request is read and judged
// first, then the rates, then the faults that were ordered.
func (s *Server) embeddings(w http.ResponseWriter, r *http.Request) {
	q, wrong := s.read(w, r)
	over := s.spend(w.Header(), q.tokens)
	fault, faulty := s.take(false, q.inputs)
	switch {
	case faulty && s.refuse(w, r, fault):
	case wrong != nil:
		wrong.write(w)
	case over != nil:
		over.write(w)
	default:
		s.bill(q)
		s.answer(w, q, fault)
		return
	}
	s.count(func(l *Ledger) { l.Refused++ })
}

func wrongMethod(w http.ResponseWriter, r *http.Request) {
	invalid(http.StatusMethodNotAllowed, "Not allowed to %s on %s. (HINT: Perhaps you meant to use a different HTTP method?)", r.Method, r.URL.Path).write(w)
}
