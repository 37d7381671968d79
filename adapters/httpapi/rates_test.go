package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Every operation of the document is under exactly one rule of the table, names
// it, documents its 429, and tells the caller about that very rule.
func TestEveryRouteIsUnderOneRule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Rule      string                    `json:"x-rate-limit"`
			Responses map[string]map[string]any `json:"responses"`
		} `json:"paths"`
	}
	b.get(pathOpenAPI, "").json(t, &doc)
	rules := map[string]Rule{}
	for _, r := range withRules(nil) {
		rules[r.Name] = r
	}
	used := map[string]bool{}
	for path, item := range doc.Paths {
		for method, op := range item {
			route := strings.ToUpper(method) + " " + path
			rule, known := rules[op.Rule]
			if !known || ruleOf(route) != op.Rule {
				t.Errorf("%s is under %q", route, op.Rule)
				continue
			}
			used[op.Rule] = true
			if (rule.Scope == PerAddress) != publicSet()[route] {
				t.Errorf("%s is counted per %s", route, rule.Scope)
			}
			headers, _ := op.Responses["429"]["headers"].(map[string]any)
			for _, name := range []string{"Retry-After", headerPolicy, headerRate} {
				if headers[name] == nil {
					t.Errorf("%s documents its 429 without %s", route, name)
				}
			}
			got := b.do(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", anyID), adaToken, jsonType, strings.NewReader("{}"))
			if want := fmt.Sprintf("%q;q=%d;w=60", rule.Name, rule.Requests); got.header.Get("RateLimit-Policy") != want {
				t.Errorf("%s: RateLimit-Policy %q, want %q", route, got.header.Get("RateLimit-Policy"), want)
			}
		}
	}
	if apart := 3; len(used) != len(rules)-apart { // two by account, and the webhook's
		t.Errorf("rules that no route is under: %d of %d used", len(used), len(rules))
	}
	for route := range ruleOfRoute {
		method, path, _ := strings.Cut(route, " ")
		if route == confirmForm { // a page's, and no operation
			continue
		}
		if doc.Paths[path][strings.ToLower(method)].Rule == "" {
			t.Errorf("the table names %s, which is no route", route)
		}
	}
	for _, path := range []string{pathOpenAPI, pathOpenAPI30} {
		if !strings.HasPrefix(b.get(path, "").header.Get("RateLimit"), `"public"`) {
			t.Errorf("%s is not limited", path)
		}
	}
}

// The documents of a day may each be asked after once a second, by any client.
func TestStatusPollsAreNotMet(t *testing.T) {
	t.Parallel()
	for _, r := range DefaultLimits().Rates {
		perMinute := float64(r.Requests) / r.Window.Minutes()
		if r.Name == ruleStatus && perMinute < float64(60*DefaultLimits().UploadsPerDay) {
			t.Errorf("%g polls a minute for %d documents", perMinute, DefaultLimits().UploadsPerDay)
		}
	}
}

func withRate(limiter *memLimiter, name string, requests int, window time.Duration) func(*APIDeps) {
	return func(d *APIDeps) {
		d.Limiter, d.Limits.Rates = limiter, append(d.Limits.Rates, Rule{Name: name, Requests: requests, Window: window})
	}
}

