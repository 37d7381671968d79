package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// faults makes single calls of a fake fail.
type faults struct {
	mu   sync.Mutex
	err  map[string]error
	left map[string]int // how often it befalls yet, where that is bounded
}

func (f *faults) set(call string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = map[string]error{}
	}
	f.err[call] = err
}

// times lets the next n calls fail.
func (f *faults) times(call string, n int, err error) {
	f.set(call, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == nil {
		f.left = map[string]int{}
	}
	f.left[call] = n
}

func (f *faults) of(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.err[call]
	if n, bounded := f.left[call]; bounded && err != nil {
		if f.left[call] = n - 1; n <= 1 {
			delete(f.left, call)
			delete(f.err, call)
		}
	}
	return err
}

// memLibrary keeps documents by owner, with the duplicate rule of the store.
type memLibrary struct {
	faults
	lock     sync.Mutex
	docs     map[core.ID]map[core.ID]ports.Standing
	intents  map[string]bool
	policies map[core.ID]string
	onAdd    func() // runs inside Add, before it looks
	lateAdd  error  // Add commits and yet answers this
	idFirst  bool   // of an id and a content that are both there, Add refuses the id
	queries  []ports.Query
	moves    int // searches that find the corpus at another model
	passages []ports.Passage
	listings []ports.Listing
	closed   []core.ID // accounts whose documents were all to be deleted
	chunks   map[core.ID][]ports.Chunk

	deletions map[core.ID]core.Deletion
}

func newLibrary() *memLibrary {
	return &memLibrary{docs: map[core.ID]map[core.ID]ports.Standing{}, intents: map[string]bool{}, policies: map[core.ID]string{}}
}

func (l *memLibrary) put(user core.ID, s ports.Standing) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.docs[user] == nil {
		l.docs[user] = map[core.ID]ports.Standing{}
	}
	l.docs[user][s.Document] = s
}

// Deletion knows of none but of what is being deleted.
func (l *memLibrary) Deletion(_ context.Context, who ports.Principal, id core.ID) (core.Deletion, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if d, ok := l.deletions[id]; ok && d.User == who.User {
		return d, l.of("Deletion")
	}
	return core.Deletion{}, core.Fail(core.CodeNotFound, l.of("Deletion"))
}

func (l *memLibrary) count(user core.ID) int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.docs[user])
}

func (l *memLibrary) open() int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.intents)
}

func (l *memLibrary) Intend(_ context.Context, _ ports.Principal, key string) error {
	if err := l.of("Intend"); err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.intents[key] = true
	return nil
}

func (l *memLibrary) Forsake(ctx context.Context, _ ports.Principal, key string) error {
	if err := errors.Join(ctx.Err(), l.of("Forsake")); err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	delete(l.intents, key)
	return nil
}

func (l *memLibrary) Add(_ context.Context, who ports.Principal, d ports.NewDocument) (ports.Standing, error) {
	if l.onAdd != nil {
		l.onAdd()
	}
	if err := l.of("Add"); err != nil {
		return ports.Standing{}, err
	}
	if _, err := l.Standing(context.Background(), who, d.ID); err == nil && l.idFirst {
		return ports.Standing{}, core.Fail(core.CodeConflict, nil)
	}
	if err := l.MayAdd(context.Background(), who, d.PerDay); d.PerDay > 0 && err != nil {
		return ports.Standing{}, err
	}
	if _, err := l.Find(context.Background(), who, d.SHA256); err == nil {
		return ports.Standing{}, core.Fail(core.CodeDuplicate, nil)
	}
	now := time.Now()
	s := ports.Standing{
		Document: d.ID, Job: d.Job, Key: d.Key, Name: d.Name, ContentType: d.ContentType, Size: d.Size, SHA256: d.SHA256,
		Status: core.Uploaded, LastGood: core.Uploaded, Attempt: 1, Pages: d.Pages, CreatedAt: now, UpdatedAt: now,
	}
	l.put(who.User, s)
	l.lock.Lock()
	defer l.lock.Unlock()
	delete(l.intents, d.Key)
	l.policies[d.ID] = d.PolicyID
	if l.lateAdd != nil {
		return ports.Standing{}, l.lateAdd
	}
	return s, nil
}

