package llamaparse_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/vendors"
	"github.com/insurance-navigator/navigator/ports"
)

// feeds is an extractor for tests: a form feed ends a page, and a file that
// starts with "!" fails with the code that follows.
type feeds struct{}

func (feeds) Pages(_ context.Context, r io.ReaderAt, size int64) ([]core.Page, error) {
	raw, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	if code, ok := strings.CutPrefix(string(raw), "!"); ok {
		return nil, core.Fail(core.Code(code), nil)
	}
	var pages []core.Page
	for i, text := range strings.Split(string(raw), "\f") {
		pages = append(pages, core.Page{Number: i + 1, Text: text})
	}
	return pages, nil
}

const (
	testKey   = "llx-canary-key-1234567890"
	threePage = "# Policy\n\nDeductible 500\fpage two\fpage three"
)

var master = []byte("a master key of thirty-two bytes")

// bench is a parser beside its fake service.
type bench struct {
	*llamaparse.Parser
	fake *llamaparsetest.Server
	url  string
	sent *recorder

	judge *vendors.Judge // of the calls that ask makes; nil lets them be
}

func newBench(t *testing.T, change ...func(*llamaparsetest.Options, *llamaparse.Config)) *bench {
	t.Helper()
	sent := &recorder{}
	opts := llamaparsetest.Options{Extractor: feeds{}, Key: testKey, AllowLoopback: true, RetryWaits: []time.Duration{0, 0}}
	conf := llamaparse.Config{Key: testKey, Timeout: 20 * time.Second, HTTPClient: &http.Client{Transport: sent}}
	for _, c := range change {
		c(&opts, &conf)
	}
	fake := llamaparsetest.New(opts)
	server := httptest.NewServer(fake)
	t.Cleanup(func() { fake.Faults.Reset(); fake.Close(); server.Close() })
	if conf.BaseURL == "" {
		conf.BaseURL = server.URL
	}
	p, err := llamaparse.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Parser: p, fake: fake, url: server.URL, sent: sent}
}

// recorder notes every request as it leaves.
type recorder struct {
	requests []*http.Request
	bodies   [][]byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var body bytes.Buffer
	if req.Body != nil {
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(req.Body, &body), req.Body}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	r.requests = append(r.requests, req)
	r.bodies = append(r.bodies, body.Bytes())
	return resp, err
}

func submission(text string) ports.Submission {
	doc := core.Document{
		ID: core.NewID(), User: core.NewID(), Job: core.NewID(), Attempt: 1,
		Name: "canary-private-name.pdf", ContentType: "application/pdf", Size: int64(len(text)),
	}
	return ports.Submission{Document: doc, Body: strings.NewReader(text)}
}

// submitted hands a text in and gives the document with the service's ids.
func (b *bench) submitted(t *testing.T, s ports.Submission) core.Document {
	t.Helper()
	q, err := b.Submit(t.Context(), s)
	if err != nil {
		t.Fatalf("Submit: %v", errors.Unwrap(err))
	}
	doc := s.Document
	doc.ProviderJob, doc.ProviderFile = q.ProviderJob, q.ProviderFile
	return doc
}

// fetched asks until the job has ended, as the reconciler does.
func (b *bench) fetched(t *testing.T, doc core.Document) (core.Text, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		text, err := b.Fetch(ctx, doc)
		if !core.HasCode(err, core.CodeParseNotReady) {
			return text, err
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the job did not end")
		}
	}
}

func (b *bench) await(t *testing.T, ok func(llamaparsetest.Ledger) bool) llamaparsetest.Ledger {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.fake.Await(ctx, ok); err != nil {
		t.Fatalf("the ledger never got there: %+v", b.fake.Ledger())
	}
	return b.fake.Ledger()
}

func wantError(t *testing.T, err error, code core.Code, kind core.Kind) {
	t.Helper()
	var e *core.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want *core.Error %s", err, code)
	}
	if e.Code != code || e.Kind != kind {
		t.Errorf("got %s/%s, want %s/%s", e.Code, e.Kind, code, kind)
	}
}