// P-sec, S21: beyond a rate there is nothing but 429, and the caller learns
// when to come back.
func TestPsec_BeyondTheRateIs429(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBench(t, withRate(limiter, ruleAuth, 3, 90*time.Second), withRate(limiter, ruleSearch, 1, time.Minute))
	login := func() reply { return b.post("/auth/login", "", `{"email":"ada@example.org","password":"wrong"}`) }
	for left := 2; left >= 0; left-- {
		got := login()
		got.problem(t, http.StatusUnauthorized, "bad_credentials")
		if want := fmt.Sprintf(`"auth";r=%d;t=1`, left); got.header.Get("RateLimit") != want {
			t.Errorf("RateLimit %q, want %q", got.header.Get("RateLimit"), want)
		}
	}
	got := login()
	p := got.problem(t, http.StatusTooManyRequests, "rate_limited")
	if got.header.Get("Retry-After") != "2" || got.header.Get("RateLimit") != `"auth";r=0;t=90` || got.header.Get("RateLimit-Policy") != `"auth";q=3;w=90` {
		t.Errorf("headers %v", got.header)
	}
	if detail, _ := p["detail"].(string); !strings.Contains(detail, "3 in 90 seconds") || !strings.Contains(detail, "address") {
		t.Errorf("detail %q", detail)
	}
	// The modern address and its alias are one rule; other rules are untouched.
	b.post("/login", "", `{"email":"ada@example.org","password":"wrong"}`).problem(t, http.StatusTooManyRequests, "rate_limited")
	if got := b.get("/auth/user", adaToken); got.status != http.StatusOK {
		t.Errorf("reading is refused: %d", got.status)
	}
	// One user's rate is not another's.
	b.post("/search", adaToken, `{"query":"x"}`)
	b.post("/search", adaToken, `{"query":"x"}`).problem(t, http.StatusTooManyRequests, "rate_limited")
	if got := b.post("/search", bobToken, `{"query":"x"}`); got.status != http.StatusOK {
		t.Errorf("bob pays for ada: %d", got.status)
	}
	if len(b.accounts.signUps) != 0 {
		t.Error("something else happened")
	}
}

// Guessed tokens are counted by address, and end in 429.
func TestS18_TokensAreNotGuessedAtSpeed(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBench(t, withRate(limiter, rulePublic, 5, time.Minute))
	for range 5 {
		b.get("/auth/user", "guess").problem(t, http.StatusUnauthorized, "unauthenticated")
	}
	b.get("/auth/user", "guess").problem(t, http.StatusTooManyRequests, "rate_limited")
	if got := b.get("/auth/user", adaToken); got.status != http.StatusOK {
		t.Errorf("a right token is refused: %d", got.status)
	}
}

// S23: no header makes another caller of the same one, and keys reach no log.
func TestS23_TheClientsOwnWordIsNotBelieved(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBench(t, withRate(limiter, ruleAuth, 10, time.Minute))
	var last reply
	for n := range 50 {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/auth/login", strings.NewReader(`{"email":"a@b.c","password":"x"}`))
		req.Header.Set("Content-Type", jsonType)
		for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"} {
			req.Header.Set(name, fmt.Sprintf("198.51.100.%d", n))
		}
		last = b.send(req)
	}
	last.problem(t, http.StatusTooManyRequests, "rate_limited")
	if keys := limiter.keys(); len(keys) != 3 || !keys["auth 127.0.0.1"] {
		t.Errorf("keys %v", keys)
	}
	b.get("/auth/user", adaToken)
	if keys := limiter.keys(); !keys["reads "+ada.ID.String()] {
		t.Errorf("keys %v", keys)
	}
	b.server.Close()
	for line := range strings.Lines(b.log.String()) {
		if strings.Contains(line, "127.0.0.1") || strings.Contains(line, "198.51") {
			t.Errorf("the log holds an address: %s", line)
		}
	}
}

