package supabasetest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

const (
	passwordGrant = "token?grant_type=password"
	refreshGrant  = "token?grant_type=refresh_token"
	codeGrant     = "token?grant_type=pkce"
)

// versioned asks for the errors' newer shape, bare leaves the key out.
var (
	versioned = []string{"X-Supabase-Api-Version", "2024-01-01"}
	bare      = []string{"Apikey", ""}
)

func refreshOf(token string) string { return `{"refresh_token":"` + token + `"}` }

// TestRecordedAuthExchanges replays the first recording whole, in its order.
func TestRecordedAuthExchanges(t *testing.T) {
	t.Parallel()
	clock := newHand()
	r := replaying(t, "ex-auth.txt", supabasetest.Options{Now: clock.now, Auth: supabasetest.AuthOptions{Sites: []string{"google"}}})
	r.play("no apikey", "GET", "user", "", bare...)
	r.play("settings", "GET", "settings", "")
	r.play("signup (autoconfirm)", "POST", "signup", annSignUp)
	r.play("signup dup", "POST", "signup", annSignUp)
	r.play("signup weak (len)", "POST", "signup", `{"email":"b@example.com","password":"short"}`)
	r.play("signup weak api 2024-01-01", "POST", "signup", `{"email":"b@example.com","password":"short"}`, versioned...)
	r.play("signup bad email", "POST", "signup", `{"email":"b","password":"correct-horse"}`)
	r.play("signup no password", "POST", "signup", `{"email":"b@example.com"}`)
	r.play("signup >72 bytes pw", "POST", "signup", `{"email":"b@example.com","password":"`+strings.Repeat("x", 73)+`"}`)
	r.play("signup bad json", "POST", "signup", `{"email":`)
	login := r.play("login", "POST", passwordGrant, annSignUp).session(t)
	r.play("login wrong password", "POST", passwordGrant, `{"email":"ann@example.com","password":"no"}`)
	r.play("login wrong password api 2024-01-01", "POST", passwordGrant, `{"email":"ann@example.com","password":"no"}`, versioned...)
	r.play("login unknown user", "POST", passwordGrant, `{"email":"no@example.com","password":"no"}`)
	r.play("login missing grant", "POST", "token", `{}`)
	r.play("login bad grant", "POST", "token?grant_type=magic", `{}`)
	r.play("user", "GET", "user", "", "Authorization", "Bearer "+login.Access)
	r.play("user bad token", "GET", "user", "", "Authorization", "Bearer abc.def.ghi")
	anon := "Bearer " + r.fake.LegacyKey("anon")
	r.play("user no token (anon key as bearer)", "GET", "user", "", "Authorization", anon)
	refreshes(t, r, clock, login.Refresh)
	r.play("user with AT after family revoked", "GET", "user", "", "Authorization", "Bearer "+login.Access)
	r.play("refresh unknown", "POST", refreshGrant, refreshOf("UNKNOWN"))
	r.play("refresh empty", "POST", refreshGrant, refreshOf(""))
	again := r.play("login again", "POST", passwordGrant, annSignUp).session(t)
	r.play("logout local", "POST", "logout?scope=local", "", "Authorization", "Bearer "+again.Access)
	r.play("user after logout", "GET", "user", "", "Authorization", "Bearer "+again.Access)
	r.play("refresh after logout", "POST", refreshGrant, refreshOf(again.Refresh))
	r.play("logout no token", "POST", "logout", "", "Authorization", anon)
	r.play("authorize disabled provider", "GET", "authorize?provider=github", "", bare...)
	r.play("pkce bad code", "POST", codeGrant, `{"auth_code":"d04866cc-aac9-41c9-8e37-062025f0e553","code_verifier":"`+strings.Repeat("v", 43)+`"}`)
	r.play("admin users with anon", "GET", "admin/users", "", "Apikey", supabasetest.DefaultPublishableKey)
	r.play("admin create (service)", "POST", "admin/users", `{"email":"adm@example.com","password":"correct-horse","email_confirm":true,"app_metadata":{"role":"agent"}}`)
	r.play("admin list", "GET", "admin/users", "")
	r.play("openid-configuration", "GET", ".well-known/openid-configuration", "", bare...)
	r.play("jwks", "GET", ".well-known/jwks.json", "", bare...)
	r.play("health", "GET", "health", "")
	r.finish(map[string]string{"authorize google": "the recording shows a name that no network could resolve"})
}

