package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// sessions counts the sessions that were made or ended.
func (m *memAccounts) sessions() int {
	return m.counted(func(m *memAccounts) int { return m.made + len(m.signedOut) })
}

func (m *memAccounts) counted(count func(*memAccounts) int) int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return count(m)
}

// The first run is held inside its effect while the second asks.
func TestI13_ConcurrentUseIs409(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inside, on := make(chan struct{}), make(chan struct{})
	b.library.onAdd = func() {
		inside <- struct{}{}
		<-on
	}
	key, first := core.NewID().String(), make(chan reply)
	go func() { first <- b.keyedUpload(key, adaToken, pdf("one")) }()
	<-inside
	got := b.keyedUpload(key, adaToken, pdf("one"))
	got.problem(t, http.StatusConflict, "idempotency_in_use")
	if got.header.Get("Retry-After") == "" || got.header.Get(headerReplayed) != "" {
		t.Errorf("%v", got.header)
	}
	b.keyedUpload(key, adaToken, pdf("two")).problem(t, 422, "idempotency_mismatch")
	close(on)
	isReplay(t, <-first, b.keyedUpload(key, adaToken, pdf("one")))
}

func TestI13_FiftyAtOnceHaveOneEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := core.NewID().String()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if got := b.keyedUpload(key, adaToken, pdf("one")); got.status != http.StatusAccepted {
				got.problem(t, http.StatusConflict, "idempotency_in_use")
			}
		})
	}
	group.Wait()
	if n, files := b.library.count(ada.ID), len(b.blobs.keys()); n != 1 || files != 1 {
		t.Errorf("%d documents and %d files", n, files)
	}
}

func TestI13_AnotherUsersKeyIsAnotherKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := core.NewID().String()
	adas, bobs := b.keyedUpload(key, adaToken, pdf("one")), b.keyedUpload(key, bobToken, pdf("two"))
	if adas.status != 202 || bobs.status != 202 || bobs.header.Get(headerReplayed) != "" {
		t.Errorf("%d %s, %d %s", adas.status, adas.body, bobs.status, bobs.body)
	}
	isReplay(t, adas, b.keyedUpload(key, adaToken, pdf("one")))
	b.keyedUpload(key, "token-of-nobody", pdf("one")).problem(t, 401, "unauthenticated")
}

// What may end otherwise is run again; what will not is replayed.
func TestI13_WhichAnswersAreKept(t *testing.T) {
	t.Parallel()
	login := func(password string) func() (string, []byte) {
		return jsonBody(fmt.Sprintf(`{"email":"ada@example.org","password":%q}`, password))
	}
	for name, c := range map[string]struct {
		code core.Code
		kept bool
	}{
		"401": {core.CodeBadCredentials, false}, "429": {core.CodeRateLimited, false}, "500": {core.CodeInternal, false},
		"503": {core.CodeAccountsUnavailable, false}, "408": {core.CodeTooSlow, false},
		"403": {core.CodeEmailUnconfirmed, true}, "409": {core.CodeConflict, true}, "422": {core.CodeInvalid, true}, "404": {core.CodeNotFound, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.accounts.set("SignIn", core.Fail(c.code, nil))
			key := core.NewID().String()
			first := b.keyed(key, http.MethodPost, "/auth/login", "", login(adaPassword))
			first.problem(t, statusOf(core.Fail(c.code, nil)), string(c.code))
			b.accounts.set("SignIn", nil)
			second := b.keyed(key, http.MethodPost, "/auth/login", "", login(adaPassword))
			if c.kept {
				isReplay(t, first, second)
				return
			}
			if second.status != 200 || second.header.Get(headerReplayed) != "" {
				t.Fatalf("%d %s", second.status, second.body)
			}
		})
	}
	// A freed key takes another request, too.
	b := newBench(t)
	key := core.NewID().String()
	b.keyed(key, http.MethodPost, "/auth/login", "", login("wrong")).problem(t, 401, "bad_credentials")
	if b.keys.count() != 0 {
		t.Error("a 401 left a row")
	}
	if got := b.keyed(key, http.MethodPost, "/auth/login", "", login(adaPassword)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestI13_APanicFreesTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := core.NewID().String()
	b.keyedUpload(key, adaToken, pdf("panic!")).problem(t, 500, "internal")
	if got := b.keyedUpload(key, adaToken, pdf("one")); got.status != 202 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestI13_ABodyThatBrokeOffClaimsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := core.NewID().String()
	conn := b.dial("Content-Length: 1000000\r\n" + headerKey + ": " + key)
	_, _ = io.WriteString(conn, fileHead+strings.Repeat("x", 200_000))
	_ = conn.Close()
	b.observed("POST " + pathUpload)
	if b.keys.count() != 0 {
		t.Error("a body that broke off left a claim")
	}
	if got := b.keyedUpload(key, adaToken, pdf("one")); got.status != 202 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestI13_TheAnswerExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := core.NewID().String()
	first := b.keyedUpload(key, adaToken, pdf("one"))
	b.keys.age(23 * time.Hour)
	isReplay(t, first, b.keyedUpload(key, adaToken, pdf("one")))
	b.keys.age(2 * time.Hour)
	b.keyedUpload(key, adaToken, pdf("one")).problem(t, 409, "duplicate_document")
}

