package boot_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// The words that are planted in a world's life, one a kind of what is not to be
// told.
const (
	canaryPerson = "canaryperson7zq" // of the mail address; of the password too
	canaryName   = "Canaryname8zq"
	canaryFile   = "canaryfile9zq"
	canaryPolicy = "canarypolicy10zq"
	canaryText   = "canarytext11zq"
	canaryQuery  = "canaryquery12zq"
	canaryToken  = "canarytoken13zq"
	canaryReason = "CANARYREASON14ZQ" // of a provider's error
	canaryBody   = "canarybody15zq"   // of a forged callback
	canaryHeader = "canaryheader16zq"
)

// belongs are the tables that hold what people sent; everything else holds none
// of it.
var belongs = map[string]string{
	"upload_pipeline.documents":       canaryFile,
	"upload_pipeline.document_pages":  canaryText,
	"upload_pipeline.document_chunks": canaryText,
	"local_auth.accounts":             canaryPerson,
}

// hears asks and gives the answer's body, which has to be an error.
func (w *world) hears(method, path, token, kind string, body string) string {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": kind, "User-Agent": canaryHeader, "X-Request-ID": canaryHeader,
		"Referer": "https://example.com/" + canaryHeader} {
		request.Header.Set(name, value)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode < http.StatusBadRequest {
		w.t.Fatalf("%s answered %d (%v): no error", method, response.StatusCode, err)
	}
	return string(text)
}

// canaryLife lets a person do everything there is, well and badly, and gives the
// errors that were answered and the secrets that came up.
func (w *world) canaryLife() (errors []string, secrets []string) {
	w.t.Helper()
	someone := w.person(canaryPerson)
	one := corpus.Filler(1, 1)
	w.llama.Faults.Summary("The deductible is $500. " + canaryText)
	id := someone.taken(canaryFile+".pdf", one.Bytes)
	someone.completes(id)
	someone.search("deductible "+canaryQuery, 3)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.EmptyData, Times: 4, Match: canaryQuery})
	someone.search("again "+canaryQuery, 3)
	w.openai.Heal()
	w.llama.Faults.FailWith(canaryReason)
	failed := someone.taken(canaryFile+"-2.pdf", corpus.Filler(1, 2).Bytes)
	if last := someone.end(failed); !last.Status.Failed() {
		w.t.Fatalf("the second document ended as %s", last.Status)
	}
	w.llama.Faults.FailWith("")
	if status := w.call(http.MethodDelete, w.api+"/documents/"+failed, someone.token, nil, nil); status != http.StatusAccepted {
		w.t.Fatalf("the deletion answered %d", status)
	}
	var session struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	login := map[string]string{"email": canaryPerson + "@example.com", "password": "quiet-heron-lantern-" + canaryPerson}
	for _, path := range []string{"/auth/login", "/auth/refresh"} {
		if status := w.call(http.MethodPost, w.api+path, "", login, &session); status != http.StatusOK {
			w.t.Fatalf("%s answered %d", path, status)
		}
		secrets = append(secrets, session.AccessToken, session.RefreshToken)
		login = map[string]string{"refresh_token": session.RefreshToken}
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + canaryToken + "."
	unknown := core.NewID().String()
	for _, bad := range [][5]string{
		{http.MethodPost, w.api + "/auth/login", "", "application/json", `{"email":"` + canaryPerson + `@example.com","password":"` + canaryToken + `"}`},
		{http.MethodPost, w.api + "/auth/login", "", "application/json", `{"email":"` + canaryPerson},
		{http.MethodPost, w.api + "/auth/signup", "", "application/json", `{"email":"` + canaryPerson + `","password":"` + canaryToken + `","name":"` + canaryName + `","consent_version":"1","consent_timestamp":"x"}`},
		{http.MethodPost, w.api + "/auth/refresh", "", "application/json", `{"refresh_token":"` + canaryToken + `"}`},
		{http.MethodGet, w.api + "/documents", forged, "", ""},
		{http.MethodGet, w.api + "/documents/" + canaryFile + "?x=" + url.QueryEscape(canaryQuery), someone.token, "", ""},
		{http.MethodGet, w.api + "/documents/" + unknown + "/file", someone.token, "", ""},
		{http.MethodGet, w.api + "/storage/v1/download?token=" + canaryToken, "", "", ""},
		{http.MethodPost, w.api + "/search", someone.token, "application/json", `{"query":"` + canaryQuery + `","limit":-1}`},
		{http.MethodPost, w.api + "/search", someone.token, canaryHeader, canaryQuery},
		{http.MethodPost, w.api + "/upload-document-backend", someone.token, "multipart/form-data; boundary=" + canaryHeader, "--" + canaryHeader + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + canaryFile + ".pdf\"\r\n\r\n" + canaryText},
		{http.MethodPost, w.hook + "/webhook/llamaparse/" + unknown, "", "application/json", `{"event_id":"` + canaryBody + `"}`},
		{http.MethodPost, w.hook + "/webhook/llamaparse", "", "application/json", canaryBody},
	} {
		errors = append(errors, w.hears(bad[0], bad[1], bad[2], bad[3], bad[4]))
	}
	w.idle()
	return errors, secrets
}