// refreshes follows one session's tokens: the first is replayed as the parent
// of the active one, as its grandparent within ten seconds, and long after.
func refreshes(t *testing.T, r *replayed, clock *hand, first string) {
	t.Helper()
	second := r.play("refresh 1", "POST", refreshGrant, refreshOf(first)).session(t).Refresh
	if got := r.play("reuse RT (parent of active, allowed)", "POST", refreshGrant, refreshOf(first)).session(t).Refresh; got != second {
		t.Errorf("the parent of the active token gives %q and not the active one", got)
	}
	third := r.play("refresh 2", "POST", refreshGrant, refreshOf(second)).session(t).Refresh
	branch := r.play("reuse RT within interval (grandparent)", "POST", refreshGrant, refreshOf(first)).session(t).Refresh
	clock.pass(11 * time.Second)
	if got := r.play("reuse RT after interval (grandparent)", "POST", refreshGrant, refreshOf(first)).session(t).Refresh; got != branch {
		t.Errorf("the branch's parent gives %q", got)
	}
	r.play("RT3 after family revoked", "POST", refreshGrant, refreshOf(third))
}

// TestRecordedReplaysPasswordsAndSites replays the second recording: a replay
// that is found out, changes of the password, and other sites.
func TestRecordedReplaysPasswordsAndSites(t *testing.T) {
	t.Parallel()
	clock := newHand()
	r := replaying(t, "ex-auth2.txt", supabasetest.Options{Now: clock.now, Auth: supabasetest.AuthOptions{Redirects: []string{"http://127.0.0.1:3000/cb"}}})
	const ann = `{"email":"ann@example.com","password":"correct-horse"}`
	r.do(t, "POST", "/auth/v1/signup", strings.NewReader(ann))
	login := r.play("login", "POST", passwordGrant, ann).session(t)
	second := r.do(t, "POST", "/auth/v1/"+refreshGrant, strings.NewReader(refreshOf(login.Refresh))).session(t)
	third := r.play("refresh RT2->RT3", "POST", refreshGrant, refreshOf(second.Refresh)).session(t)
	clock.pass(11 * time.Second)
	r.play("reuse RT1 (grandparent, after interval)", "POST", refreshGrant, refreshOf(login.Refresh))
	r.play("RT3 after detection", "POST", refreshGrant, refreshOf(third.Refresh))
	r.play("GET /user with old AT after detection", "GET", "user", "", "Authorization", "Bearer "+login.Access)
	bearer := "Bearer " + r.play("new login still ok", "POST", passwordGrant, ann).session(t).Access
	r.play("PUT user password same", "PUT", "user", `{"password":"correct-horse"}`, "Authorization", bearer)
	r.play("PUT user password", "PUT", "user", `{"password":"another-horse"}`, "Authorization", bearer)
	r.play("recover (email; no smtp)", "POST", "recover", `{"email":"nobody@example.com"}`)
	r.play("logout global", "POST", "logout", "", "Authorization", bearer)
	sites(t, r)
	r.finish(nil)
}

func sites(t *testing.T, r *replayed) {
	t.Helper()
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	challenge := "&code_challenge=" + base64.RawURLEncoding.EncodeToString(sum[:]) + "&code_challenge_method=s256"
	begin := func(title, to, challenge string) string {
		return r.play(title, "GET", "authorize?provider=github&redirect_to="+url.QueryEscape(to)+challenge, "", bare...).header.Get("Location")
	}
	back := begin("authorize github pkce", "http://127.0.0.1:3000/cb", challenge)
	consent := r.follow(back)
	r.leads("provider redirect", "http://host/auth/v1/callback?code=stubcode&state=id", consent)
	r.seen["provider redirect"] = true
	code := queryOf(t, r.play("callback", "GET", strings.TrimPrefix(consent, r.url+"/auth/v1/"), "", bare...).header.Get("Location"), "code")
	r.play("pkce wrong verifier", "POST", codeGrant, `{"auth_code":"`+code+`","code_verifier":"`+strings.Repeat("w", 43)+`"}`)
	right := `{"auth_code":"` + code + `","code_verifier":"` + verifier + `"}`
	r.play("pkce exchange", "POST", codeGrant, right)
	r.play("pkce reuse", "POST", codeGrant, right)
	fragment := r.follow(r.follow(begin("authorize implicit (no challenge)", "http://127.0.0.1:3000/cb", "")))
	if !strings.HasPrefix(fragment, "http://127.0.0.1:3000/cb#access_token=") {
		t.Errorf("without a challenge the person is led to %q", fragment)
	}
	elsewhere := r.follow(r.follow(begin("redirect_to not allowed", "http://evil.example/cb", challenge)))
	r.leads("redirect_to not allowed", "http://host?code=id", elsewhere)
	r.play("callback bad state", "GET", "callback?code=x&state=y", "", bare...)
}

