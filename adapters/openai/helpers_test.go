package openai_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiktoken-go/tokenizer"
	"go.uber.org/goleak"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// No test may leave a request, a body or a connection behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "sk-canary-4711"

// counter counts real tokens; quick is for tests of anything else.
type counter struct{ codec tokenizer.Codec }

func (c counter) Count(text string) int {
	n, err := c.codec.Count(text)
	if err != nil {
		panic(err)
	}
	return n
}

type quick struct{}

func (quick) Count(text string) int { return (len(text) + 3) / 4 }

var realCounter = sync.OnceValue(func() core.TokenCounter {
	codec, err := tokenizer.Get(tokenizer.Cl100kBase)
	if err != nil {
		panic(err)
	}
	return counter{codec}
})

// serve starts a fake over HTTP and gives the production adapter on it.
func serve(t testing.TB, options openaitest.Options, change ...func(*openai.Config)) (*openai.Embedder, *openaitest.Server) {
	t.Helper()
	if options.Counter == nil {
		options.Counter = quick{}
	}
	options.Key = testKey
	change = append([]func(*openai.Config){func(c *openai.Config) {
		c.Organization, c.Project = options.Organization, options.Project
		c.BaseURL = strings.TrimSuffix(c.BaseURL, "/v1") + cmp.Or(options.Base, "/v1")
	}}, change...)
	fake, err := openaitest.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return dial(t, fake, change...), fake
}

func dial(t testing.TB, handler http.Handler, change ...func(*openai.Config)) *openai.Embedder {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := openai.Config{
		BaseURL: server.URL + "/v1", Key: testKey, Timeout: time.Minute,
		HTTPClient: &http.Client{Transport: transport},
	}
	for _, f := range change {
		f(&config)
	}
	e, err := openai.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func embed(t testing.TB, e *openai.Embedder, texts ...string) ports.Embedding {
	t.Helper()
	got, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatalf("Embed: %v", err)
	}
	return got
}

// refused asks for vectors and wants none, but an error of the code.
func refused(t testing.TB, e *openai.Embedder, code core.Code, texts ...string) *core.Error {
	t.Helper()
	got, err := e.Embed(context.Background(), texts)
	if !core.HasCode(err, code) {
		t.Fatalf("error %v, want %s", err, code)
	}
	if got.Vectors != nil || got.Tokens != 0 {
		t.Fatalf("an error and %d vectors", len(got.Vectors))
	}
	found := core.AsError(err)
	if found.Kind != code.Kind() {
		t.Fatalf("kind %s, want %s", found.Kind, code.Kind())
	}
	return found
}

func closeness(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// bodyOf reads a request's body and puts it back.
func bodyOf(t testing.TB, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}
