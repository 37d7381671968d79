package httpapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// S03, API3: no operation takes a field that is not its own, by whatever name an
// owner, a state, a place or a right may go; the generated document names the
// operations, so that a new one is among them. The two addresses of old clients
// pass over such a field, as they always did.
func TestS03_FieldsThatAreNotForClientsAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tried := 0
	for path, item := range b.document(pathOpenAPI).Paths {
		for method, op := range item {
			media, ok := op.RequestBody.Content["application/json"]
			if !ok {
				continue
			}
			var content struct{ Example map[string]any }
			if err := json.Unmarshal(media, &content); err != nil || content.Example == nil {
				t.Errorf("%s %s has no example (%v)", method, path, err)
				continue
			}
			for _, field := range []string{"user_id", "owner_id", "status", "storage_path", "storage_key", "role", "roles", "is_admin", "email_confirmed", "id"} {
				content.Example[field] = "service_role-canary"
				body, err := json.Marshal(content.Example)
				if err != nil {
					t.Fatal(err)
				}
				delete(content.Example, field)
				got := b.do(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", anyID), adaToken, jsonType, strings.NewReader(string(body)))
				old := path == pathSignUpAlias || path == pathLoginAlias
				if (!old && got.status != http.StatusUnprocessableEntity) || strings.Contains(string(got.body), "canary") {
					t.Errorf("%s %s with %s: %d %s", method, path, field, got.status, got.body)
				}
				tried++
			}
		}
	}
	for _, made := range b.accounts.signUps {
		if made != b.accounts.signUps[0] || strings.Contains(fmt.Sprint(made), "canary") {
			t.Errorf("a sign-up became another by a field: %+v", made)
		}
	}
	if tried < 100 || b.library.count(ada.ID) != 0 || b.apiKeys.count() != 0 {
		t.Errorf("%d bodies tried, %d documents, %d keys", tried, b.library.count(ada.ID), b.apiKeys.count())
	}
	t.Logf("%d bodies with a field too many were refused", tried)
	for _, field := range []string{"user_id", "status", "storage_key", "document_id"} {
		got := b.upload(adaToken, part{field: field, content: bobID.String()}, pdf(field))
		if owned := b.library.count(bobID); owned != 0 || (got.status >= 300 && got.status != http.StatusUnprocessableEntity && got.status != http.StatusBadRequest) {
			t.Errorf("an upload with %s: %d, and bob has %d documents", field, got.status, owned)
		}
	}
}

// S28: whatever a client writes, in names, paths, headers or bodies, each line
// of the log is one of ours, whole.
func TestS28_NothingThatIsSentMakesALineOfTheLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const forged = "x\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\n\x1b[31mred\x00\u2028end"
	escaped := url.PathEscape(forged)
	quoted, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	b.get("/documents/"+escaped, adaToken)
	b.get("/"+escaped+"?"+url.QueryEscape(forged)+"="+escaped, "")
	b.get("/documents", strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, forged))
	b.post("/search", adaToken, `{"query":`+string(quoted)+`,"limit":`+string(quoted)+`}`)
	b.post("/auth/login", "", `{"email":`+string(quoted)+`,"password":`+string(quoted)+`}`)
	b.post(pathKeys, adaToken, `{"name":`+string(quoted)+`,"scopes":["search"],"expires_in_days":1}`)
	b.upload(adaToken, part{"file", "x\t{\"level\":\"ERROR\"}\x1b[31m.pdf", "application/pdf", "%PDF-1.7\nx"})
	odd, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/livez", nil)
	for _, name := range []string{"User-Agent", "X-Request-ID", "Referer", "X-Forwarded-For", "Idempotency-Key"} {
		odd.Header.Set(name, `{"level":"ERROR","msg":"forged"}`+"\t\u2028")
	}
	b.send(odd)
	b.server.Close()
	lines := 0
	for scanner := bufio.NewScanner(strings.NewReader(b.log.String())); scanner.Scan(); lines++ {
		var line map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil || line["msg"] == nil || line["msg"] == "forged" {
			t.Errorf("a line that is not ours: %q (%v)", scanner.Text(), err)
		}
		if id, _ := line["request_id"].(string); id != "" {
			if _, err := core.ParseID(id); err != nil {
				t.Errorf("a request's id that was sent: %q", id)
			}
		}
		for _, word := range []string{"forged", "\x1b", "\u2028"} {
			if strings.Contains(scanner.Text(), word) {
				t.Errorf("the log holds %q: %s", word, scanner.Text())
			}
		}
	}
	if lines < 7 {
		t.Errorf("%d lines: nothing was looked at", lines)
	}
}