// A database that restarts is away for moments: the claim is ended when it is
// back, and the client's repetition is not refused for the lease's minutes.
func TestI13_AClaimOutlivesNoRestartOfTheStore(t *testing.T) {
	t.Parallel()
	away := core.Fail(core.CodeDatabaseUnavailable, nil)
	b := newBench(t)
	key := core.NewID().String()
	b.blobs.set("Put", core.Fail(core.CodeStorageUnavailable, nil))
	b.keys.times("Release", 2, away)
	b.keyedUpload(key, adaToken, pdf("one")).problem(t, 503, "storage_unavailable")
	b.blobs.set("Put", nil)
	b.keys.times("Keep", 2, away)
	first := b.keyedUpload(key, adaToken, pdf("one"))
	if first.status != 202 {
		t.Fatalf("%d %s", first.status, first.body)
	}
	isReplay(t, first, b.keyedUpload(key, adaToken, pdf("one")))
}

// The request had its effect and the answer could not be kept: it is sent, and
// the same request is answered alike when the lease is over.
func TestI13_AnAnswerThatCannotBeKeptIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.CleanupTime = time.Second })
	key := core.NewID().String()
	b.keys.set("Keep", core.Fail(core.CodeDatabaseUnavailable, nil))
	first := b.keyedUpload(key, adaToken, pdf("one"))
	if first.status != 202 || !strings.Contains(b.log.String(), "idempotency answer not kept") {
		t.Fatalf("%d %s", first.status, first.body)
	}
	if strings.Contains(b.log.String(), key) {
		t.Error("the log names the key")
	}
	b.keys.set("Keep", nil)
	b.keyedUpload(key, adaToken, pdf("one")).problem(t, 409, "idempotency_in_use")
	b.keys.age(6 * time.Minute)
	second := b.keyedUpload(key, adaToken, pdf("one"))
	var was, is Document
	first.json(t, &was)
	second.json(t, &is)
	if second.status != 202 || is.DocumentID != was.DocumentID || second.header.Get(headerReplayed) != "" || b.library.count(ada.ID) != 1 {
		t.Errorf("%d %s", second.status, second.body)
	}
	isReplay(t, second, b.keyedUpload(key, adaToken, pdf("one")))
}

// The commit's answer was lost and the store could not be asked: a 503 that hid
// a document. The same request finds it, and is not told of a duplicate.
func TestI13_ADoubtful503IsTakenUpWhereItEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	away := core.Fail(core.CodeDatabaseUnavailable, nil)
	b.library.lateAdd = away
	b.library.set("Standing", away)
	key := core.NewID().String()
	b.keyedUpload(key, adaToken, pdf("one")).problem(t, 503, "database_unavailable")
	b.library.lateAdd = nil
	b.library.set("Standing", nil)
	got := b.keyedUpload(key, adaToken, pdf("one"))
	if got.status != 202 || b.library.count(ada.ID) != 1 {
		t.Errorf("%d %s", got.status, got.body)
	}
	isReplay(t, got, b.keyedUpload(key, adaToken, pdf("one")))
}

func TestI13_WithoutTheStoreNothingRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.keys.set("Claim", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.keyedUpload(core.NewID().String(), adaToken, pdf("one")).problem(t, 503, "database_unavailable")
	b.keyed(core.NewID().String(), http.MethodPost, "/auth/logout", adaToken, noBody).problem(t, 503, "database_unavailable")
	if b.library.count(ada.ID) != 0 || b.accounts.sessions() != 0 {
		t.Error("a request ran without a claim")
	}
}

