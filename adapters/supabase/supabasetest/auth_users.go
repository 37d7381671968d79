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
	hash, err := bcrypt.GenerateFromPassword([]byte(in.Password), bcrypt.MinCost) // a fake guards nothing
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	now := s.opts.Now()
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	u, taken := s.auth.state.Users[in.Email]
	switch {
	case taken && !u.Confirmed.IsZero() && s.auth.opts.ConfirmEmail:
		c.json(http.StatusOK, invented(in.Email, now))
		return
	case taken && !u.Confirmed.IsZero():
		c.refuse(http.StatusUnprocessableEntity, "user_already_exists", "User already registered")
		return
	case taken && now.Sub(u.MailedAt) < mailEvery:
		wait := int((mailEvery - now.Sub(u.MailedAt)).Seconds())
		c.refuse(http.StatusTooManyRequests, "over_email_send_rate_limit", fmt.Sprintf("For security purposes, you can only request this after %d seconds.", wait))
		return
	case !taken:
		u = user{ID: core.NewID().String(), Email: in.Email, Hash: hash, Metadata: in.Data, CreatedAt: now}
	}
	u.UpdatedAt = now
	if s.auth.opts.ConfirmEmail {
		u.MailedAt = now
		s.auth.state.Users[u.Email] = u
		c.kept(s.auth.keep(), showUser(u))
		return
	}
	u.Confirmed = now
	s.signInLocked(c, u)
}

func (s *Server) acceptable(c *call, in credentials) bool {
	switch {
	case in.Password == "":
		c.refuse(http.StatusBadRequest, "validation_failed", "Signup requires a valid password")
	case !emailForm.MatchString(in.Email):
		c.refuse(http.StatusBadRequest, "validation_failed", "Unable to validate email address: invalid format")
	case len(in.Password) > maxPassword:
		c.refuse(http.StatusBadRequest, "validation_failed", "Password cannot be longer than 72 characters")
	case utf8.RuneCountInString(in.Password) < s.auth.opts.MinPassword:
		c.refuseWith(http.StatusUnprocessableEntity, "weak_password", fmt.Sprintf("Password should be at least %d characters.", s.auth.opts.MinPassword),
			map[string]any{"weak_password": map[string]any{"reasons": []string{"length"}}})
	default:
		return true
	}
	return false
}

// kept answers once the state is written.
func (c *call) kept(err error, body any) {
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	c.json(http.StatusOK, body)
}

// timeText is a time as Auth writes it: with as many digits as there are.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// invented is the account an address that is taken is answered with.
func invented(email string, now time.Time) map[string]any {
	u := showUser(user{ID: core.NewID().String(), Email: email, CreatedAt: now, UpdatedAt: now, MailedAt: now})
	u["role"], u["identities"], u["user_metadata"] = "", []any{}, map[string]any{}
	return u
}

func showUser(u user) map[string]any {
	metadata := map[string]any{"email": u.Email, "email_verified": !u.Confirmed.IsZero(), "phone_verified": false, "sub": u.ID}
	for name, value := range u.Metadata {
		metadata[name] = value
	}
	created := timeText(u.CreatedAt)
	shown := map[string]any{
		"id": u.ID, "aud": roleAuthenticated, "role": roleAuthenticated, "email": u.Email, "phone": "",
		"app_metadata": appMetadata(), "user_metadata": metadata, "created_at": created, "updated_at": timeText(u.UpdatedAt), "is_anonymous": false,
		"identities": []any{map[string]any{"identity_id": u.ID, "id": u.ID, "user_id": u.ID, "identity_data": metadata, "provider": "email",
			"last_sign_in_at": created, "created_at": created, "updated_at": created, "email": u.Email}},
	}
	for name, at := range map[string]time.Time{"email_confirmed_at": u.Confirmed, "confirmed_at": u.Confirmed, "last_sign_in_at": u.SignedIn} {
		if !at.IsZero() {
			shown[name] = timeText(at)
		}
	}
	if u.Confirmed.IsZero() && !u.MailedAt.IsZero() {
		shown["confirmation_sent_at"] = timeText(u.MailedAt)
	}
	return shown
}

func appMetadata() map[string]any {
	return map[string]any{"provider": "email", "providers": []string{"email"}}
}
