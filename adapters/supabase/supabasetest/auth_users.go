package supabasetest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/insurance-navigator/navigator/core"
)

// credentials is the body of signup and of every grant.
type credentials struct {
	Email        string         `json:"email"`
	Password     string         `json:"password"`
	Data         map[string]any `json:"data"`
	RefreshToken string         `json:"refresh_token"`
	AuthCode     string         `json:"auth_code"`
	Verifier     string         `json:"code_verifier"`
	Challenge    string         `json:"code_challenge"`
}

var emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

// maxPassword is bcrypt's limit, in bytes.
const maxPassword = 72

// signUp has three outcomes: a session, an account that waits for its
// confirmation, or, for an address that is taken, either a refusal or an
// invented account that looks like the second.
func (s *Server) signUp(c *call) {
	var in credentials
	if !c.decode(&in) || !s.acceptable(c, in) {
		return
	}
	in.Email = strings.ToLower(in.Email)
	hash, ok := c.hash(in.Password)
	if !ok {
		return
	}
	now := s.opts.Now()
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	u, taken := s.auth.state.Users[in.Email]
	switch {
	case taken && !u.Confirmed.IsZero() && s.auth.opts.ConfirmEmail:
		c.answer(http.StatusOK, invented(in.Email, now))
		return
	case taken && !u.Confirmed.IsZero():
		c.refuse(http.StatusUnprocessableEntity, "user_already_exists", "User already registered")
		return
	case taken && c.tooSoon(u.MailedAt, now):
		return
	case !taken:
		u = user{ID: core.NewID().String(), Email: in.Email, Hash: hash, Metadata: in.Data, CreatedAt: now}
	}
	u.UpdatedAt = now
	if s.auth.opts.ConfirmEmail {
		u.MailedAt = now
		s.auth.state.Users[u.Email] = u
		s.auth.send(u.Email, mail{kind: "signup", redirect: c.query("redirect_to"), challenge: in.Challenge, sent: now})
		c.kept(s.auth.keep(), showUser(u))
		return
	}
	u.Confirmed = now
	s.signIn(c, u, "password")
}

// hash makes what is kept of a password; a fake guards nothing.
func (c *call) hash(password string) ([]byte, bool) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
	}
	return hash, err == nil
}

// tooSoon refuses a second mail to one address within a minute.
func (c *call) tooSoon(before, now time.Time) bool {
	if now.Sub(before) >= mailEvery {
		return false
	}
	left := int((mailEvery - now.Sub(before)).Seconds())
	c.refuse(http.StatusTooManyRequests, "over_email_send_rate_limit", fmt.Sprintf("For security purposes, you can only request this after %d seconds.", left))
	return true
}

func (s *Server) acceptable(c *call, in credentials) bool {
	switch {
	case in.Password == "":
		c.refuse(http.StatusBadRequest, "validation_failed", "Signup requires a valid password")
	case !c.addressed(in.Email):
	default:
		return s.strong(c, in.Password)
	}
	return false
}

func (c *call) addressed(email string) bool {
	if emailForm.MatchString(email) {
		return true
	}
	c.refuse(http.StatusBadRequest, "validation_failed", "Unable to validate email address: invalid format")
	return false
}

func (s *Server) strong(c *call, password string) bool {
	switch {
	case len(password) > maxPassword:
		c.refuse(http.StatusBadRequest, "validation_failed", "Password cannot be longer than 72 characters")
	case utf8.RuneCountInString(password) < s.auth.opts.MinPassword:
		c.refuseWith(http.StatusUnprocessableEntity, "weak_password",
			fmt.Sprintf("Password should be at least %d characters.", s.auth.opts.MinPassword), &weakReason{[]string{"length"}})
	default:
		return true
	}
	return false
}

// invented is the account an address that is taken is answered with.
func invented(email string, now time.Time) userView {
	u := showUser(user{ID: core.NewID().String(), Email: email, CreatedAt: now, UpdatedAt: now, MailedAt: now})
	u.Role, u.Identities, u.Metadata = "", []identityView{}, map[string]any{}
	return u
}

func (s *Server) getUser(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if _, u, ok := s.bearer(c); ok {
		c.answer(http.StatusOK, showUser(u))
	}
}

// putUser changes the password and ends the account's other sessions.
func (s *Server) putUser(c *call) {
	var in credentials
	if !c.decode(&in) || (in.Password != "" && !s.strong(c, in.Password)) {
		return
	}
	hash, ok := c.hash(in.Password)
	if !ok {
		return
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	current, u, ok := s.bearer(c)
	if !ok {
		return
	}
	if in.Password != "" {
		if bcrypt.CompareHashAndPassword(u.Hash, []byte(in.Password)) == nil {
			c.refuse(http.StatusUnprocessableEntity, "same_password", "New password should be different from the old password.")
			return
		}
		u.Hash = hash
		s.auth.endSessions(u.ID, func(id string) bool { return id != current.ID })
	}
	u.UpdatedAt = s.opts.Now()
	s.auth.state.Users[u.Email] = u
	c.kept(s.auth.keep(), showUser(u))
}