func TestS23_TheAddressIsTheOneATrustedProxySaw(t *testing.T) {
	t.Parallel()
	const v6 = "2001:db8:1:2:3:4:5:6"
	for name, c := range map[string]struct {
		hops   int
		peer   string
		header []string
		want   string
	}{
		"no proxy":                   {0, "192.0.2.7:4711", []string{"203.0.113.9"}, "192.0.2.7"},
		"one proxy":                  {1, "10.0.0.1:80", []string{"203.0.113.9"}, "203.0.113.9"},
		"what the client put there":  {1, "10.0.0.1:80", []string{"1.1.1.1, 2.2.2.2 , 203.0.113.9"}, "203.0.113.9"},
		"two headers are one list":   {1, "10.0.0.1:80", []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		"two proxies":                {2, "10.0.0.1:80", []string{"1.1.1.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		"past a proxy":               {2, "10.0.0.1:80", []string{"1.1.1.1"}, "10.0.0.1"},
		"no header":                  {1, "10.0.0.1:80", nil, "10.0.0.1"},
		"no address":                 {1, "10.0.0.1:80", []string{"1.1.1.1, unknown"}, "10.0.0.1"},
		"with a port":                {1, "10.0.0.1:80", []string{"203.0.113.9:5555"}, "203.0.113.9"},
		"IPv6 by its network":        {0, "[" + v6 + "]:80", nil, "2001:db8:1:2::/64"},
		"its neighbor":               {1, "10.0.0.1:80", []string{"2001:db8:1:2:ffff::1"}, "2001:db8:1:2::/64"},
		"IPv6 in brackets":           {1, "10.0.0.1:80", []string{"[" + v6 + "]:443"}, "2001:db8:1:2::/64"},
		"IPv6 in brackets, no port":  {1, "10.0.0.1:80", []string{"[" + v6 + "]"}, "2001:db8:1:2::/64"},
		"a zone does not make a new": {0, "[fe80::1%eth0]:80", nil, "fe80::/64"},
		"IPv4 within IPv6":           {0, "[::ffff:192.0.2.7]:80", nil, "192.0.2.7"},
		"a socket":                   {0, "@", nil, "unknown"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.header}}
		if got := clientKey(clientNetwork(r, Trust{Hops: c.hops})); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheQuotaIsAskedBeforeTheBody(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.UploadsPerDay = 2 })
	for _, content := range []string{"1", "2"} {
		if got := b.upload(adaToken, pdf(content)); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	b.library.set("Intend", core.Fail(core.CodeInternal, nil)) // nothing may come this far
	for _, path := range []string{pathUpload, pathDocuments} {
		kind, body := multipartBody(t, pdf("3"))
		got := b.do(http.MethodPost, path, adaToken, kind, strings.NewReader(string(body)))
		got.problem(t, http.StatusTooManyRequests, "quota_exceeded")
		if got.header.Get("Retry-After") != "5400" {
			t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
		}
	}
	b.library.set("Intend", nil)
	if got := b.upload(bobToken, pdf("1")); got.status != http.StatusOK {
		t.Errorf("another user: %d", got.status)
	}
	// The early look may be too early: what Add says is final, and nothing stays.
	late := newBench(t, func(d *APIDeps) { d.Limits.UploadsPerDay = 2 })
	late.library.set("Add", core.Wait(core.CodeQuotaExceeded, time.Hour, nil))
	late.upload(adaToken, pdf("1")).problem(t, http.StatusTooManyRequests, "quota_exceeded")
	if len(late.blobs.keys()) != 0 || late.library.open() != 0 {
		t.Errorf("objects %v, %d intents", late.blobs.keys(), late.library.open())
	}
	late.spoolEmpty()
}

// Every code is answered with the one status of the table, which some operation
// documents, in a problem that is whole and holds nothing of the cause.
func TestEveryCodeIsOneDocumentedStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	documented := map[string]bool{}
	for _, item := range b.document(pathOpenAPI).Paths {
		for _, op := range item {
			for status := range op.Responses {
				documented[status] = true
			}
		}
	}
	for _, code := range core.Codes() {
		fault := core.Fail(code, fmt.Errorf("canary %s", code))
		want := statusOf(fault)
		b.library.set("Standing", fault)
		got := b.get("/documents/"+anyID+"/status", adaToken)
		p := got.problem(t, want, string(code))
		if !documented[fmt.Sprint(want)] {
			t.Errorf("%s: no operation documents %d", code, want)
		}
		if p["title"] != code.Message() || p["type"] != "urn:insurance-navigator:problem:"+string(code) || p["advice"] != code.Advice() {
			t.Errorf("%s: %s", code, got.body)
		}
		if strings.Contains(string(got.body), "canary") {
			t.Errorf("%s leaks its cause: %s", code, got.body)
		}
		if wait := got.header.Get("Retry-After"); (wait != "") != (want == 429 || want == 503) {
			t.Errorf("%s: %d with Retry-After %q", code, want, wait)
		}
	}
	for code := range codeStatus {
		if text, _ := json.Marshal(core.Codes()); !strings.Contains(string(text), `"`+string(code)+`"`) {
			t.Errorf("the table of statuses knows %s, which is no code", code)
		}
	}
}
