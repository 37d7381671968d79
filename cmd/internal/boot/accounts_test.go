package boot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

const ourCallback = "http://localhost:3000/auth/callback"

var mailedLink = regexp.MustCompile(`https?://\S+`)

// mailed waits for a mail with a word in it, and answers its link.
func (w *world) mailed(word string) *url.URL {
	w.t.Helper()
	var link *url.URL
	w.until("a mail", func() bool {
		files, err := filepath.Glob(filepath.Join(w.config.MailDir, "*.eml"))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err == nil && strings.Contains(string(text), word) {
				link, err = url.Parse(mailedLink.FindString(string(text)))
				return err == nil
			}
		}
		return false
	})
	return link
}

// page is what a browser is shown.
func (w *world) page(resp *http.Response, err error) (int, string) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (w *world) wants(method, path, token string, body any, want int) {
	w.t.Helper()
	var problem accepted
	if status := w.call(method, w.api+path, token, body, &problem); status != want {
		w.t.Errorf("%s %s: %d %s, want %d", method, path, status, problem.Code, want)
	}
}

// The life of a local account, as its person lives it: made, confirmed by the
// page of a mail, the password forgotten and set anew, and its sessions ended in
// every process at once.
func TestALocalAccountByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Confirm, w.config.RateFactor = "on", 1
	w.start(boot.API)
	first := w.api
	w.start(boot.API) // and another replica of it
	const password = "seven quiet herons at dusk"
	signUp := map[string]string{"email": "ada@example.com", "password": password, "consent_version": "odd v1", "consent_timestamp": "last tuesday"}
	w.wants(http.MethodPost, "/auth/signup", "", signUp, http.StatusAccepted)
	login := map[string]string{"email": "ada@example.com", "password": password}
	w.wants(http.MethodPost, "/auth/login", "", login, http.StatusForbidden)

	link := w.mailed("Confirm your e-mail address")
	page := w.api + link.Path + "?" + link.RawQuery
	status, text := w.page(http.Get(page)) //nolint:noctx,gosec // a browser's
	if status != http.StatusOK || !strings.Contains(text, `method="post"`) {
		t.Fatalf("the page: %d %s", status, text)
	}
	w.wants(http.MethodPost, "/auth/login", "", login, http.StatusForbidden) // looking at it confirms nothing
	form := url.Values{"token": {link.Query().Get("token")}}
	for _, want := range []int{http.StatusOK, http.StatusBadRequest} {
		if status, text := w.page(http.PostForm(w.api+link.Path, form)); status != want { //nolint:noctx,gosec // likewise
			t.Errorf("confirming: %d %s, want %d", status, text, want)
		}
	}
	var here, there struct {
		AccessToken string `json:"access_token"`
	}
	for _, session := range []any{&here, &there} {
		if status := w.call(http.MethodPost, w.api+"/auth/login", "", login, session); status != http.StatusOK {
			t.Fatalf("signing in: %d", status)
		}
	}
	var list struct {
		Sessions []struct {
			ID      string
			Current bool
			Client  string
		}
	}
	w.call(http.MethodGet, w.api+"/auth/sessions", here.AccessToken, nil, &list)
	if len(list.Sessions) != 2 || list.Sessions[0].Current || !list.Sessions[1].Current || !strings.HasPrefix(list.Sessions[0].Client, "Go-http-client") {
		t.Fatalf("the sessions are %+v", list)
	}
	w.wants(http.MethodDelete, "/auth/sessions/"+list.Sessions[0].ID, here.AccessToken, nil, http.StatusNoContent)
	w.wants(http.MethodDelete, "/auth/sessions/"+list.Sessions[0].ID, here.AccessToken, nil, http.StatusNotFound)
	if status := w.call(http.MethodGet, first+"/auth/user", there.AccessToken, nil, nil); status != http.StatusUnauthorized {
		t.Errorf("the other replica takes an ended session: %d", status)
	}

	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	ask := map[string]string{"redirect_to": ourCallback, "code_challenge": base64.RawURLEncoding.EncodeToString(sum[:])}
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		ask["email"] = email
		w.wants(http.MethodPost, "/auth/recover", "", ask, http.StatusAccepted)
	}
	link = w.mailed("Set a new password")
	recovered := w.exchanges(link.Query().Get("code"), verifier)
	w.wants(http.MethodPut, "/auth/password", recovered, map[string]string{"password": "nine loud geese before noon"}, http.StatusNoContent)
	if status := w.call(http.MethodGet, first+"/auth/user", here.AccessToken, nil, nil); status != http.StatusUnauthorized {
		t.Errorf("a session from before the new password: %d", status)
	}
	var export struct {
		Consent struct{ Version, Timestamp string }
	}
	w.call(http.MethodGet, w.api+"/auth/user/export", recovered, nil, &export)
	var statuses []int
	for range 7 {
		statuses = append(statuses, w.call(http.MethodPost, w.api+"/auth/login", "", map[string]string{"email": "ada@example.com", "password": "wrong"}, nil))
	}
	// Five are free; of these the address' own rate, which counts what went before, may hold the last ones.
	held := slices.Index(statuses, http.StatusTooManyRequests)
	if held < 1 || held > 5 || slices.ContainsFunc(statuses[:held], func(s int) bool { return s != http.StatusUnauthorized }) ||
		slices.ContainsFunc(statuses[held:], func(s int) bool { return s != http.StatusTooManyRequests }) {
		t.Errorf("S21: wrong passwords were answered %v", statuses)
	}
	if export.Consent.Version != "odd v1" || export.Consent.Timestamp != "last tuesday" {
		t.Errorf("C-6: the consent is %+v", export.Consent)
	}
	for _, secret := range []string{"ada@example.com", password, verifier, link.Query().Get("code")} {
		if strings.Contains(w.logs.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}

// An account is deleted with everything in it, unless something is held.
func TestAnAccountIsDeletedWithItsDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	doc := ada.taken("policy.pdf", corpus.MemberCard().Bytes)
	bob.completes(bob.taken("policy.pdf", corpus.MemberCard().Bytes))
	ada.completes(doc)
	var export struct {
		Documents []struct{ File, Text string }
	}
	w.call(http.MethodGet, w.api+"/auth/user/export", ada.token, nil, &export)
	if len(export.Documents) != 1 || !strings.HasSuffix(export.Documents[0].File, "/documents/"+doc+"/file") {
		t.Fatalf("the export: %+v", export)
	}
	owner := w.count(`select count(*) from upload_pipeline.documents d join local_auth.accounts a on a.id = d.user_id where a.email = 'ada@example.com'`)
	if owner != 1 {
		t.Fatalf("%d documents", owner)
	}
	w.exec(`insert into upload_pipeline.holds (user_id, reason, operator) select id, 'CASE-1', 'test' from local_auth.accounts where email = 'ada@example.com'`)
	proof := map[string]string{"current_password": "quiet-heron-lantern-ada"}
	w.wants(http.MethodDelete, "/auth/user", ada.token, proof, http.StatusConflict)
	w.wants(http.MethodGet, "/documents/"+doc, ada.token, nil, http.StatusOK)
	w.exec(`update upload_pipeline.holds set lifted_at = now(), lifted_by = 'test'`)

	w.wants(http.MethodDelete, "/auth/user", ada.token, map[string]string{"current_password": "wrong"}, http.StatusUnauthorized)
	w.wants(http.MethodDelete, "/auth/user", ada.token, proof, http.StatusNoContent)
	w.wants(http.MethodGet, "/auth/user", ada.token, nil, http.StatusUnauthorized)
	w.wants(http.MethodPost, "/auth/login", "", map[string]string{"email": "ada@example.com", "password": "quiet-heron-lantern-ada"}, http.StatusUnauthorized)
	w.until("the documents to be gone", func() bool {
		return w.count(`select count(*) from upload_pipeline.documents`) == 1 && w.count(`select count(*) from upload_pipeline.deletions where done_at is null`) == 0
	})
	w.wants(http.MethodGet, "/documents", bob.token, nil, http.StatusOK)
}

// PRODUCTION takes no papers before the agreements are confirmed.
func TestNoUploadsWithoutAgreements(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		var log bytes.Buffer
		err := boot.Agreed(&log, confirmed).Open(t.Context())
		if confirmed != (err == nil) || !confirmed && !core.HasCode(err, core.CodeAgreementMissing) {
			t.Errorf("confirmed %t: %v", confirmed, err)
		}
		if confirmed == strings.Contains(log.String(), "BAA_CONFIRMED") {
			t.Errorf("confirmed %t: the log says %q", confirmed, log.String())
		}
	}
}
