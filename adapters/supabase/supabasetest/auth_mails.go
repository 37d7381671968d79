package supabasetest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mail is the last one to an address; its link works once.
type mail struct {
	kind      string // signup or recovery
	token     string
	redirect  string
	challenge string // empty leads back with the tokens themselves
	sent      time.Time
}

// send puts a mail into the box; the caller holds the lock.
func (a *auth) send(email string, m mail) {
	m.token = strings.ToLower(rand.Text())
	if m.challenge != "" {
		m.token = "pkce_" + m.token
	}
	a.mails[email] = m
}

// Link is the link in the last mail to an address, as a path of this project;
// ok is false when there was no mail.
func (s *Server) Link(email string) (path string, ok bool) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	m, ok := s.auth.mails[email]
	query := url.Values{"token": {m.token}, "type": {m.kind}, "redirect_to": {m.redirect}}
	return "/auth/v1/verify?" + query.Encode(), ok
}

// recoverPassword answers alike whether the address has an account or not, but
// for the second mail within a minute.
func (s *Server) recoverPassword(c *call) {
	var in credentials
	if !c.decode(&in) || !c.addressed(in.Email) {
		return
	}
	now := s.opts.Now()
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if u, known := s.auth.state.Users[strings.ToLower(in.Email)]; known {
		if c.tooSoon(u.RecoveredAt, now) {
			return
		}
		u.RecoveredAt = now
		s.auth.state.Users[u.Email] = u
		s.auth.send(u.Email, mail{kind: "recovery", redirect: c.query("redirect_to"), challenge: in.Challenge, sent: now})
	}
	c.kept(s.auth.keep(), struct{}{})
}

// resend mails the confirmation again.
func (s *Server) resend(c *call) {
	var in struct {
		credentials
		Type string `json:"type"`
	}
	if !c.decode(&in) || !c.addressed(in.Email) {
		return
	}
	if in.Type != "signup" {
		c.refuse(http.StatusBadRequest, "validation_failed", "Missing one of these types: signup, email_change, sms, phone_change")
		return
	}
	now := s.opts.Now()
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if u, known := s.auth.state.Users[strings.ToLower(in.Email)]; known && u.Confirmed.IsZero() {
		if c.tooSoon(u.MailedAt, now) {
			return
		}
		u.MailedAt = now
		s.auth.state.Users[u.Email] = u
		s.auth.send(u.Email, mail{kind: "signup", redirect: c.query("redirect_to"), sent: now})
	}
	c.kept(s.auth.keep(), struct{}{})
}

// follow is a click on a mail's link. It leads back with a code where there was
// a challenge, else with the tokens, and with an error where it worked before.
func (s *Server) follow(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	back := s.auth.back(c.query("redirect_to"))
	email, m, ok := s.auth.mailOf(c.query("token"), c.query("type"))
	if !ok {
		c.leadBack(http.StatusSeeOther, back+"#error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid+or+has+expired&sb=")
		return
	}
	delete(s.auth.mails, email)
	u := s.auth.state.Users[email]
	if u.Confirmed.IsZero() {
		u.Confirmed = s.opts.Now()
		s.auth.state.Users[email] = u
	}
	if m.challenge != "" {
		c.leadBack(http.StatusSeeOther, back+"?"+url.Values{"code": {s.auth.issueCode(flow{challenge: m.challenge, email: email, method: m.kind})}}.Encode())
		return
	}
	fragment, err := s.fragment(c, u, "otp")
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	c.leadBack(http.StatusSeeOther, back+"#"+fragment+"&sb=&token_type=bearer&type="+m.kind)
}

func (a *auth) mailOf(token, kind string) (string, mail, bool) {
	for email, m := range a.mails {
		if token != "" && m.token == token && m.kind == kind {
			return email, m, true
		}
	}
	return "", mail{}, false
}

// back is where a link leads: silently to the project's own address where it
// may not lead to the one asked for.
func (a *auth) back(redirect string) string {
	if redirect == "" || (a.opts.Redirects != nil && !slices.Contains(a.opts.Redirects, redirect)) {
		return a.opts.SiteURL
	}
	return redirect
}

// fragment opens a session and writes its tokens as the end of an address.
func (s *Server) fragment(c *call, u user, method string) (string, error) {
	opened := s.openSession(&u, method)
	refresh, err := s.extend(opened, "")
	if err != nil {
		return "", err
	}
	shown, err := s.view(c, opened, u, refresh)
	return "access_token=" + shown.AccessToken + "&expires_at=" + strconv.FormatInt(shown.ExpiresAt, 10) +
		"&expires_in=" + strconv.FormatInt(shown.ExpiresIn, 10) + "&refresh_token=" + refresh, err
}

// leadBack redirects as the service does, with a page.
func (c *call) leadBack(status int, to string) { http.Redirect(c.w, c.r, to, status) }
