package supabasetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options shapes the project; the zero value is a project with the keys
// DefaultSecretKey and DefaultPublishableKey, kept in memory.
type Options struct {
	Dir            string           // where objects and accounts are kept; empty keeps them in memory
	SecretKey      string           // sb_secret_...
	PublishableKey string           // sb_publishable_...
	JWTSecret      string           // signs legacy keys and signed addresses
	GlobalLimit    int64            // bytes of one object, whatever the bucket says; 50 MB when 0
	Now            func() time.Time // time.Now when nil
	Auth           AuthOptions
}

// The keys of a project whose options name none. They open nothing but fakes.
const (
	DefaultSecretKey      = "sb_secret_local"
	DefaultPublishableKey = "sb_publishable_local"
	defaultJWTSecret      = "a local project's secret, 32 bytes or more"
)

// Server is the project. It serves /storage/v1 and /auth/v1.
type Server struct {
	opts  Options
	vault *vault
	auth  *auth

	mu     sync.Mutex
	faults []*Fault
	ledger []Request
}

// New opens the project, with what Options.Dir holds of an earlier one. It
// fails only where that folder cannot be read or written.
func New(o Options) (*Server, error) {
	if o.SecretKey == "" {
		o.SecretKey = DefaultSecretKey
	}
	if o.PublishableKey == "" {
		o.PublishableKey = DefaultPublishableKey
	}
	if o.JWTSecret == "" {
		o.JWTSecret = defaultJWTSecret
	}
	if o.GlobalLimit == 0 {
		o.GlobalLimit = 50_000_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("supabasetest: %w", err)
		}
	}
	v, err := openVault(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("supabasetest: %w", err)
	}
	a, err := openAuth(o)
	if err != nil {
		return nil, fmt.Errorf("supabasetest: %w", err)
	}
	return &Server{opts: o, vault: v, auth: a}, nil
}

// ServeHTTP is the gateway: it records the request, plays a planted fault and
// hands on to the service.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, w: &recorder{ResponseWriter: w}, r: r}
	run := s.find(c)
	n := s.record(c)
	defer func() { s.recordStatus(n, c.w.status) }()
	if s.play(c) {
		return
	}
	if !s.admit(c) {
		return
	}
	run(c)
}

// find names the operation and its handler.
func (s *Server) find(c *call) func(*call) {
	if rest, ok := strings.CutPrefix(c.r.URL.Path, "/storage/v1/"); ok {
		return s.findStorage(c, rest)
	}
	if rest, ok := strings.CutPrefix(c.r.URL.Path, "/auth/v1/"); ok {
		return s.findAuth(c, rest)
	}
	if c.r.URL.Path == sitePath {
		c.service, c.op = "auth", OpOpen
		return consent
	}
	return func(c *call) {
		c.json(http.StatusNotFound, gatewayError{Message: "no Route matched with those values"})
	}
}

// call is one request on its way through the project.
type call struct {
	server *Server
	w      *recorder
	r      *http.Request

	service string // "storage" or "auth"
	op      Op
	role    string // service_role, anon or authenticated; empty without a key
	denied  string // why the caller's token is not accepted
	bucket  string
	key     string
	fault   *Fault // to be played by the operation itself
}

type gatewayError struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// json answers with a JSON body as the services do.
func (c *call) json(status int, body any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // our own answers always encode
	}
	whole := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(whole) // the client may be gone
}

// recorder keeps the status for the ledger.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Request is one line of the ledger.
type Request struct {
	Op     Op
	Method string
	Path   string
	Length int64 // -1 when the body's length was not declared
	Header http.Header
	Status int // 0 when the connection was cut
}

func (s *Server) record(c *call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger = append(s.ledger, Request{Op: c.op, Method: c.r.Method, Path: c.r.URL.Path, Length: c.r.ContentLength, Header: c.r.Header.Clone()})
	return len(s.ledger) - 1
}

func (s *Server) recordStatus(n, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger[n].Status = status
}

// Requests is every request so far, in the order of their arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.ledger...)
}

// Count is how many requests of an operation have arrived.
func (s *Server) Count(op Op) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Op == op {
			n++
		}
	}
	return n
}

// readJSON is a file's content; a file that is not there leaves v as it is.
func readJSON(path string, v any) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(content, v)
}

// writeJSON replaces a file whole.
func writeJSON(path string, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(content)
	if closed := temp.Close(); err != nil || closed != nil {
		return errors.Join(err, closed)
	}
	return os.Rename(temp.Name(), path)
}
