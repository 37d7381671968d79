package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// changed is limits of which each differs from production's.
func changed() Limits {
	l := DefaultLimits()
	for v, i := reflect.ValueOf(&l).Elem(), 0; i < v.NumField(); i++ {
		switch field := v.Field(i); {
		case field.Type() == reflect.TypeFor[time.Duration]():
			field.SetInt(field.Int() - int64(time.Second))
		case field.CanInt():
			field.SetInt(field.Int() - 1)
		}
	}
	for i := range l.Rates {
		l.Rates[i].Requests += 1000 + i
		l.Rates[i].Window += time.Duration(i+1) * time.Second
	}
	l.MaxFileBytes, l.MaxFormBytes, l.MaxBodyBytes, l.MaxHeaderBytes = 5001, 7001, 9001, 3001
	l.Types = []string{"application/pdf", "application/x-other"}
	for i := range l.Retention {
		l.Retention[i].For += time.Duration(i+1) * time.Hour
	}
	return l
}

// servedAs is the answer's name of each field. What no client can meet is not
// served: the callbacks' bound, the time we give ourselves, how often we look.
var servedAs = map[string]string{
	"MaxFileBytes": "max_file_size_bytes", "MaxPages": "max_pages", "Types": "supported_mime_types", "MaxNameBytes": "max_filename_bytes",
	"MaxFormBytes": "max_form_bytes", "MaxParts": "max_form_parts", "MaxPolicyBytes": "max_policy_id_bytes",
	"UploadTime": "max_upload_seconds", "UploadGrace": "upload_grace_seconds", "MinUploadRate": "min_upload_bytes_per_second",
	"MaxRequests": "max_requests_at_once", "MaxTransfers": "max_transfers_at_once", "MinDownloadRate": "min_download_bytes_per_second", "DownloadGrace": "download_grace_seconds",
	"MaxHeaderBytes": "max_header_bytes", "MaxBodyBytes": "max_json_body_bytes", "BodyTime": "max_json_body_seconds",
	"MaxQuery": "max_query_characters", "MaxResults": "max_search_results", "DefaultResults": "default_search_results",
	"MaxTypes": "max_search_types", "MaxTypeLength": "max_search_type_characters", "MaxSearches": "max_searches_at_once", "SearchWait": "max_search_wait_seconds",
	"MaxIntakes": "max_intakes_at_once", "IntakeWait": "max_intake_wait_seconds",
	"QuestionTime": "max_question_seconds", "QuoteTime": "max_quote_seconds",
	"MaxPage": "max_page_size", "DefaultPage": "default_page_size", "MaxBatch": "max_batch_ids",
	"MinPassword": "min_password_characters", "MaxPassword": "max_password_bytes", "MaxAPIKeys": "max_api_keys_per_user", "APIKeyLife": "max_api_key_seconds",
	"KeyLife": "idempotency_key_seconds", "KeyLease": "idempotency_lease_seconds", "MaxKeptAnswer": "max_replayed_answer_bytes",
	"UploadTTL": "signed_url_ttl_seconds", "LinkTTL": "file_link_ttl_seconds", "MaxOpenUploads": "max_announced_uploads",
	"UploadsPerDay": "max_uploads_per_day_per_user", "Rates": "rates", "Retention": "retention",
	"MaxStreams": "max_event_streams", "MaxStreamTime": "max_event_stream_seconds",
	"StreamHeartbeat": "event_heartbeat_seconds", "StreamRetry": "event_retry_seconds", "StreamWriteTime": "max_event_write_seconds",
	"MaxCallbackBytes": "", "AnswerTime": "", "CallbackTime": "", "CleanupTime": "", "StreamTick": "", "StreamIdleTick": "", "StreamPollTime": "",
}