// follow is where an address of the project leads.
func (r *replayed) follow(address string) string {
	r.t.Helper()
	return r.do(r.t, "GET", strings.TrimPrefix(address, r.url), nil, bare...).header.Get("Location")
}

func queryOf(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get(name)
}

// TestRecordedRevocation replays the third recording, a line an answer: after a
// replay no token of the session works, and the session itself lives.
func TestRecordedRevocation(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(recordings, "ex-auth3.txt"))
	if err != nil {
		t.Skipf("no recorded exchanges to compare with: %v", err)
	}
	answer := regexp.MustCompile(`(?m)^.*(?:HTTP/1\.1 |/user: )(\d{3})(?: [A-Z][A-Za-z]*)*(?: sb-auth\S* \S+)*( refresh_token_already_used)?.*$`)
	var want []string
	for _, line := range answer.FindAllStringSubmatch(string(content), -1) {
		want = append(want, line[1]+line[2])
	}
	clock := newHand()
	c := serve(t, supabasetest.Options{Now: clock.now})
	first := c.do(t, "POST", "/auth/v1/signup", strings.NewReader(annSignUp)).session(t)
	var got []string
	refresh := func(token string) reply {
		r := c.do(t, "POST", "/auth/v1/"+refreshGrant, strings.NewReader(refreshOf(token)))
		got = append(got, strings.TrimSpace(statusText(r.status)+" "+r.header.Get("X-Sb-Error-Code")))
		return r
	}
	second := refresh(first.Refresh).session(t)
	third := refresh(second.Refresh).session(t)
	clock.pass(11 * time.Second)
	refresh(first.Refresh)
	clock.pass(11 * time.Second)
	refresh(third.Refresh)
	refresh(second.Refresh)
	got = append(got, statusText(c.do(t, "GET", "/auth/v1/user", nil, "Authorization", "Bearer "+first.Access).status))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-real +fake):\n%s", diff)
	}
}

func statusText(status int) string { return strconv.Itoa(status) }

// TestRecordedMailsAndRates replays the fourth recording: what waits for a
// mail's link, and bursts from one address.
func TestRecordedMailsAndRates(t *testing.T) {
	t.Parallel()
	clock := newHand()
	r := replaying(t, "ex-auth4.txt", supabasetest.Options{Now: clock.now, Auth: supabasetest.AuthOptions{ConfirmEmail: true}})
	body := `{"email":"ann@example.com","password":"correct-horse"}`
	r.play("signup (confirmation required)", "POST", "signup?redirect_to=http%3A%2F%2F127.0.0.1%3A3000%2Fok", body)
	r.play("login unconfirmed", "POST", passwordGrant, body)
	clock.pass(500 * time.Millisecond)
	r.play("signup again same unconfirmed email", "POST", "signup", body)
	r.play("resend", "POST", "resend", `{"type":"signup","email":"ann@example.com"}`)
	link, ok := r.fake.Link("ann@example.com")
	if !ok {
		t.Fatal("no mail was sent")
	}
	for _, title := range []string{"verify link", "verify again"} {
		r.play(title, "GET", strings.TrimPrefix(link, "/auth/v1/"), "", bare...)
	}
	r.play("signup existing confirmed (obfuscated)", "POST", "signup", body)
	for title, path := range map[string]string{"/token burst with one X-Forwarded-For": passwordGrant, "/signup burst": "signup"} {
		r.burst(title, path)
	}
	r.finish(nil)
}

// burst sends as many requests from one address as were recorded.
func (r *replayed) burst(title, path string) {
	r.t.Helper()
	r.seen[title] = true
	content, err := os.ReadFile(filepath.Join(recordings, "ex-auth4.txt"))
	if err != nil {
		r.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "### "+title+"\n")
	line, _, _ := strings.Cut(rest, "\n")
	var got []string
	for range strings.Fields(line) {
		answer := r.do(r.t, "POST", "/auth/v1/"+path, strings.NewReader(`{"email":"no","password":"no"}`), "Sb-Forwarded-For", "203.0.113.9")
		got = append(got, map[int]string{http.StatusBadRequest: "400", http.StatusTooManyRequests: "429"}[answer.status])
	}
	if diff := cmp.Diff(strings.Fields(line), got); diff != "" {
		r.t.Errorf("%s (-real +fake):\n%s", title, diff)
	}
}
