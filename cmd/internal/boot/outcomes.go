package boot

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

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
}

func newOutcomes() *outcomes {
	return &outcomes{last: map[string]ports.Dependency{}, held: map[string]bool{}}
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
	nameMail     = "mail"
)

type notedParser struct {
	ports.Parser
	seen *outcomes
}

// Submit is ports.Parser.
func (p notedParser) Submit(ctx context.Context, s core.Submission) (core.Queued, error) {
	q, err := p.Parser.Submit(ctx, s)
	p.seen.note(nameParser, err)
	return q, err
}

// Fetch is ports.Parser.
func (p notedParser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	t, err := p.Parser.Fetch(ctx, doc)
	p.seen.note(nameParser, err)
	return t, err
}

type notedEmbedder struct {
	ports.Embedder
	seen *outcomes
}

// Embed is ports.Embedder.
func (e notedEmbedder) Embed(ctx context.Context, texts []string) (core.Embedding, error) {
	v, err := e.Embedder.Embed(ctx, texts)
	e.seen.note(nameEmbedder, err)
	return v, err
}

type notedBlobs struct {
	ports.Blobs
	seen *outcomes
}

// Put is ports.Blobs.
func (b notedBlobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	err := b.Blobs.Put(ctx, key, body, size, contentType)
	b.seen.note(nameStorage, err)
	return err
}

// Open is ports.Blobs.
func (b notedBlobs) Open(ctx context.Context, key string) (io.ReadCloser, core.Blob, error) {
	body, blob, err := b.Blobs.Open(ctx, key)
	b.seen.note(nameStorage, err)
	return body, blob, err
}

// SignGet is ports.Blobs.
func (b notedBlobs) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	signed, err := b.Blobs.SignGet(ctx, key, name, ttl)
	b.seen.note(nameStorage, err)
	return signed, err
}

// SignPut is ports.Blobs.
func (b notedBlobs) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	signed, err := b.Blobs.SignPut(ctx, key, size, contentType, ttl)
	b.seen.note(nameStorage, err)
	return signed, err
}