// asServed is a field's value as JSON tells it.
func asServed(t *testing.T, value any) (out any) {
	t.Helper()
	switch v := value.(type) {
	case time.Duration:
		value = v.Seconds()
	case []Rule:
		var list []RateLimit
		for _, r := range v {
			list = append(list, RateLimit{r.Name, string(r.Scope), r.Requests, int(r.Window.Seconds()), r.About})
		}
		value = list
	case []core.Retention:
		var list []KeptFor
		for _, r := range v {
			kept := KeptFor{Kind: string(r.Kind), About: r.About}
			if seconds := r.For.Seconds(); seconds > 0 {
				kept.Seconds = &seconds
			}
			list = append(list, kept)
		}
		value = list
	}
	text, err := json.Marshal(value)
	if err != nil || json.Unmarshal(text, &out) != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryLimitIsServedAsItStandsInTheTable(t *testing.T) {
	t.Parallel()
	for _, table := range []Limits{changed(), DefaultLimits()} {
		b := newBench(t, func(d *APIDeps) { d.Limits = table })
		var body map[string]any
		b.get(pathLimits, "").json(t, &body)
		for v, i := reflect.ValueOf(table), 0; i < v.NumField(); i++ {
			field := v.Type().Field(i).Name
			name, listed := servedAs[field]
			if !listed {
				t.Errorf("%s is not served", field)
			}
			if name == "" {
				continue
			}
			if diff := cmp.Diff(asServed(t, v.Field(i).Interface()), body[name]); diff != "" {
				t.Errorf("%s (-table +served): %s", name, diff)
			}
		}
		if body["max_file_size_mb"] != float64(table.MaxFileBytes)/1048576 || body["limits_description"] == "" {
			t.Errorf("%v", body)
		}
		for _, name := range []string{"max_concurrent_jobs_per_user"} {
			if value, there := body[name]; !there || value != nil {
				t.Errorf("%s is %v", name, value)
			}
		}
		for _, path := range []string{pathOpenAPI, pathOpenAPI30} {
			var doc map[string]any
			b.get(path, "").json(t, &doc)
			if diff := cmp.Diff(body, doc["x-limits"]); diff != "" {
				t.Errorf("%s (-served +document): %s", path, diff)
			}
		}
	}
	var none map[string]any
	newBench(t).get(pathLimits, "").json(t, &none)
	if per, there := none["max_uploads_per_day_per_user"]; !there || per != nil {
		t.Errorf("a quota nobody holds is published: %v", per)
	}
}

// at walks a decoded document.
func at(t *testing.T, tree any, keys ...string) any {
	t.Helper()
	for _, key := range keys {
		node, ok := tree.(map[string]any)
		if !ok || node[key] == nil {
			t.Fatalf("no %s of %v", key, keys)
		}
		tree = node[key]
	}
	return tree
}

func TestTheDocumentsBoundsAreTheTables(t *testing.T) {
	t.Parallel()
	l := changed()
	b := newBench(t, func(d *APIDeps) { d.Limits = l })
	form := []string{"requestBody", "content", "multipart/form-data", "schema", "properties"}
	for _, path := range []string{pathOpenAPI, pathOpenAPI30} {
		var doc map[string]any
		b.get(path, "").json(t, &doc)
		schema := func(keys ...string) any { return at(t, doc, append([]string{"components", "schemas"}, keys...)...) }
		post := func(route string, keys ...string) any {
			return at(t, doc, append(append([]string{"paths", route, "post"}, form...), keys...)...)
		}
		for name, c := range map[string]struct {
			got  any
			want int
		}{
			"query":      {schema("SearchRequest", "properties", "query", "maxLength"), l.MaxQuery},
			"results":    {schema("SearchRequest", "properties", "limit", "maximum"), l.MaxResults},
			"batch":      {schema("BatchRequest", "properties", "ids", "maxItems"), l.MaxBatch},
			"policy":     {post(pathUpload, "policy_id", "maxLength"), l.MaxPolicyBytes},
			"policy too": {post(pathDocuments, "policy_id", "maxLength"), l.MaxPolicyBytes},
			"old query":  {post(pathSearchAlias, "query", "maxLength"), l.MaxQuery},
			"old limit":  {post(pathSearchAlias, "limit", "maximum"), l.MaxResults},
		} {
			if c.got != float64(c.want) {
				t.Errorf("%s %s: %v, want %d", path, name, c.got, c.want)
			}
		}
		for _, route := range []string{pathDocuments, "/documents/{id}/chunks"} {
			parameters, _ := at(t, doc, "paths", route, "get", "parameters").([]any)
			found := false
			for _, p := range parameters {
				if at(t, p, "name") == "limit" {
					found = at(t, p, "schema", "maximum") == float64(l.MaxPage)
				}
			}
			if !found {
				t.Errorf("%s %s: the page's bound is not %d", path, route, l.MaxPage)
			}
		}
		told := fmt.Sprint(at(t, doc, "info", "description"), schema("SignUpRequest", "properties", "password", "description"),
			at(t, doc, "paths", pathUpload, "post", "description"))
		for _, words := range []string{fmt.Sprintf("At least %d characters and at most %d bytes", l.MinPassword, l.MaxPassword), l.words()} {
			if !strings.Contains(told, words) {
				t.Errorf("%s does not say %q", path, words)
			}
		}
		for _, r := range l.Rates {
			if words := fmt.Sprintf("%s: %d requests in %d seconds per %s", r.Name, r.Requests, r.seconds(), r.Scope.words()); !strings.Contains(told, words) {
				t.Errorf("%s does not say %q", path, words)
			}
		}
	}
}

// What is told is what is held: at each limit the answer is good, one beyond it
// is not.
func TestTheTableIsWhatIsHeld(t *testing.T) {
	t.Parallel()
	l := changed()
	limiter := &memLimiter{}
	b := newBench(t, func(d *APIDeps) { d.Limits, d.Limiter = l, limiter })
	b.library.passages = make([]ports.Passage, 200)
	search := func(letters int) int {
		return b.post("/search", adaToken, fmt.Sprintf(`{"query":%q}`, strings.Repeat("q", letters))).status
	}
	batch := func(n int) int {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = core.NewID().String()
		}
		text, _ := json.Marshal(map[string]any{"ids": ids})
		return b.post("/documents/batch-status", adaToken, string(text)).status
	}
	signUp := func(letters int) int {
		return b.post("/auth/signup", "", strings.Replace(goodSignUp, adaPassword, strings.Repeat("p", letters), 1)).status
	}
	header := func(n int) int {
		return b.from("", http.MethodGet, "/livez", "", "X-Long", strings.Repeat("h", n)).status
	}
	count := 0
	upload := func(content string, parts ...part) int {
		count++
		b.library.lock.Lock() // each upload finds an empty library: the quota is another test's
		b.library.docs = map[core.ID]map[core.ID]ports.Standing{}
		b.library.lock.Unlock()
		return b.upload(adaToken, append(parts, pdf(fmt.Sprintf("%d %s", count, content)))...).status
	}
	policy := func(n int) int { return upload("", part{"policy_id", "", "", strings.Repeat("p", n)}) }
	for name, c := range map[string]struct {
		ask        func(int) int
		limit      int
		good, more int
	}{
		"query":    {search, l.MaxQuery, 200, 422},
		"results":  {func(n int) int { return b.post("/search", adaToken, fmt.Sprintf(`{"query":"x","limit":%d}`, n)).status }, l.MaxResults, 200, 422},
		"page":     {func(n int) int { return b.get(fmt.Sprintf("/documents?limit=%d", n), adaToken).status }, l.MaxPage, 200, 422},
		"batch":    {batch, l.MaxBatch, 200, 422},
		"password": {signUp, l.MaxPassword, 201, 422},
		"weak":     {func(n int) int { return signUp(2*l.MinPassword - n) }, l.MinPassword, 201, 422},
		"header":   {func(n int) int { return header(n - 200) }, l.MaxHeaderBytes + 100, 200, 431},
		"policy":   {policy, l.MaxPolicyBytes, 200, 422},
		"pages":    {func(n int) int { return upload(fmt.Sprintf("pages=%d ", n)) }, l.MaxPages, 200, 422},
		"parts": {func(n int) int {
			return upload("", make([]part, n-1)...)
		}, l.MaxParts, 200, 400},
	} {
		beyond := 1
		if name == "header" {
			beyond = 200 // what the client adds by itself is not known to the byte
		}
		if got := c.ask(c.limit); got != c.good {
			t.Errorf("%s at %d: %d", name, c.limit, got)
		}
		if got := c.ask(c.limit + beyond); got != c.more {
			t.Errorf("%s beyond %d: %d", name, c.limit, got)
		}
	}
	file := func(size int) reply {
		b.library.lock.Lock()
		b.library.docs = map[core.ID]map[core.ID]ports.Standing{}
		b.library.lock.Unlock()
		return b.upload(adaToken, part{"file", "a.pdf", "", "%PDF-" + strings.Repeat("f", size-5)})
	}
	if got := file(int(l.MaxFileBytes)); got.status != http.StatusOK {
		t.Errorf("the largest file: %d %s", got.status, got.body)
	}
	file(int(l.MaxFileBytes)+1).problem(t, 413, "file_too_large")
	b.post("/search", adaToken, `{"query":"`+strings.Repeat(" ", int(l.MaxBodyBytes))).problem(t, 413, "invalid_request")
	for _, r := range l.Rates {
		if got, asked := limiter.rates[r.Name]; asked && got != r.rate() {
			t.Errorf("%s is held at %+v, not %+v", r.Name, got, r.rate())
		}
	}
}
