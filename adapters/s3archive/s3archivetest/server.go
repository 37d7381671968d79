// Package s3archivetest is a store of backups for tests: it speaks S3 over HTTP,
// removes nothing, as a locked bucket, and misbehaves where it is told to.
package s3archivetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// The login that clients use; any is taken.
const (
	AccessKey = "AKIAINVENTED"
	SecretKey = "invented"
	Region    = "us-east-1"
)

// Fault answers a call in place of the store, or lets next answer it.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Server is a store with some buckets.
type Server struct {
	URL     string
	backend *s3mem.Backend
	store   http.Handler
	fault   atomic.Pointer[Fault]

	mu      sync.Mutex
	refused int           // calls that would have removed or replaced an object
	sent    []http.Header // of the calls that stored something
}

// New starts a store; it ends with the test.
func New(tb testing.TB, buckets ...string) *Server {
	tb.Helper()
	s := &Server{backend: s3mem.New()}
	for _, name := range buckets {
		if err := s.backend.CreateBucket(name); err != nil {
			tb.Fatal(err)
		}
	}
	s.store = gofakes3.New(s.backend, gofakes3.WithoutVersioning()).Server()
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Break makes calls go wrong from now on; nil mends them.
func (s *Server) Break(fault Fault) {
	if fault == nil {
		s.fault.Store(nil)
		return
	}
	s.fault.Store(&fault)
}

// Refused tells how many calls would have removed or replaced an object.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Sent is the headers of the calls that began or ended an object.
func (s *Server) Sent() []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fault := s.fault.Load(); fault != nil {
		(*fault)(w, r, http.HandlerFunc(s.serve))
		return
	}
	s.serve(w, r)
}

// serve is the store without faults: it holds what is sent to its digest, and
// every writer to a name that is free.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	upload := r.URL.Query().Has("uploadId")
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
		s.note(r)
		s.store.ServeHTTP(w, r)
	case r.Method == http.MethodDelete && !upload:
		s.refuse()
		Refuse(w, http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodPut && !intact(r):
		Refuse(w, http.StatusBadRequest, "BadDigest")
	case r.Method == http.MethodPut && !upload, r.Method == http.MethodPost && upload:
		s.keep(w, r)
	default:
		s.store.ServeHTTP(w, r)
	}
}

// keep stores an object whose name is free.
func (s *Server) keep(w http.ResponseWriter, r *http.Request) {
	s.note(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	_, err := s.backend.HeadObject(bucket, key)
	switch {
	case r.Header.Get("If-None-Match") != "*":
		s.refused++
		Refuse(w, http.StatusForbidden, "AccessDenied")
	case err == nil:
		Refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
	default:
		s.store.ServeHTTP(w, r)
	}
}

func (s *Server) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, r.Header.Clone())
}

func (s *Server) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
}

// intact compares a body with its digest, where one came with it.
func intact(r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	want := r.Header.Get("X-Amz-Checksum-Sha256")
	sum := sha256.Sum256(body)
	return err == nil && want == base64.StdEncoding.EncodeToString(sum[:])
}

// Refuse answers as the store does.
func Refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>canary-message of canary-login</Message></Error>")
}

// Replicate copies every object of a bucket into one of another store, as a
// region's copy is kept, and tells how many there are.
func (s *Server) Replicate(tb testing.TB, bucket string, to *Server, as string) (n int) {
	tb.Helper()
	list, err := s.backend.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		tb.Fatal(err)
	}
	for _, one := range list.Contents {
		object, err := s.backend.GetObject(bucket, one.Key, nil)
		if err != nil {
			tb.Fatal(err)
		}
		_, err = to.backend.PutObject(as, one.Key, object.Metadata, object.Contents, object.Size, nil)
		if err := errors.Join(err, object.Contents.Close()); err != nil {
			tb.Fatal(err)
		}
		n++
	}
	return n
}
