package supabasetest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/insurance-navigator/navigator/core"
)

// flow is a sign-in through another site, or by a mail's link, on its way.
type flow struct {
	site      string
	redirect  string
	challenge string
	email     string // once the person is known
	method    string
}

// SitePerson is who every other site says that its visitor is.
const SitePerson = "octocat@example.com"

// sitePath is where the other site stands: in this server, so that nothing
// outside is needed.
const sitePath = "/login/oauth/authorize"

// authorize sends the browser to the other site.
func (s *Server) authorize(c *call) {
	site := c.query("provider")
	if !slices.Contains(s.auth.opts.Sites, site) {
		c.refuse(http.StatusBadRequest, "validation_failed", "Unsupported provider: provider is not enabled")
		return
	}
	if method := c.query("code_challenge_method"); c.query("code_challenge") != "" && method != "s256" && method != "S256" {
		c.refuse(http.StatusBadRequest, "validation_failed", "Invalid transform: only plain and s256 are supported")
		return
	}
	state := core.NewID().String()
	s.auth.mu.Lock()
	s.auth.flows[state] = flow{site: site, redirect: c.query("redirect_to"), challenge: c.query("code_challenge"), method: "oauth"}
	s.auth.mu.Unlock()
	query := url.Values{
		"client_id": {"stub"}, "redirect_to": {c.query("redirect_to")}, "redirect_uri": {"http://" + c.r.Host + "/auth/v1/callback"},
		"response_type": {"code"}, "scope": {"user:email"}, "state": {state},
	}
	c.leadBack(http.StatusFound, "http://"+c.r.Host+sitePath+"?"+query.Encode())
}

// consent is the other site: its visitor always says yes.
func consent(c *call) {
	c.w.Header().Set("Location", c.query("redirect_uri")+"?"+url.Values{"code": {"stubcode"}, "state": {c.query("state")}}.Encode())
	c.w.WriteHeader(http.StatusFound)
}

// callback is where the other site sends the browser back to.
func (s *Server) callback(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	state := c.query("state")
	f, known := s.auth.flows[state]
	if !known || f.email != "" {
		c.leadBack(http.StatusSeeOther, s.auth.opts.SiteURL+"?error=invalid_request&error_code=bad_oauth_state&error_description=OAuth+state+parameter+is+invalid")
		return
	}
	delete(s.auth.flows, state)
	u := s.visitor(f.site)
	f.email = u.Email
	back := s.auth.back(f.redirect)
	if f.challenge != "" {
		c.leadBack(http.StatusFound, back+"?"+url.Values{"code": {s.auth.issueCode(f)}}.Encode())
		return
	}
	fragment, err := s.fragment(c, u, "oauth")
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	c.leadBack(http.StatusFound, back+"#"+fragment+"&token_type=bearer")
}

// visitor is the account of the other site's person, made at the first visit.
func (s *Server) visitor(site string) user {
	u, known := s.auth.state.Users[SitePerson]
	if !known {
		now := s.opts.Now()
		u = user{ID: core.NewID().String(), Email: SitePerson, Site: site, Confirmed: now, CreatedAt: now, UpdatedAt: now,
			Metadata: map[string]any{"name": "Octo Cat", "user_name": "octocat"}}
		s.auth.state.Users[u.Email] = u
	}
	return u
}

// issueCode keeps a flow under the code that its person comes back with.
func (a *auth) issueCode(f flow) string {
	code := core.NewID().String()
	a.flows[code] = f
	return code
}

// grantCode trades a code against its verifier, once. A wrong verifier leaves
// the code as it is.
func (s *Server) grantCode(c *call, in credentials) {
	if in.AuthCode == "" || in.Verifier == "" {
		c.refuse(http.StatusBadRequest, "validation_failed", "invalid request: both auth code and code verifier should be non-empty")
		return
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	f, known := s.auth.flows[in.AuthCode]
	u, has := s.auth.state.Users[f.email]
	sum := sha256.Sum256([]byte(in.Verifier))
	switch {
	case !known || !has:
		c.refuse(http.StatusNotFound, "flow_state_not_found", "invalid flow state, no valid flow state found")
	case f.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		c.refuse(http.StatusBadRequest, "bad_code_verifier", "code challenge does not match previously saved code verifier")
	default:
		delete(s.auth.flows, in.AuthCode)
		s.signIn(c, u, f.method)
	}
}

// discover is OpenID's document about the project.
func (s *Server) discover(c *call) {
	base := s.issuer(c)
	c.w.Header().Set("Cache-Control", "public, max-age=600")
	c.answer(http.StatusOK, discovery{
		base, base + "/oauth/authorize", base + "/oauth/token", base + "/.well-known/jwks.json", base + "/oauth/userinfo",
		[]string{"openid"}, []string{"code"}, []string{"query"}, []string{"authorization_code", "refresh_token"}, []string{"public"},
		[]string{"RS256", "HS256", "ES256"}, []string{"client_secret_basic", "client_secret_post", "none"}, []string{"sub", "aud", "iss", "exp", "iat"}, []string{"S256", "plain"},
	})
}

type discovery struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Scopes        []string `json:"scopes_supported"`
	Responses     []string `json:"response_types_supported"`
	Modes         []string `json:"response_modes_supported"`
	Grants        []string `json:"grant_types_supported"`
	Subjects      []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Clients       []string `json:"token_endpoint_auth_methods_supported"`
	Claims        []string `json:"claims_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
}