func (l *memLibrary) Find(_ context.Context, who ports.Principal, sum [32]byte) (ports.Standing, error) {
	if err := l.of("Find"); err != nil {
		return ports.Standing{}, err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, s := range l.docs[who.User] {
		if s.SHA256 == sum {
			return s, nil
		}
	}
	return ports.Standing{}, core.Fail(core.CodeNotFound, nil)
}

func (l *memLibrary) Retry(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	if err := l.of("Retry"); err != nil {
		return ports.Standing{}, err
	}
	s, err := l.Standing(ctx, who, id)
	if err != nil {
		return s, err
	}
	if _, ok := core.Retries[s.Status]; !ok {
		return ports.Standing{}, core.Fail(core.CodeConflict, nil)
	}
	s.Attempt, s.Status, s.Job, s.Trouble = s.Attempt+1, core.Retries[s.Status], core.NewID(), nil
	l.put(who.User, s)
	return s, nil
}

func (l *memLibrary) Standing(_ context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	if err := l.of("Standing"); err != nil {
		return ports.Standing{}, err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if s, ok := l.docs[who.User][id]; ok {
		return s, nil
	}
	return ports.Standing{}, core.Fail(core.CodeNotFound, nil)
}

func (l *memLibrary) NoteRead(_ context.Context, who ports.Principal, id core.ID) error {
	if err := l.of("NoteRead"); err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	s := l.docs[who.User][id]
	s.ReadNoted = true
	l.docs[who.User][id] = s
	return nil
}

func (l *memLibrary) Cancel(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	s, err := l.Standing(ctx, who, id)
	if err != nil {
		return s, err
	}
	if s.Status.Terminal() {
		return ports.Standing{}, core.Fail(core.CodeConflict, nil)
	}
	s.Status = core.Cancelled
	l.put(who.User, s)
	return s, nil
}

func (l *memLibrary) Standings(_ context.Context, who ports.Principal, ids []core.ID) (found []ports.Standing, err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, id := range ids {
		if s, ok := l.docs[who.User][id]; ok {
			found = append(found, s)
		}
	}
	return found, l.of("Standings")
}

// List keeps the order and the place; the filters are noted alone.
func (l *memLibrary) List(_ context.Context, who ports.Principal, q ports.Listing) (found []ports.Standing, err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.listings = append(l.listings, q)
	for _, s := range l.docs[who.User] {
		if q.Behind == nil || s.CreatedAt.Before(q.Behind.CreatedAt) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b ports.Standing) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return found[:min(q.Limit, len(found))], l.of("List")
}

func (l *memLibrary) Chunks(ctx context.Context, who ports.Principal, id core.ID, from, limit int) ([]ports.Chunk, error) {
	if _, err := l.Standing(ctx, who, id); err != nil {
		return nil, err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	rest := l.chunks[id][min(from, len(l.chunks[id])):]
	return rest[:min(limit, len(rest))], nil
}

func (l *memLibrary) Remove(ctx context.Context, who ports.Principal, id core.ID) error {
	if _, err := l.Standing(ctx, who, id); err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	delete(l.docs[who.User], id)
	return nil
}

func (l *memLibrary) Search(_ context.Context, _ ports.Principal, q ports.Query) ([]ports.Passage, error) {
	if err := l.of("Search"); err != nil {
		return nil, err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.moves > 0 {
		l.moves--
		return nil, core.Fail(core.CodeDatabaseUnavailable, core.ErrMoved)
	}
	l.queries = append(l.queries, q)
	return l.passages[:min(q.Limit, len(l.passages))], nil
}

// memBlobs keeps objects; a Put has to bring exactly its size.
type memBlobs struct {
	faults
	lock    sync.Mutex
	objects map[string][]byte
	types   map[string]string
}

func newBlobs() *memBlobs { return &memBlobs{objects: map[string][]byte{}, types: map[string]string{}} }

func (b *memBlobs) keys() []string {
	b.lock.Lock()
	defer b.lock.Unlock()
	var keys []string
	for key := range b.objects {
		keys = append(keys, key)
	}
	return keys
}

func (b *memBlobs) Put(_ context.Context, key string, body io.Reader, size int64, contentType string) error {
	raw, err := io.ReadAll(body)
	if err != nil || int64(len(raw)) != size {
		return core.Fail(core.CodeStorageUnavailable, errors.New("size differs"))
	}
	b.lock.Lock()
	b.objects[key], b.types[key] = raw, contentType
	b.lock.Unlock()
	return b.of("Put") // an object may be there although the answer says it is not
}

func (b *memBlobs) Open(_ context.Context, key string) (io.ReadCloser, ports.Blob, error) {
	if err := b.of("Open"); err != nil {
		return nil, ports.Blob{}, err
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	raw, ok := b.objects[key]
	if !ok {
		return nil, ports.Blob{}, core.Fail(core.CodeFileMissing, nil)
	}
	return memFile{bytes.NewReader(raw)}, ports.Blob{Key: key, Size: int64(len(raw)), ContentType: b.types[key]}, nil
}

// memFile is an object that can be sought in, as those of a store whose
// addresses are ours.
type memFile struct{ *bytes.Reader }

func (memFile) Close() error { return nil }

func (b *memBlobs) Stat(_ context.Context, key string) (ports.Blob, error) {
	if err := b.of("Stat"); err != nil {
		return ports.Blob{}, err
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	raw, ok := b.objects[key]
	if !ok {
		return ports.Blob{}, core.Fail(core.CodeFileMissing, nil)
	}
	return ports.Blob{Key: key, Size: int64(len(raw)), ContentType: b.types[key]}, nil
}

func (b *memBlobs) SignPut(_ context.Context, key string, _ int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	return ports.SignedPut{
		URL: "https://files.example.org/" + key + "?token=secret", Headers: map[string]string{"Content-Type": contentType},
		ExpiresAt: time.Now().Add(ttl),
	}, b.of("SignPut")
}

func (b *memBlobs) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	if _, err := b.Stat(ctx, key); err != nil {
		return ports.SignedGet{}, err
	}
	return ports.SignedGet{
		URL: "https://files.example.org/" + key + "?token=secret&name=" + url.QueryEscape(name), ExpiresAt: time.Now().Add(ttl),
	}, b.of("SignGet")
}

func (b *memBlobs) Delete(ctx context.Context, keys ...string) error {
	if err := errors.Join(ctx.Err(), b.of("Delete")); err != nil {
		return err
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	for _, key := range keys {
		delete(b.objects, key)
	}
	return nil
}

func (b *memBlobs) List(ctx context.Context, prefix string) iter.Seq2[ports.Blob, error] {
	return func(yield func(ports.Blob, error) bool) {
		for _, key := range b.keys() {
			if blob, err := b.Stat(ctx, key); strings.HasPrefix(key, prefix) && !yield(blob, err) {
				return
			}
		}
	}
}

func (b *memBlobs) Prepare(context.Context) error { return nil }
func (b *memBlobs) Healthy(context.Context) error { return nil }

// memAccounts is one account, ada@example.org.
type memAccounts struct {
	faults
	lock      sync.Mutex
	signUps   []ports.SignUp
	confirm   bool // new accounts have to confirm their address
	signedOut []string
	passwords []string // that were set
	mails     []string
	made      int    // sessions
	bulk      string // makes answers with a secret large
}

var ada = ports.Account{
	ID: core.DerivedID(core.ChunkSpace, "ada"), Email: "ada@example.org", Name: "Ada", EmailConfirmed: true,
	CreatedAt: time.Unix(1_700_000_000, 0), UpdatedAt: time.Unix(1_700_000_100, 0),
}

const adaPassword = "correct horse battery"

func (m *memAccounts) session() ports.Session {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.made++
	return ports.Session{AccessToken: adaToken + m.bulk, RefreshToken: "refresh-1", ExpiresAt: time.Now().Add(15 * time.Minute), Account: ada}
}

func (m *memAccounts) SignUp(_ context.Context, s ports.SignUp) (ports.Session, error) {
	if err := m.of("SignUp"); err != nil {
		return ports.Session{}, err
	}
	m.lock.Lock()
	m.signUps = append(m.signUps, s)
	m.lock.Unlock()
	if m.confirm {
		return ports.Session{Account: ports.Account{Email: s.Email, Name: s.Name}}, nil
	}
	return m.session(), nil
}

func (m *memAccounts) SignIn(_ context.Context, email, password string) (ports.Session, error) {
	if err := m.of("SignIn"); err != nil {
		return ports.Session{}, err
	}
	if email != ada.Email || password != adaPassword {
		return ports.Session{}, core.Fail(core.CodeBadCredentials, nil)
	}
	return m.session(), nil
}

func (m *memAccounts) Refresh(_ context.Context, token string) (ports.Session, error) {
	switch token {
	case "refresh-1":
		return m.session(), nil
	case "refresh-0":
		return ports.Session{}, core.Fail(core.CodeTokenReused, nil)
	}
	return ports.Session{}, core.Fail(core.CodeUnauthenticated, nil)
}

func (m *memAccounts) SignOut(_ context.Context, _ ports.Principal, token string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.signedOut = append(m.signedOut, token)
	return nil
}

func (m *memAccounts) Account(_ context.Context, p ports.Principal, _ string) (ports.Account, error) {
	if err := m.of("Account"); err != nil {
		return ports.Account{}, err
	}
	if p.User != ada.ID {
		return ports.Account{}, core.Fail(core.CodeNotFound, nil)
	}
	return ada, nil
}

// The present password and the code that are right.
func (m *memAccounts) ChangePassword(_ context.Context, _ ports.Principal, _, present, next string) error {
	if err := m.of("ChangePassword"); err != nil {
		return err
	}
	if present != adaPassword {
		return core.Fail(core.CodeBadCredentials, nil)
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.passwords = append(m.passwords, next)
	return nil
}

func (m *memAccounts) Recover(_ context.Context, email string, to ports.Return) error {
	return m.mail("recover", email, to)
}

func (m *memAccounts) Resend(_ context.Context, email string) error {
	return m.mail("resend", email, ports.Return{})
}

func (m *memAccounts) mail(kind, email string, to ports.Return) error {
	if err := m.of("Mails"); err != nil {
		return err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.mails = append(m.mails, strings.Join([]string{kind, email, to.Redirect, to.Challenge}, " "))
	return nil
}

func (m *memAccounts) Authorize(_ context.Context, site string, to ports.Return) (string, error) {
	if err := m.of("Authorize"); err != nil {
		return "", err
	}
	if site != "google" {
		return "", core.Fail(core.CodeInvalid, nil)
	}
	return "https://accounts.example.org/" + to.Challenge + "?to=" + to.Redirect + m.bulk, nil
}

func (m *memAccounts) Arrive(_ context.Context, state, code, fault string) (string, error) {
	if err := m.of("Arrive"); err != nil {
		return "", err
	}
	if state != "state-1" {
		return "", core.Fail(core.CodeBadSignInCode, nil)
	}
	return webReturn + "?code=" + code + "&error=" + fault, nil
}

func (m *memAccounts) Exchange(_ context.Context, code, verifier string) (ports.Session, error) {
	if err := m.of("Exchange"); err != nil {
		return ports.Session{}, err
	}
	if code != "code-1" || verifier != exampleVerifier {
		return ports.Session{}, core.Fail(core.CodeBadSignInCode, nil)
	}
	return m.session(), nil
}

func (m *memAccounts) Sessions(_ context.Context, p ports.Principal, _ string) ([]ports.SessionRow, error) {
	if err := m.of("Sessions"); err != nil {
		return nil, err
	}
	return []ports.SessionRow{{ID: exampleID(exampleSession), CreatedAt: ada.CreatedAt, Client: "a browser"}}, nil
}

func (m *memAccounts) EndSession(_ context.Context, _ ports.Principal, _ string, id core.ID) error {
	if err := m.of("EndSession"); err != nil {
		return err
	}
	if id.String() != exampleSession {
		return core.Fail(core.CodeNotFound, nil)
	}
	return m.ends("one")
}

func (m *memAccounts) EndOthers(context.Context, ports.Principal, string) error {
	return m.ends("others")
}

func (m *memAccounts) ends(what string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.signedOut = append(m.signedOut, what)
	return nil
}

func (m *memAccounts) Prove(_ context.Context, _ ports.Principal, _, present string) error {
	if present != adaPassword {
		return core.Fail(core.CodeBadCredentials, nil)
	}
	return nil
}

func (m *memAccounts) Delete(context.Context, ports.Principal) error {
	if err := m.of("Delete"); err != nil {
		return err
	}
	return m.ends("all")
}

func (m *memAccounts) Healthy(context.Context) error { return nil }

func (l *memLibrary) Close(_ context.Context, who ports.Principal) error {
	if err := l.of("Close"); err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.closed = append(l.closed, who.User)
	return nil
}

// memTries lets five wrong passwords of an account through.
type memTries struct {
	lock  sync.Mutex
	wrong map[string]int
}

func (m *memTries) Begin(_ context.Context, t ports.Try) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.wrong[t.Account] == 5 {
		return core.Wait(core.CodeRateLimited, 30*time.Second, nil)
	}
	m.wrong[t.Account]++
	return nil
}

func (m *memTries) Settle(_ context.Context, t ports.Try, end ports.TryEnd) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.wrong[t.Account]--
	if end == ports.TryRight {
		m.wrong[t.Account] = 0
	}
	return nil
}

const (
	adaToken     = "token-of-ada"
	bobToken     = "token-of-bob"
	expiredToken = "token-expired"
	oddToken     = "token-that-breaks-the-verifier"

	unjudgedToken = "token-while-the-sessions-are-away"
)

var bobID = core.DerivedID(core.ChunkSpace, "bob")

type memVerifier struct{}

func (memVerifier) Verify(_ context.Context, token string) (ports.Principal, error) {
	switch token {
	case adaToken:
		return ports.Principal{User: ada.ID, Session: "s", Email: ada.Email}, nil
	case bobToken:
		return ports.Principal{User: bobID}, nil
	case expiredToken:
		return ports.Principal{}, core.Fail(core.CodeTokenExpired, nil)
	case unjudgedToken:
		return ports.Principal{}, core.Fail(core.CodeAccountsUnavailable, nil)
	case oddToken:
		return ports.Principal{}, errors.New("dial tcp 10.0.0.7:443: i/o timeout")
	}
	return ports.Principal{}, core.Fail(core.CodeUnauthenticated, nil)
}

type memEmbedder struct{ faults }

func (m *memEmbedder) Embed(_ context.Context, texts []string) (ports.Embedding, error) {
	if err := m.of("Embed"); err != nil {
		return ports.Embedding{}, err
	}
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = []float32{1}
	}
	return ports.Embedding{Vectors: vectors}, nil
}

func (m *memEmbedder) Healthy(context.Context) error { return nil }

// memInspector reads a type by content, and a page count after "pages=".
type memInspector struct{}

func (memInspector) Inspect(_ context.Context, r io.ReaderAt, size int64) (core.Inspection, error) {
	head := make([]byte, min(size, 1024))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return core.Inspection{}, err
	}
	switch {
	case bytes.Contains(head, []byte("panic!")):
		panic("inspector: " + string(head))
	case bytes.Contains(head, []byte("encrypted")):
		return core.Inspection{}, core.Fail(core.CodeFileEncrypted, nil)
	case bytes.Contains(head, []byte("broken")):
		return core.Inspection{}, core.Fail(core.CodeFileBroken, errors.New("offset 17: "+string(head)))
	case !bytes.Contains(head, []byte("%PDF-")):
		return core.Inspection{Type: "text/plain"}, nil
	}
	pages := 1
	if _, after, ok := bytes.Cut(head, []byte("pages=")); ok {
		pages, _ = strconv.Atoi(strings.Fields(string(after))[0])
	}
	return core.Inspection{Type: "application/pdf", Pages: pages}, nil
}

type memHealth struct{ deps []ports.Dependency }

func (m memHealth) Dependencies(context.Context) []ports.Dependency { return m.deps }

// memInbox stores callbacks by their body's hash and event.
type memInbox struct {
	faults
	lock     sync.Mutex
	received []ports.Callback
	lookups  int
	attempts map[string]core.ID
}

func (m *memInbox) Receive(_ context.Context, c ports.Callback) (ports.Received, error) {
	if err := m.of("Receive"); err != nil {
		return ports.Received{}, err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.received = append(m.received, c)
	return ports.Received{Outcome: ports.Unknown}, nil
}

func (m *memInbox) AttemptOf(_ context.Context, job string) (core.ID, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.lookups++
	if err := m.of("AttemptOf"); err != nil {
		return core.ID{}, err
	}
	if id, ok := m.attempts[job]; ok {
		return id, nil
	}
	return core.ID{}, core.Fail(core.CodeNotFound, nil)
}

func (m *memInbox) InboxState(context.Context) (ports.InboxState, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return ports.InboxState{Callbacks: int64(len(m.received)), Last: time.Unix(1_700_000_000, 0)}, m.of("InboxState")
}

func (m *memInbox) counts() (received, lookups int) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.received), m.lookups
}

var (
	_ ports.Library  = (*memLibrary)(nil)
	_ ports.Blobs    = (*memBlobs)(nil)
	_ ports.Accounts = (*memAccounts)(nil)
	_ ports.Inbox    = (*memInbox)(nil)
	_ http.Handler   = (*door)(nil)
)

// patientLibrary takes its time, and fails when its context ends meanwhile.
type patientLibrary struct {
	*memLibrary
	wait time.Duration
}

func (l *patientLibrary) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return core.Fail(core.CodeDatabaseUnavailable, ctx.Err())
	case <-time.After(l.wait):
		return nil
	}
}

func (l *patientLibrary) Intend(ctx context.Context, who ports.Principal, key string) error {
	return errors.Join(l.pause(ctx), l.memLibrary.Intend(ctx, who, key))
}

func (l *patientLibrary) Search(ctx context.Context, who ports.Principal, q ports.Query) ([]ports.Passage, error) {
	if err := l.pause(ctx); err != nil {
		return nil, err
	}
	return l.memLibrary.Search(ctx, who, q)
}

// patientInbox takes its time, and fails when its context ends meanwhile.
type patientInbox struct {
	*memInbox
	wait time.Duration
}

func (m *patientInbox) Receive(ctx context.Context, c ports.Callback) (ports.Received, error) {
	select {
	case <-ctx.Done():
		return ports.Received{}, core.Fail(core.CodeDatabaseUnavailable, ctx.Err())
	case <-time.After(m.wait):
		return m.memInbox.Receive(ctx, c)
	}
}

// silentInbox answers when its caller has left.
type silentInbox struct{ *memInbox }

func (m *silentInbox) Receive(ctx context.Context, _ ports.Callback) (ports.Received, error) {
	<-ctx.Done()
	return ports.Received{}, ctx.Err()
}
