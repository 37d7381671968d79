package main

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/inprocess"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// service is the real front door over an account, and over documents that move
// each time they are looked at.
type service struct {
	url string

	mu        sync.Mutex
	life      time.Duration // of access tokens
	sessions  map[string]bool
	calls     []string // what accounts were asked for
	documents []*ports.Standing
	ways      map[string][]core.Status // by file name; what each look shows
	queries   []ports.Query
	receipts  int // looks at a deletion
	policies  []string
	listings  []ports.Listing
	storing   func() // called while a file is stored; may be nil

	mute atomic.Bool // the embedder cannot be reached
}

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"
)

// serve serves until the test ends.
func serve(t *testing.T) *service {
	t.Helper()
	s := &service{life: time.Hour, sessions: map[string]bool{}, ways: map[string][]core.Status{}}
	handler, err := httpapi.NewAPI(httpapi.APIDeps{
		Library: library{service: s}, Journal: newJournal(library{service: s}), Uploads: struct{ ports.Uploads }{}, Blobs: blobs{service: s},
		Accounts: accounts{service: s}, Verifier: verifier{s}, Embedder: embedder{service: s}, Inspector: inspector{}, Health: health{}, Keys: &keys{},
		APIKeys: struct{ ports.APIKeys }{}, Oversight: struct{ ports.Oversight }{},
		Limiter: inprocess.NewLimiter(1000), Tries: freeTries{}, Audit: unwritten{}, Security: inprocess.NewSecurity(10, func(core.SecurityKind) {}), Logger: slog.New(slog.DiscardHandler), SpoolDir: t.TempDir(), Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// asked is what accounts were asked for, and forgets it.
func (s *service) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

type accounts struct {
	ports.Accounts
	*service
}

func (a accounts) session(call string) ports.Session {
	a.calls = append(a.calls, call)
	token := rand()
	a.sessions["access-"+token], a.sessions["refresh-"+token] = true, true
	return ports.Session{AccessToken: "access-" + token, RefreshToken: "refresh-" + token,
		ExpiresAt: time.Now().Add(a.life), Account: ports.Account{ID: core.NewID(), Email: email}}
}

func rand() string { return core.NewID().String() }

func (a accounts) SignUp(_ context.Context, up ports.SignUp) (ports.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if up.Email == email {
		return ports.Session{}, core.Fail(core.CodeEmailTaken, nil)
	}
	return a.session("signup " + up.ConsentVersion), nil
}

func (a accounts) SignIn(_ context.Context, who, secret string) (ports.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if secret != password {
		return ports.Session{}, core.Fail(core.CodeBadCredentials, nil)
	}
	return a.session("login " + who), nil
}

func (a accounts) Refresh(_ context.Context, token string) (ports.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.sessions[token] {
		return ports.Session{}, core.Fail(core.CodeTokenReused, nil)
	}
	delete(a.sessions, token)
	return a.session("refresh"), nil
}

func (a accounts) SignOut(_ context.Context, _ ports.Principal, token string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, "logout")
	delete(a.sessions, token)
	return nil
}

type verifier struct{ *service }

func (v verifier) Verify(_ context.Context, token string) (ports.Principal, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.sessions[token] {
		return ports.Principal{}, core.Fail(core.CodeTokenExpired, nil)
	}
	return ports.Principal{User: core.NewID()}, nil
}

type library struct {
	ports.Library
	*service
}

func (l library) NoteRead(context.Context, ports.Principal, core.ID) error { return nil }

func (l library) Intend(context.Context, ports.Principal, string) error { return nil }

func (l library) Find(_ context.Context, _ ports.Principal, sum [32]byte) (ports.Standing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.documents {
		if d.SHA256 == sum {
			return *d, nil
		}
	}
	return ports.Standing{}, core.Fail(core.CodeNotFound, nil)
}

func (l library) Add(_ context.Context, _ ports.Principal, d ports.NewDocument) (ports.Standing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := ports.Standing{Document: d.ID, Job: d.Job, Name: d.Name, ContentType: d.ContentType, Size: d.Size, SHA256: d.SHA256,
		Status: core.Uploaded, LastGood: core.Uploaded, Attempt: 1, Pages: d.Pages, Timings: map[core.Status]time.Duration{}}
	l.documents = append(l.documents, &at)
	l.policies = append(l.policies, d.PolicyID)
	return at, nil
}

// Standing moves the document on to what its way shows next. Each status takes
// ten milliseconds, those that were passed unseen too.
func (l library) Standing(_ context.Context, _ ports.Principal, id core.ID) (ports.Standing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.documents {
		if d.Document != id {
			continue
		}
		at := *d
		if way := l.ways[d.Name]; len(way) > 0 {
			l.ways[d.Name] = way[1:]
			advance(d, way[0])
		}
		return at, nil
	}
	return ports.Standing{}, core.Fail(core.CodeNotFound, nil)
}

func advance(d *ports.Standing, to core.Status) {
	spent := map[core.Status]time.Duration{}
	for _, status := range core.Way() {
		if status == to || (to.Failed() && status == core.Chunking) {
			break
		}
		spent[status] = 10 * time.Millisecond
	}
	d.Status, d.Timings = to, spent
	if to.Failed() {
		trouble := core.TroubleOf(core.Parse, &core.Error{Code: core.CodePageFailed, Page: 2})
		d.Trouble = &trouble
	}
}

// List answers the documents in the order of their upload.
func (l library) List(_ context.Context, _ ports.Principal, q ports.Listing) (found []ports.Standing, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listings = append(l.listings, q)
	behind := q.Behind == nil
	for _, d := range l.documents {
		if behind && (len(q.Statuses) == 0 || slices.Contains(q.Statuses, d.Status)) {
			found = append(found, *d)
		}
		behind = behind || d.Document == q.Behind.Document
	}
	return found[:min(q.Limit, len(found))], nil
}

// Deletion is under way at the first look and done at the second.
func (l library) Deletion(_ context.Context, who ports.Principal, id core.ID) (core.Deletion, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receipts++
	d := core.Deletion{Document: id, User: who.User, Reason: core.ByOwner, RequestedAt: time.Now()}
	if l.receipts > 1 {
		d.DoneAt, d.Residual = d.RequestedAt, core.Residual{core.PlaceCopies: nil}
		d.Residual.Count(core.PlaceFile, 0)
	}
	return d, nil
}

// Retry and Cancel move the document as the Line says.
func (l library) Retry(_ context.Context, _ ports.Principal, id core.ID) (ports.Standing, error) {
	return l.change(id, func(d *ports.Standing) bool {
		start, ok := core.Retries[d.Status]
		d.Attempt++
		d.Status = start
		return ok
	})
}

func (l library) Cancel(_ context.Context, _ ports.Principal, id core.ID) (ports.Standing, error) {
	return l.change(id, func(d *ports.Standing) bool {
		ended := d.Status.Terminal()
		d.Status = core.Cancelled
		return !ended
	})
}

func (l library) change(id core.ID, do func(*ports.Standing) bool) (ports.Standing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.documents {
		if now := *d; d.Document == id {
			if !do(&now) {
				return ports.Standing{}, core.Fail(core.CodeConflict, nil)
			}
			*d = now
			return now, nil
		}
	}
	return ports.Standing{}, core.Fail(core.CodeNotFound, nil)
}

func (l library) Remove(_ context.Context, _ ports.Principal, id core.ID) error {
	_, err := l.Standing(context.Background(), ports.Principal{}, id)
	return err
}

func (l library) Search(_ context.Context, _ ports.Principal, q ports.Query) ([]ports.Passage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queries = append(l.queries, q)
	return []ports.Passage{{Document: core.DerivedID(core.ChunkSpace, "d"), Chunk: core.DerivedID(core.ChunkSpace, "c"), Name: "policy.pdf",
		Text: "The deductible is $500.", Headings: []string{"Costs"}, PageFrom: 2, PageTo: 2, Similarity: new(0.5), Score: 0.75}}, nil
}

type blobs struct {
	ports.Blobs
	*service
}

func (b blobs) Put(_ context.Context, _ string, body io.Reader, _ int64, _ string) error {
	_, err := io.Copy(io.Discard, body)
	if b.storing != nil {
		b.storing()
	}
	return err
}

type inspector struct{}

func (inspector) Inspect(context.Context, io.ReaderAt, int64) (core.Inspection, error) {
	return core.Inspection{Type: "application/pdf", Pages: 3}, nil
}

type embedder struct {
	ports.Embedder
	*service
}

func (e embedder) Embed(context.Context, []string) (ports.Embedding, error) {
	if e.mute.Load() {
		return ports.Embedding{}, core.Fail(core.CodeEmbedderUnavailable, nil)
	}
	return ports.Embedding{Vectors: [][]float32{{1}}}, nil
}

type health struct{}

func (health) Dependencies(context.Context) []ports.Dependency { return nil }

// keys keeps the answers under idempotency keys as the service does, for runs
// that never fail.
type keys struct {
	ports.Idempotency
	mu   sync.Mutex
	kept map[[32]byte]*ports.KeyHold
}

func (k *keys) Claim(_ context.Context, use ports.KeyUse) (ports.KeyHold, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[[32]byte]*ports.KeyHold{}
	}
	if hold := k.kept[use.Key]; hold != nil {
		return *hold, nil
	}
	k.kept[use.Key] = &ports.KeyHold{Run: 1, Resource: core.NewID()}
	return *k.kept[use.Key], nil
}

func (k *keys) Keep(_ context.Context, key [32]byte, _ int, answer []byte, _ time.Duration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[key].Answer = answer
	return nil
}

func (k *keys) Release(_ context.Context, key [32]byte, _ int, _ bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, key)
	return nil
}

// unwritten is an audit log that takes everything: the tool's tests are not about it.
type unwritten struct{}

func (unwritten) Record(context.Context, core.AuditEntry) error { return nil }

// freeTries lets every try of a password through.
type freeTries struct{}

func (freeTries) Begin(context.Context, ports.Try) error                { return nil }
func (freeTries) Settle(context.Context, ports.Try, ports.TryEnd) error { return nil }
