package boot

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// outcomes holds the last real result of each outside service: health is what
// happened, not that a key is set.
type outcomes struct {
	mu     sync.Mutex
	last   map[string]ports.Dependency
	held   map[string]bool // services whose breaker is open
	guards guards
	meter  *metrics.Metrics
	log    *slog.Logger

	database ports.Dependency // apart: /health asks for itself
}

func newOutcomes(meter *metrics.Metrics, log *slog.Logger) *outcomes {
	return &outcomes{log: log, last: map[string]ports.Dependency{}, held: map[string]bool{}, meter: meter}
}

// begin is a call that starts, under a span of its own; the function it gives
// notes how it ended. What a provider takes is put to the context's stopwatch.
func (o *outcomes) begin(ctx context.Context, name, operation string) (context.Context, func(error)) {
	began, peer := time.Now(), servicesOf[name]
	ctx, span := callSpan(ctx, peer, operation)
	return ctx, func(err error) {
		o.note(name, err)
		call := metrics.Call{Peer: peer, Operation: operation, Took: time.Since(began), Repeated: core.RepeatedFor(ctx) == peer, Trace: traceID(ctx)}
		o.tell(ctx, peer, operation, call.Took, err)
		endCall(span, err)
		if peer == core.ServiceParser || peer == core.ServiceEmbedder {
			core.StopwatchOf(ctx).Add(call.Took)
		}
		if err != nil {
			call.Code = core.AsError(err).Code
		}
		o.meter.Called(call)
	}
}

// hold records that a service's breaker has opened or closed.
func (o *outcomes) hold(name string, open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held[name] = open
	if name == nameAccounts { // the one service whose calls are not noted each
		dep := ports.Dependency{Name: name, OK: !open, Since: time.Now().UTC()}
		if open {
			dep.Code = string(core.CodeAccountsUnavailable)
		}
		o.last[name] = dep
	}
}

// note records a call's result. An answer that names a fault of the caller or
// of the document shows a service that works.
func (o *outcomes) note(name string, err error) {
	dep := ports.Dependency{Name: name, OK: true, Since: time.Now().UTC()}
	if err != nil {
		e := core.AsError(err)
		dep.OK = e.Kind != core.Transient && e.Kind != core.Paused
		if !dep.OK {
			dep.Code = string(e.Code)
		}
	}
	o.put(dep)
}

// put keeps a result that was judged already.
func (o *outcomes) put(dep ports.Dependency) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last[dep.Name] = dep
	o.meter.Up(dependencyOf(dep.Name), dep.OK)
}

// limited keeps what the embedder says of its limits.
func (o *outcomes) limited(l openai.Limit) {
	o.meter.Left(core.ServiceEmbedder, l.Resource, l.Most, l.Left, l.Reset)
}

// dependencyOf is what a name of /health is called in metrics.
func dependencyOf(name string) string {
	if service, ok := servicesOf[name]; ok {
		return string(service)
	}
	return name
}

// all lists the results by name.
func (o *outcomes) all() []ports.Dependency {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]ports.Dependency, 0, len(o.last))
	for name, dep := range o.last {
		dep.Held = o.held[name]
		list = append(list, dep)
	}
	slices.SortFunc(list, func(a, b ports.Dependency) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// stale reports whether nothing is known of a service since the moment.
func (o *outcomes) stale(name string, since time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	dep, ok := o.last[name]
	return !ok || dep.Since.Before(since)
}

// The names of the outside in /health; the old clients know these.
const (
	nameParser   = "llamaparse"
	nameEmbedder = "openai"
	nameStorage  = "storage"
	nameClock    = "clock"
	nameAccounts = "accounts"
	nameScanner  = "scanner"
	nameRedis    = "redis"
	nameMail     = "mail"
)

type notedParser struct {
	ports.Parser
	seen *outcomes
}

// Submit is ports.Parser.
func (p notedParser) Submit(ctx context.Context, s core.Submission) (core.Queued, error) {
	ctx, done := p.seen.begin(ctx, nameParser, "submit")
	q, err := p.Parser.Submit(ctx, s)
	done(err)
	return q, err
}

// Find is ports.Parser.
func (p notedParser) Find(ctx context.Context, doc core.Document) (core.Queued, bool, error) {
	ctx, done := p.seen.begin(ctx, nameParser, "find")
	q, found, err := p.Parser.Find(ctx, doc)
	done(err)
	return q, found, err
}

// Forget is ports.Parser.
func (p notedParser) Forget(ctx context.Context, doc core.Document) error {
	ctx, done := p.seen.begin(ctx, nameParser, "forget")
	err := p.Parser.Forget(ctx, doc)
	done(err)
	return err
}

// Fetch is ports.Parser.
func (p notedParser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	ctx, done := p.seen.begin(ctx, nameParser, "fetch")
	t, err := p.Parser.Fetch(ctx, doc)
	done(err)
	return t, err
}

type notedEmbedder struct {
	ports.Embedder
	seen *outcomes
}

// Embed is ports.Embedder.
func (e notedEmbedder) Embed(ctx context.Context, texts []string) (core.Embedding, error) {
	ctx, done := e.seen.begin(ctx, nameEmbedder, "embed")
	v, err := e.Embedder.Embed(ctx, texts)
	done(err)
	return v, err
}

type notedBlobs struct {
	ports.Blobs
	seen *outcomes
}

// Put is ports.Blobs.
func (b notedBlobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	ctx, done := b.seen.begin(ctx, nameStorage, "put")
	err := b.Blobs.Put(ctx, key, body, size, contentType)
	done(err)
	return err
}

// Open is ports.Blobs.
func (b notedBlobs) Open(ctx context.Context, key string) (io.ReadCloser, core.Blob, error) {
	ctx, done := b.seen.begin(ctx, nameStorage, "open")
	body, blob, err := b.Blobs.Open(ctx, key)
	done(err)
	return body, blob, err
}

// Stat is ports.Blobs.
func (b notedBlobs) Stat(ctx context.Context, key string) (core.Blob, error) {
	ctx, done := b.seen.begin(ctx, nameStorage, "stat")
	blob, err := b.Blobs.Stat(ctx, key)
	done(err)
	return blob, err
}

// Delete is ports.Blobs.
func (b notedBlobs) Delete(ctx context.Context, keys ...string) error {
	ctx, done := b.seen.begin(ctx, nameStorage, "delete")
	err := b.Blobs.Delete(ctx, keys...)
	done(err)
	return err
}

// SignGet is ports.Blobs.
func (b notedBlobs) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	ctx, done := b.seen.begin(ctx, nameStorage, "sign_get")
	signed, err := b.Blobs.SignGet(ctx, key, name, ttl)
	done(err)
	return signed, err
}

// SignPut is ports.Blobs.
func (b notedBlobs) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	ctx, done := b.seen.begin(ctx, nameStorage, "sign_put")
	signed, err := b.Blobs.SignPut(ctx, key, size, contentType, ttl)
	done(err)
	return signed, err
}