// A run that lost its lease and still lives makes no second document, deletes
// nothing of the first, and overwrites no answer.
func TestI13_ALostRunThatLivesIsFencedOff(t *testing.T) {
	t.Parallel()
	for name, idFirst := range map[string]bool{"by the id": true, "by the content": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lostRun(t, idFirst)
		})
	}
}

func lostRun(t *testing.T, idFirst bool) {
	b := newBench(t)
	b.library.idFirst = idFirst
	inside, on := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b.library.onAdd = func() {
		held := false
		once.Do(func() { held = true })
		if held {
			inside <- struct{}{}
			<-on
		}
	}
	key, lost := core.NewID().String(), make(chan reply)
	go func() { lost <- b.keyedUpload(key, adaToken, pdf("one")) }()
	<-inside
	b.keys.age(6 * time.Minute)
	second := b.keyedUpload(key, adaToken, pdf("one"))
	close(on)
	first := <-lost
	var was, is Document
	first.json(t, &was)
	second.json(t, &is)
	if first.status != 202 || second.status != 202 || was.DocumentID != is.DocumentID || b.library.count(ada.ID) != 1 {
		t.Errorf("%d %s, then %d %s", first.status, first.body, second.status, second.body)
	}
	isReplay(t, second, b.keyedUpload(key, adaToken, pdf("one")))
	id, _ := core.ParseID(is.DocumentID)
	if keys := b.blobs.keys(); len(keys) != 1 || keys[0] != b.library.docs[ada.ID][id].Key || b.library.open() != 0 {
		t.Errorf("the document lies at %s, storage holds %v, %d intents", b.library.docs[ada.ID][id].Key, keys, b.library.open())
	}
}

// A run ends itself within its lease, however long its client would wait.
func TestI13_ARunEndsWithinItsLease(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.Library = &patientLibrary{memLibrary: d.Library.(*memLibrary), wait: time.Hour}
		d.Limits.KeyLease = 100 * time.Millisecond
	})
	b.keyedUpload(core.NewID().String(), adaToken, pdf("one")).problem(t, 503, "database_unavailable")
}

func TestI13_AnAnswerTooLargeToKeepIsSentWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxKeptAnswer = 16 })
	key := core.NewID().String()
	first := b.keyedUpload(key, adaToken, pdf("one"))
	var doc Document
	first.json(t, &doc)
	if first.status != 202 || doc.DocumentID == "" || first.header.Get("Location") == "" || !strings.Contains(b.log.String(), "not kept") {
		t.Errorf("%d %s", first.status, first.body)
	}
	b.keyedUpload(key, adaToken, pdf("one")).problem(t, 409, "idempotency_in_use")
}

// What was stored opens with its own key alone, and in its own row alone.
func TestI13_AVaultOpensNoOthers(t *testing.T) {
	t.Parallel()
	user, key := core.NewID(), core.NewID()
	vaults := map[string]*vault{}
	for name, ids := range map[string][2]core.ID{"own": {user, key}, "user": {core.NewID(), key}, "key": {user, core.NewID()}, "none": {{}, key}} {
		v, err := newVault(ids[0], ids[1])
		if err != nil {
			t.Fatal(err)
		}
		vaults[name] = v
	}
	own := vaults["own"]
	sealed, err := own.close(keptAnswer{Status: 201, Body: []byte("token")})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := own.open(sealed); err != nil || a.Status != 201 || string(a.Body) != "token" {
		t.Errorf("%+v, %v", a, err)
	}
	for name, v := range vaults {
		if _, err := v.open(sealed); (err == nil) != (name == "own") {
			t.Errorf("%s: %v", name, err)
		}
		if name != "own" && (v.row == own.row || v.fingerprint([]byte("x")) == own.fingerprint([]byte("x"))) {
			t.Errorf("%s shares a value", name)
		}
	}
	if own.fingerprint([]byte("ab"), []byte("c")) == own.fingerprint([]byte("a"), []byte("bc")) {
		t.Error("two requests have one fingerprint")
	}
	sealed[len(sealed)/2] ^= 1
	if _, err := own.open(sealed); err == nil {
		t.Error("a changed answer was opened")
	}
}
