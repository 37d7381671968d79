package supabasetest

import (
	"crypto/rand"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/insurance-navigator/navigator/core"
)

// grant serves POST /token.
func (s *Server) grant(c *call) {
	var in credentials
	if !c.decode(&in) {
		return
	}
	switch c.r.URL.Query().Get("grant_type") {
	case "password":
		s.grantPassword(c, in)
	case "refresh_token":
		s.grantRefresh(c, in.RefreshToken)
	default:
		c.refuse(http.StatusBadRequest, "invalid_credentials", "unsupported_grant_type")
	}
}

func (s *Server) grantPassword(c *call, in credentials) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	u, known := s.auth.state.Users[strings.ToLower(in.Email)]
	switch {
	case !known || bcrypt.CompareHashAndPassword(u.Hash, []byte(in.Password)) != nil:
		c.refuse(http.StatusBadRequest, "invalid_credentials", "Invalid login credentials")
	case u.Confirmed.IsZero():
		c.refuse(http.StatusBadRequest, "email_not_confirmed", "Email not confirmed")
	case s.opts.Now().Before(u.BannedUntil):
		c.refuse(http.StatusBadRequest, "user_banned", "User is banned")
	default:
		s.signInLocked(c, u)
	}
}

// signInLocked opens a session and answers with it.
func (s *Server) signInLocked(c *call, u user) {
	u.SignedIn = s.opts.Now()
	s.auth.state.Users[u.Email] = u
	opened := session{ID: core.NewID().String(), User: u.ID}
	s.turn(c, opened, u)
}

var refreshForm = regexp.MustCompile(`^[a-z0-9]{12}$`)

// grantRefresh trades a refresh token. The token before the newest one gives
// the newest again; an older one does so for the reuse interval only, and then
// ends the session.
func (s *Server) grantRefresh(c *call, token string) {
	if !refreshForm.MatchString(token) {
		c.refuse(http.StatusBadRequest, "validation_failed", "Refresh token is not valid")
		return
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	found, age := s.auth.holder(token)
	u, known := s.auth.userByID(found.User)
	switch {
	case age < 0 || !known:
		c.refuse(http.StatusBadRequest, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
	case age == 0:
		s.turn(c, found, u)
	case age == 1 || s.opts.Now().Sub(found.TurnAt) <= s.auth.opts.ReuseInterval:
		s.answerSession(c, found, u)
	default:
		delete(s.auth.state.Sessions, found.ID)
		_ = s.auth.keep() // the refusal stands either way
		c.w.Header().Set("Sb-Auth-Refresh-Token-Rotated", "true")
		c.refuse(http.StatusBadRequest, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
	}
}

// holder finds a refresh token's session and how many tokens came after it; -1
// says that nobody holds it.
func (a *auth) holder(token string) (session, int) {
	for _, candidate := range a.state.Sessions {
		if i := slices.Index(candidate.Tokens, token); i >= 0 {
			return candidate, len(candidate.Tokens) - 1 - i
		}
	}
	return session{}, -1
}

// turn gives the session a new refresh token and answers with it.
func (s *Server) turn(c *call, turned session, u user) {
	turned.Tokens = append(slices.Clone(turned.Tokens), strings.ToLower(rand.Text()[:12]))
	turned.TurnAt = s.opts.Now()
	s.auth.state.Sessions[turned.ID] = turned
	if err := s.auth.keep(); err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	if c.shows(LostAnswer) {
		panic(http.ErrAbortHandler)
	}
	s.answerSession(c, turned, u)
}

func (s *Server) answerSession(c *call, of session, u user) {
	now := s.opts.Now()
	expires := now.Add(s.auth.opts.AccessLife).Unix()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": s.issuer(c), "sub": u.ID, "aud": roleAuthenticated, "exp": expires, "iat": now.Unix(), "email": u.Email, "phone": "",
		"app_metadata": appMetadata(), "user_metadata": showUser(u)["user_metadata"], "role": roleAuthenticated, "aal": "aal1",
		"amr": []any{map[string]any{"method": "password", "timestamp": now.Unix()}}, "session_id": of.ID, "is_anonymous": false,
	})
	token.Header["kid"] = s.auth.state.KeyID
	signed, err := token.SignedString(s.auth.key)
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	c.w.Header().Set("Sb-Auth-User-Id", u.ID)
	c.w.Header().Set("Sb-Auth-Session-Id", of.ID)
	shown := showUser(u)
	if c.op == OpSignUp {
		delete(shown, "confirmed_at") // the real one computes it when the row is read again
	}
	body := map[string]any{"access_token": signed, "token_type": "bearer", "expires_in": expires - now.Unix(), "expires_at": expires,
		"refresh_token": of.Tokens[len(of.Tokens)-1], "user": shown}
	if c.r.URL.Query().Get("grant_type") == "password" {
		body["weak_password"] = nil
	}
	c.json(http.StatusOK, body)
}

func (s *Server) issuer(c *call) string {
	if s.auth.opts.Issuer != "" {
		return s.auth.opts.Issuer
	}
	return "http://" + c.r.Host + "/auth/v1"
}

// bearer proves the caller's access token and finds the session it belongs to;
// otherwise it has answered. The caller holds the lock.
func (s *Server) bearer(c *call) (session, user, bool) {
	raw, _ := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(raw, claims, s.keyFor, jwt.WithValidMethods([]string{"ES256", "HS256"}), jwt.WithTimeFunc(s.opts.Now))
	subject, _ := claims["sub"].(string)
	id, _ := claims["session_id"].(string)
	switch {
	case raw == "":
		c.refuse(http.StatusUnauthorized, "no_authorization", "This endpoint requires a valid Bearer token")
	case errors.Is(err, jwt.ErrTokenExpired):
		c.refuse(http.StatusForbidden, "bad_jwt", "invalid JWT: unable to parse or verify signature, token has invalid claims: token is expired")
	case err != nil:
		c.refuse(http.StatusForbidden, "bad_jwt", "invalid JWT: unable to parse or verify signature, "+err.Error())
	case subject == "":
		c.refuse(http.StatusForbidden, "bad_jwt", "invalid claim: missing sub claim")
	default:
		found, alive := s.auth.state.Sessions[id]
		u, known := s.auth.userByID(subject)
		if alive && known {
			return found, u, true
		}
		c.refuse(http.StatusForbidden, "session_not_found", "Session from session_id claim in JWT does not exist")
	}
	return session{}, user{}, false
}

func (s *Server) getUser(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if _, u, ok := s.bearer(c); ok {
		c.json(http.StatusOK, showUser(u))
	}
}

// logout ends every session of the account unless the scope says otherwise.
func (s *Server) logout(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	current, u, ok := s.bearer(c)
	if !ok {
		return
	}
	scope := c.r.URL.Query().Get("scope")
	for id, other := range s.auth.state.Sessions {
		mine := id == current.ID
		if other.User == u.ID && (scope != "local" || mine) && (scope != "others" || !mine) {
			delete(s.auth.state.Sessions, id)
		}
	}
	_ = s.auth.keep() // what is not kept is signed in again after a restart
	c.w.WriteHeader(http.StatusNoContent)
}
