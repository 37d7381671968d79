package supabasetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// administers reports whether the caller holds the service key; otherwise it
// has answered.
func (c *call) administers() bool {
	if c.role == roleService {
		return true
	}
	c.refuse(http.StatusForbidden, "not_admin", "User not allowed")
	return false
}

// createUser makes an account without a sign-in.
func (s *Server) createUser(c *call) {
	var in struct {
		credentials
		Confirm bool           `json:"email_confirm"`
		App     map[string]any `json:"app_metadata"`
	}
	if !c.administers() || !c.decode(&in) || !c.addressed(in.Email) {
		return
	}
	hash, ok := c.hash(in.Password)
	if !ok {
		return
	}
	now, email := s.opts.Now(), strings.ToLower(in.Email)
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if _, taken := s.auth.state.Users[email]; taken {
		c.refuse(http.StatusUnprocessableEntity, "email_exists", "A user with this email address has already been registered")
		return
	}
	u := user{ID: core.NewID().String(), Email: email, Hash: hash, App: in.App, CreatedAt: now, UpdatedAt: now}
	if in.Confirm {
		u.Confirmed = now
	}
	s.auth.state.Users[email] = u
	shown := showUser(u)
	shown.ConfirmedAt = "" // computed when the row is read again
	shown.Metadata = map[string]any{"email_verified": in.Confirm}
	c.kept(s.auth.keep(), shown)
}

// listUsers answers all accounts on one page, without their identities.
func (s *Server) listUsers(c *call) {
	if !c.administers() {
		return
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	page := struct {
		Users []userView `json:"users"`
		Aud   string     `json:"aud"`
	}{[]userView{}, roleAuthenticated}
	for _, u := range s.auth.state.Users {
		shown := showUser(u)
		shown.Identities, shown.Metadata = nil, map[string]any{"email_verified": !u.Confirmed.IsZero()}
		page.Users = append(page.Users, shown)
	}
	slices.SortFunc(page.Users, func(a, b userView) int { return strings.Compare(b.CreatedAt, a.CreatedAt) })
	c.answer(http.StatusOK, page)
}

// deleteUser removes an account with its sessions.
func (s *Server) deleteUser(c *call) {
	if !c.administers() {
		return
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	u, known := s.auth.userByID(c.key)
	if !known {
		c.refuse(http.StatusNotFound, "user_not_found", "User not found")
		return
	}
	delete(s.auth.state.Users, u.Email)
	s.auth.endSessions(u.ID, func(string) bool { return true })
	c.kept(s.auth.keep(), struct{}{})
}

// siteNames is every other site that the service knows, in its own order.
var siteNames = []string{
	"anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "snapchat", "figma", "fly", "github", "gitlab", "google", "keycloak", "kakao",
	"linkedin", "linkedin_oidc", "notion", "spotify", "slack", "slack_oidc", "workos", "twitch", "twitter", "email", "phone", "zoom",
}

// settingsView is what a project tells of itself, in the service's own order.
type settingsView struct {
	External      json.RawMessage `json:"external"`
	DisableSignUp bool            `json:"disable_signup"`
	AutoConfirm   bool            `json:"mailer_autoconfirm"`
	PhoneConfirm  bool            `json:"phone_autoconfirm"`
	SMS           string          `json:"sms_provider"`
	SAML          bool            `json:"saml_enabled"`
	SAMLKey       bool            `json:"saml_private_key_next_configured"`
	Passkeys      bool            `json:"passkeys_enabled"`
}

// settings tells what the project offers.
func (s *Server) settings(c *call) {
	var external []string
	for _, name := range siteNames {
		external = append(external, fmt.Sprintf("%q:%v", name, name == "email" || slices.Contains(s.auth.opts.Sites, name)))
	}
	c.answer(http.StatusOK, settingsView{
		External: json.RawMessage("{" + strings.Join(external, ",") + "}"), AutoConfirm: !s.auth.opts.ConfirmEmail, SAMLKey: true,
	})
}