// holding lists the tables, of all schemas of ours, that hold the word in any
// column of any row.
func (w *world) holding(word string) (tables []string) {
	w.t.Helper()
	conn := w.db.SuperConn()
	defer conn.Close(w.t.Context()) //nolint:errcheck // nothing is pending
	rows, err := conn.Query(w.t.Context(), `select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('upload_pipeline', 'local_auth', 'river') and c.relkind = 'r' order by 1`)
	if err != nil {
		w.t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	if len(names) < 20 {
		w.t.Fatalf("only %d tables: the query does not see them", len(names))
	}
	var looks []string
	for _, name := range names {
		looks = append(looks, `select '`+name+`' where exists (select from `+name+` t where position(lower($1) in lower(t::text)) > 0)`)
	}
	found, err := conn.Query(w.t.Context(), strings.Join(looks, " union all "), word)
	if err != nil {
		w.t.Fatal(err)
	}
	if tables, err = pgx.CollectRows(found, pgx.RowTo[string]); err != nil {
		w.t.Fatal(err)
	}
	return tables
}

// A whole life, with its failures, leaves what people sent and every secret
// where they belong, and nowhere else: in no line of the log, no job, no event,
// no row of the audit, no metric, no span, no error that was answered.
func TestPlog_S27_ALifeIsToldWithoutItsWords(t *testing.T) {
	t.Parallel()
	w, seen := newWorld(t), &observers{t: t}
	w.config.AdminPort = 0
	w.config.TraceEndpoint = w.serve(seen)
	w.config.LokiURL = w.config.TraceEndpoint
	w.start(boot.Dev)
	errors, secrets := w.canaryLife()
	metrics := w.metered()
	w.halt() // which flushes what is counted and what is traced
	traces := seen.everything()
	secrets = append(secrets, w.config.WebhookKey.Reveal(), w.config.LlamaKey.Reveal(), w.config.OpenAIKey.Reveal(), w.config.SupabaseService.Reveal(),
		strings.Split(w.config.SigningKey.Reveal(), "\n")[1], "quiet-heron-lantern-"+canaryPerson)
	words := []string{canaryPerson, canaryName, canaryFile, canaryPolicy, canaryText, canaryQuery, canaryToken, canaryReason, canaryBody, canaryHeader}
	for _, word := range append(words, secrets...) {
		if strings.Contains(strings.ToLower(w.logs.String()), strings.ToLower(word)) {
			t.Errorf("the log holds %q", word)
		}
		for place, text := range map[string]string{"a metric": metrics, "a span, or a line at Loki,": traces} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
				t.Errorf("%s holds %q", place, word)
			}
		}
		for _, body := range errors {
			if strings.Contains(strings.ToLower(body), strings.ToLower(word)) {
				t.Errorf("an error that was answered holds %q: %s", word, body)
			}
		}
		for _, table := range w.holding(word) {
			if belongs[table] == "" {
				t.Errorf("%s holds %q", table, word)
			}
		}
	}
	for _, secret := range secrets {
		if found := w.holding(secret); len(found) > 0 {
			t.Errorf("a secret stands in %q", found)
		}
	}
	for table, word := range belongs { // or the looking proves nothing
		if !strings.Contains(fmt.Sprint(w.holding(word)), table) {
			t.Errorf("%s does not hold %q, which belongs there", table, word)
		}
	}
	for _, kind := range []core.SecurityKind{core.SecurityLoginFailed, core.SecurityTokenRefused, core.SecurityUnknownID, core.SecurityForgedWebhook} {
		if !strings.Contains(w.logs.String(), string(kind)) || !slices.ContainsFunc(w.holding(string(kind)), func(table string) bool { return strings.HasPrefix(table, "upload_pipeline.audit_") }) {
			t.Errorf("%s is not in the log and the audit: nothing was looked at", kind)
		}
	}
	if t.Failed() {
		return
	}
	w.audited()
}

// metered reads the metrics, which have to tell of the life.
func (w *world) metered() string {
	w.t.Helper()
	status, text := w.look(w.admin + "/metrics")
	for _, family := range []string{"security_events_total{event=\"authn_login_fail\"}", "http_client_request_duration_seconds_count", "docpipe_build_info"} {
		if status != http.StatusOK || !strings.Contains(text, family) {
			w.t.Errorf("the metrics (%d) have no %s: nothing was looked at", status, family)
		}
	}
	return text
}

// audited seals what waits and follows the chain, as navigator audit verify does.
func (w *world) audited() {
	w.t.Helper()
	hand, err := boot.NewAuditor(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	defer hand.Close()
	w.count(`select sealed from upload_pipeline.seal_audit(100000)`)
	check, err := hand.Verify(w.t.Context(), nil)
	if err != nil || check.Rows == 0 || len(check.Faults) != 0 {
		w.t.Fatalf("the audit log: %+v (%v)", check, err)
	}
	seq, hash, err := core.ParseAnchor(check.Anchor)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines bytes.Buffer
	if rows, err := hand.Export(w.t.Context(), postgres.AuditFilter{}, &lines); err != nil || int64(rows) != check.Rows || strings.Count(lines.String(), "\n") != rows {
		w.t.Errorf("exported %d of %d rows (%v)", rows, check.Rows, err)
	}
	w.damaged = true
	conn := w.db.SuperConn()
	if _, err := conn.Exec(w.t.Context(), `set session_replication_role = replica; delete from upload_pipeline.audit_log where seq = (select max(seq) from upload_pipeline.audit_log);
		update upload_pipeline.audit_head set seq = seq - 1, hash = (select hash from upload_pipeline.audit_log order by seq desc limit 1)`); err != nil {
		w.t.Fatal(err)
	}
	if check, err := hand.Verify(w.t.Context(), map[int64][32]byte{seq: hash}); err != nil || len(check.Faults) != 1 {
		w.t.Errorf("cut off, and against the anchor: %+v (%v)", check.Faults, err)
	}
}
