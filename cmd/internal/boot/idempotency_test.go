package boot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// keyedReply is one answer to a request under a key, read whole.
type keyedReply struct {
	status int
	header http.Header
	body   []byte
}

func (r keyedReply) text(field string) string {
	fields := map[string]any{}
	_ = json.Unmarshal(r.body, &fields) // an answer without a body has no fields
	text, _ := fields[field].(string)
	return text
}

// try sends a request under a key; an error says that no answer came.
func (w *world) try(key, method, path, token, kind string, body []byte) (keyedReply, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, w.api+path, bytes.NewReader(body))
	if err != nil {
		return keyedReply{}, err
	}
	request.Header.Set("Idempotency-Key", key)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return keyedReply{}, err
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(response.Body)
	return keyedReply{response.StatusCode, response.Header, text}, err
}

// form is an upload's body, with another boundary each time.
func form(t testing.TB, name string, content []byte) (kind string, body []byte) {
	t.Helper()
	var out bytes.Buffer
	writer := multipart.NewWriter(&out)
	part, err := writer.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = writer.Close()
	return writer.FormDataContentType(), out.Bytes()
}

func (p person) tryUpload(key, name string, content []byte) (keyedReply, error) {
	kind, body := form(p.w.t, name, content)
	return p.w.try(key, http.MethodPost, "/documents", p.token, kind, body)
}

func (p person) keyedUpload(key, name string, content []byte) keyedReply {
	p.w.t.Helper()
	got, err := p.tryUpload(key, name, content)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return got
}

// twice sends a request twice and holds that the second answer is the first.
func (w *world) twice(method, path, token, body string) keyedReply {
	w.t.Helper()
	key, kind := core.NewID().String(), ""
	if body != "" {
		kind = "application/json"
	}
	var got [2]keyedReply
	for n := range got {
		var err error
		if got[n], err = w.try(key, method, path, token, kind, []byte(body)); err != nil {
			w.t.Fatal(err)
		}
	}
	if got[0].status >= 300 || got[1].status != got[0].status || !bytes.Equal(got[0].body, got[1].body) || got[1].header.Get("Idempotent-Replayed") != "true" {
		w.t.Errorf("%s %s answered %d %s, then %d %s", method, path, got[0].status, got[0].body, got[1].status, got[1].body)
	}
	return got[0]
}

func TestI13_FiftyRequestsUnderOneKeyMakeOneDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada, paper, key := w.person("ada"), corpus.Summary(), core.NewID().String()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			got, err := ada.tryUpload(key, paper.Name, paper.Bytes)
			if err != nil || got.status != http.StatusAccepted && got.text("code") != "idempotency_in_use" {
				t.Errorf("answered %d %s (%v)", got.status, got.body, err)
			}
		})
	}
	group.Wait()
	for _, table := range []string{"upload_pipeline.documents", "upload_pipeline.upload_jobs", "river.river_job where kind = 'parse'"} {
		if n := w.count(`select count(*) from ` + table); n != 1 {
			t.Errorf("%d rows of %s", n, table)
		}
	}
	if n := w.count(`select count(*) from upload_pipeline.storage_intents`); n != 0 {
		t.Errorf("%d intents are left", n)
	}
	if got := ada.keyedUpload(key, paper.Name, paper.Bytes); got.status != http.StatusAccepted || got.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("at the end: %d %s", got.status, got.body)
	}
	// The same key of another person is another key.
	if got := w.person("bob").keyedUpload(key, paper.Name, paper.Bytes); got.status != http.StatusAccepted || got.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("bob's: %d %s", got.status, got.body)
	}
}

// stored is every value of every column of the table, as its owner reads it.
func (w *world) stored() (values [][]byte) {
	w.t.Helper()
	rows, err := w.db.SuperConn().Query(w.t.Context(), `select key_hash, fingerprint, answer, to_jsonb(k)::text::bytea from upload_pipeline.idempotency_keys k`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var row [4][]byte
		if err := rows.Scan(&row[0], &row[1], &row[2], &row[3]); err != nil {
			w.t.Fatal(err)
		}
		values = append(values, row[:]...)
	}
	return values
}

func TestC11_NothingStoredIsReadWithoutTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	const password = "quiet-heron-lantern-eve"
	account := fmt.Sprintf(`{"email":"eve@example.com","password":%q,"consent_version":"1","consent_timestamp":"2026-01-01T00:00:00Z"}`, password)
	signUp := w.twice(http.MethodPost, "/auth/signup", "", account)
	w.twice(http.MethodPost, "/auth/login", "", fmt.Sprintf(`{"email":"eve@example.com","password":%q}`, password))
	fresh := w.twice(http.MethodPost, "/auth/refresh", "", fmt.Sprintf(`{"refresh_token":%q}`, signUp.text("refresh_token")))
	eve := person{w, fresh.text("access_token")}
	key, paper := core.NewID(), corpus.Summary()
	first := eve.keyedUpload(key.String(), "Police Dupont.pdf", paper.Bytes)
	again := eve.keyedUpload(key.String(), "Police Dupont.pdf", paper.Bytes)
	if first.status != http.StatusAccepted || !bytes.Equal(first.body, again.body) || again.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("the upload answered %d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	id := first.text("document_id")
	w.twice(http.MethodPost, "/documents/"+id+"/cancel", eve.token, "")
	w.twice(http.MethodPost, "/documents/"+id+"/retry", eve.token, "")
	w.twice(http.MethodDelete, "/documents/"+id, eve.token, "")
	// A key lets nobody in: the token of an ended session is refused before it.
	out := core.NewID().String()
	for _, want := range []int{http.StatusNoContent, http.StatusUnauthorized} {
		if got, err := w.try(out, http.MethodPost, "/auth/logout", eve.token, "", nil); err != nil || got.status != want {
			t.Errorf("signing out answered %d %s (%v), want %d", got.status, got.body, err, want)
		}
	}
	values := w.stored()
	if len(values) != 8*4 || !holds(values, []byte(id)) {
		t.Fatalf("%d values, the reserved id among them: %t; the search below would prove nothing", len(values), holds(values, []byte(id)))
	}
	for what, secret := range map[string]string{
		"the file's name": "Dupont", "the password": password, "the address": "eve@example", "an access token": fresh.text("access_token"),
		"a refresh token": fresh.text("refresh_token"), "the key": key.String(), "the key's bytes": string(key[:]), "a field's name": "document_id",
		"a hash of the password": "argon2", "a path": "/auth/",
	} {
		if secret == "" || holds(values, []byte(secret)) {
			t.Errorf("%s can be read", what)
		}
	}
	if log := w.logs.String(); strings.Contains(log, key.String()) || strings.Contains(log, "Dupont") {
		t.Error("the log tells the key or the name")
	}
}

func holds(values [][]byte, part []byte) bool {
	for _, value := range values {
		if bytes.Contains(value, part) {
			return true
		}
	}
	return false
}

func TestI13_TheWorkerSweepsExpiredKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Retain.Every = time.Second
	w.start(boot.Dev)
	w.person("ada")
	for range 2 {
		w.twice(http.MethodPost, "/auth/login", "", `{"email":"ada@example.com","password":"quiet-heron-lantern-ada"}`)
	}
	conn := w.db.SuperConn()
	defer conn.Close(t.Context()) //nolint:errcheck // nothing is pending
	if _, err := conn.Exec(t.Context(), `update upload_pipeline.idempotency_keys set expires_at = now() - interval '1 second'
		where key_hash = (select min(key_hash::text)::bytea from upload_pipeline.idempotency_keys)`); err != nil {
		t.Fatal(err)
	}
	w.until("the expired key to be swept", func() bool { return w.count(`select count(*) from upload_pipeline.idempotency_keys`) == 1 })
	w.exec(`update local_auth.refresh_tokens set expires_at = now() - interval '2 hours'`)
	w.until("the sessions that nobody can carry on to be swept", func() bool { return w.count(`select count(*) from local_auth.sessions`) == 0 })
	if n := w.count(`select count(*) from upload_pipeline.operations_log where action = 'retain' and operator = 'service' and counts = '{"idempotency_keys": 1}'`); n != 1 {
		t.Errorf("the operators' log has %d rows of the sweep", n)
	}
}
