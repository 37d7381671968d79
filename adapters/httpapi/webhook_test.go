package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// backDoor is one webhook on a real server.
type backDoor struct {
	*bench
	inbox *memInbox
}

func sign(attempt core.ID, raw []byte) string {
	mac := hmac.New(sha256.New, attempt[:])
	mac.Write(raw)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func authentic(attempt core.ID, h http.Header, raw []byte) bool {
	values := h.Values("LC-Signature")
	return len(values) == 1 && hmac.Equal([]byte(values[0]), []byte(sign(attempt, raw)))
}

func readHint(raw []byte) (Hint, error) {
	var body struct {
		EventID string `json:"event_id"`
		Type    string `json:"event_type"`
		Job     string `json:"job_id"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return Hint{}, errors.New("body: " + string(raw))
	}
	return Hint{EventID: body.EventID, EventType: body.Type, ProviderJob: body.Job, Relevant: body.Type == "parse.success"}, nil
}

func webhookDeps(inbox *memInbox, log io.Writer) WebhookDeps {
	return WebhookDeps{
		Inbox: inbox, Health: memHealth{}, Security: &memAudit{}, Logger: slog.New(slog.NewJSONHandler(log, nil)),
		Authentic: authentic, ReadHint: readHint, Version: "test",
	}
}

func newBackDoor(t *testing.T, change ...func(*WebhookDeps)) *backDoor {
	t.Helper()
	b := &backDoor{
		bench: &bench{t: t, log: &lockedBuffer{}, seen: make(chan Observation, 256)},
		inbox: &memInbox{attempts: map[string]core.ID{}},
	}
	deps := webhookDeps(b.inbox, b.log)
	deps.Observe = func(o Observation) { b.seen <- o }
	for _, c := range change {
		c(&deps)
	}
	handler, err := NewWebhook(deps)
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(handler)
	t.Cleanup(b.server.Close)
	b.url = b.server.URL
	return b
}

const callbackPath = "/webhook/llamaparse"

// deliver sends a callback with the given signatures.
func (b *backDoor) deliver(path string, raw []byte, signatures ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, bytes.NewReader(raw))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range signatures {
		req.Header.Add("LC-Signature", s)
	}
	return b.send(req)
}

var callbackBody = []byte(`{"event_id":"e1", "event_type":"parse.success","job_id":"job-1"}`)

func TestCallbackIsKept(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	b.inbox.attempts["job-1"] = attempt
	for _, path := range []string{
		callbackPath + "/" + attempt.String(), callbackPath, "/api/upload-pipeline" + callbackPath + "/" + attempt.String(),
	} {
		got := b.deliver(path, callbackBody, sign(attempt, callbackBody))
		if got.status != http.StatusOK || strings.TrimSpace(string(got.body)) != `{"ok":true}` {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	received, lookups := b.inbox.counts()
	if received != 3 || lookups != 1 {
		t.Fatalf("%d received, %d look-ups", received, lookups)
	}
	for _, c := range b.inbox.received {
		if c.Attempt != attempt || c.EventID != "e1" || c.EventType != "parse.success" || c.ProviderJob != "job-1" || !c.Relevant ||
			c.BodyBytes != len(callbackBody) || c.BodySHA256 != sha256.Sum256(callbackBody) {
			t.Errorf("callback %+v", c)
		}
	}
}

// S04: what is not proven changes nothing, and with the attempt in the address
// the database is not even asked.
func TestS04ForgedCallbacks(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	b.inbox.attempts["job-1"] = attempt
	good := sign(attempt, callbackBody)
	path := callbackPath + "/" + attempt.String()
	var compact bytes.Buffer
	_ = json.Compact(&compact, callbackBody)
	for name, c := range map[string]struct {
		path string
		body []byte
		sigs []string
	}{
		"no header":            {path, callbackBody, nil},
		"empty header":         {path, callbackBody, []string{""}},
		"wrong prefix":         {path, callbackBody, []string{strings.Replace(good, "sha256", "sha1", 1)}},
		"truncated":            {path, callbackBody, []string{good[:40]}},
		"other secret":         {path, callbackBody, []string{sign(core.NewID(), callbackBody)}},
		"one byte changed":     {path, bytes.Replace(callbackBody, []byte("e1"), []byte("e2"), 1), []string{good}},
		"re-serialized":        {path, compact.Bytes(), []string{good}},
		"header twice":         {path, callbackBody, []string{good, good}},
		"huge header":          {path, callbackBody, []string{strings.Repeat("a", 30_000)}},
		"unknown attempt":      {callbackPath + "/" + core.NewID().String(), callbackBody, []string{good}},
		"attempt is no id":     {callbackPath + "/1", callbackBody, []string{good}},
		"attempt is zero":      {callbackPath + "/" + core.ID{}.String(), callbackBody, []string{sign(core.ID{}, callbackBody)}},
		"malformed and forged": {path, []byte(`{"x`), []string{good}},
		"alias":                {"/api/upload-pipeline" + path, callbackBody, nil},
	} {
		got := b.deliver(c.path, c.body, c.sigs...)
		got.problem(t, http.StatusUnauthorized, "bad_signature")
		if received, lookups := b.inbox.counts(); received+lookups != 0 {
			t.Errorf("%s: the store was asked", name)
		}
	}
	for _, body := range []string{`{"job_id":"unknown"}`, `{}`, `{"job_id":"job-1"}`} {
		b.deliver(callbackPath, []byte(body), good).problem(t, http.StatusUnauthorized, "bad_signature")
	}
	if received, _ := b.inbox.counts(); received != 0 {
		t.Error("a forged callback was stored")
	}
	b.server.Close()
	if n := strings.Count(b.log.String(), `"error_class":"bad_signature"`); n != 17 {
		t.Errorf("%d refusals were logged, want 17", n)
	}
}

// C-14: a malformed body is the sender's fault, never ours.
func TestC14MalformedBodies(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	for _, body := range []string{"", "{", "null x", "\x00", "\xff\xfe", strings.Repeat("[", 100_000)} {
		for _, path := range []string{callbackPath, callbackPath + "/" + attempt.String()} {
			got := b.deliver(path, []byte(body), sign(attempt, []byte(body)))
			got.problem(t, http.StatusBadRequest, "invalid_request")
		}
	}
	if received, _ := b.inbox.counts(); received != 0 {
		t.Error("a malformed callback was stored")
	}
}

func TestC14LargeBodyIsRefusedEarly(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	exact := []byte(`{"x":"` + strings.Repeat("x", 1<<20-8) + `"}`)
	if got := b.deliver(callbackPath+"/"+attempt.String(), exact, sign(attempt, exact)); got.status != 200 {
		t.Errorf("%d bytes: %d", len(exact), got.status)
	}
	over := append(bytes.Clone(exact), ' ')
	b.deliver(callbackPath+"/"+attempt.String(), over, sign(attempt, over)).problem(t, http.StatusRequestEntityTooLarge, "invalid_request")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(conn, "POST "+callbackPath+" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	sent := flood(conn, 64<<20)
	answerOn(t, conn).problem(t, http.StatusRequestEntityTooLarge, "invalid_request")
	_ = conn.Close()
	if n := <-sent; n > 32<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestCallbackEncodings(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(callbackBody)
	_ = w.Close()
	send := func(body io.Reader, signed []byte, encoding string) reply {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+callbackPath+"/"+attempt.String(), body)
		req.Header.Set("LC-Signature", sign(attempt, signed))
		req.Header.Set("Content-Encoding", encoding)
		req.Header.Set("Content-Type", "text/plain")
		return b.send(req)
	}
	send(bytes.NewReader(zipped.Bytes()), zipped.Bytes(), "gzip").problem(t, http.StatusUnsupportedMediaType, "invalid_request")
	if got := send(io.MultiReader(bytes.NewReader(callbackBody)), callbackBody, "identity"); got.status != 200 {
		t.Errorf("chunked, plain: %d %s", got.status, got.body)
	}
}

func TestCallbackWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	away := core.Fail(core.CodeDatabaseUnavailable, errors.New("db.internal"))
	for _, call := range []string{"Receive", "AttemptOf", "InboxState"} {
		b.inbox.set(call, away)
	}
	for _, got := range []reply{
		b.deliver(callbackPath+"/"+attempt.String(), callbackBody, sign(attempt, callbackBody)),
		b.deliver(callbackPath, callbackBody, sign(attempt, callbackBody)),
		b.get("/webhook/status", ""),
	} {
		got.problem(t, http.StatusServiceUnavailable, "database_unavailable")
		if got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// The deadline of the body must not end the request while it is being stored.
func TestF2DeadlineIsLiftedAfterACallback(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t, func(d *WebhookDeps) {
		d.Limits.BodyTime = time.Second
		d.Inbox = &patientInbox{memInbox: d.Inbox.(*memInbox), wait: 1500 * time.Millisecond}
	})
	attempt := core.NewID()
	if got := b.deliver(callbackPath+"/"+attempt.String(), callbackBody, sign(attempt, callbackBody)); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A store that does not answer costs the sender the door's own time, and no more:
// it is told to come again.
func TestACallbackIsAnsweredWhileTheStoreIsSilent(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t, func(d *WebhookDeps) {
		d.Limits.CallbackTime = 50 * time.Millisecond
		d.Inbox = &silentInbox{memInbox: d.Inbox.(*memInbox)}
	})
	attempt := core.NewID()
	got := b.deliver(callbackPath+"/"+attempt.String(), callbackBody, sign(attempt, callbackBody))
	got.problem(t, http.StatusServiceUnavailable, "database_unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// S06: every delivery is handed to the inbox, which stores each once; the door
// keeps nothing of its own.
func TestS06RepeatedDeliveries(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got := b.deliver(callbackPath+"/"+attempt.String(), callbackBody, sign(attempt, callbackBody)); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	all.Wait()
	if received, _ := b.inbox.counts(); received != 50 {
		t.Errorf("%d received", received)
	}
}

// S10: ids the store would refuse are dropped, or the sender would come for ever.
func TestS10OddIDsInAnAuthenticBody(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	attempt := core.NewID()
	for _, id := range []string{`a\u0000b`, strings.Repeat("x", 300), `\n`} {
		body := []byte(`{"event_id":"` + id + `","job_id":"` + id + `"}`)
		if got := b.deliver(callbackPath+"/"+attempt.String(), body, sign(attempt, body)); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	for _, c := range b.inbox.received {
		if c.EventID != "" || c.ProviderJob != "" {
			t.Errorf("callback %+v", c)
		}
	}
}

func TestBackDoorPages(t *testing.T) {
	t.Parallel()
	b := newBackDoor(t)
	var status map[string]any
	b.get("/webhook/status", "").json(t, &status)
	if status["status"] != "running" || status["webhook_calls"] != 0.0 || status["database"] != "ok" || status["last_call"] != "2023-11-14T22:13:20Z" {
		t.Errorf("status %v", status)
	}
	for _, path := range []string{"/webhook/test", "/health", "/livez", "/readyz"} {
		if got := b.get(path, ""); got.status != 200 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if received, lookups := b.inbox.counts(); received+lookups != 0 {
		t.Error("/webhook/test has a side effect")
	}
	for _, path := range []string{"/search", "/documents/x", pathOpenAPI, "/webhook", "/webhook/llamaparse/a/b"} {
		b.get(path, "").problem(t, http.StatusNotFound, "not_found")
	}
	got := b.get(callbackPath, "")
	got.problem(t, http.StatusMethodNotAllowed, "invalid_request")
	if got.header.Get("Allow") != "POST" {
		t.Errorf("Allow %q", got.header.Get("Allow"))
	}
}
