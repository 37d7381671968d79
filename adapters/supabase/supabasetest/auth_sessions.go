package supabasetest

import (
	"encoding/json"
	"errors"
	"net/http"
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
	switch c.query("grant_type") {
	case "password":
		s.grantPassword(c, in)
	case "refresh_token":
		s.grantRefresh(c, in.RefreshToken)
	case "pkce":
		s.grantCode(c, in)
	default:
		c.refuse(http.StatusBadRequest, "invalid_credentials", "unsupported_grant_type")
	}
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

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
		s.signIn(c, u, "password")
	}
}

// signIn opens a session and answers with it; the caller holds the lock.
func (s *Server) signIn(c *call, u user, method string) {
	opened := s.openSession(&u, method)
	s.turn(c, opened, u, "")
}

// openSession begins a session without a token yet; the caller holds the lock.
func (s *Server) openSession(u *user, method string) session {
	now := s.opts.Now()
	u.SignedIn = now
	s.auth.state.Users[u.Email] = *u
	return session{ID: core.NewID().String(), User: u.ID, Method: method, BeganAt: now}
}

// answerSession answers with a session and the refresh token that continues it.
func (s *Server) answerSession(c *call, of session, u user, refresh string) {
	body, err := s.view(c, of, u, refresh)
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	s.nameSession(c, of, u)
	c.w.Header().Set("Sb-Auth-Refresh-Token-Prefix", refresh[:5])
	switch {
	case c.op == OpSignUp:
		body.User.ConfirmedAt = "" // the real one computes it when the row is read again
		body.ExpiresIn--           // and is a moment late
	case c.query("grant_type") == "password":
		body.WeakPassword = json.RawMessage("null")
	case c.query("grant_type") == "pkce" && u.Site != "":
		body.ProviderToken = "gho_stub"
	}
	c.answer(http.StatusOK, body)
}

func (s *Server) nameSession(c *call, of session, u user) {
	c.w.Header().Set("Sb-Auth-User-Id", u.ID)
	c.w.Header().Set("Sb-Auth-Session-Id", of.ID)
}

// view signs an access token for a session.
func (s *Server) view(c *call, of session, u user, refresh string) (sessionView, error) {
	now := s.opts.Now()
	expires := now.Add(s.auth.opts.AccessLife).Unix()
	shown := showUser(u)
	signed, err := s.signToken(jwt.MapClaims{
		"iss": s.issuer(c), "sub": u.ID, "aud": roleAuthenticated, "exp": expires, "iat": now.Unix(), "email": u.Email, "phone": "",
		"app_metadata": shown.App, "user_metadata": shown.Metadata, "role": roleAuthenticated, "aal": "aal1",
		"amr": []any{map[string]any{"method": of.Method, "timestamp": of.BeganAt.Unix()}}, "session_id": of.ID, "is_anonymous": false,
	})
	return sessionView{AccessToken: signed, TokenType: "bearer", ExpiresIn: expires - now.Unix(), ExpiresAt: expires, RefreshToken: refresh, User: shown}, err
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
	_, err := jwt.ParseWithClaims(raw, claims, s.keyOf, jwt.WithValidMethods([]string{"ES256", "HS256"}), jwt.WithTimeFunc(s.opts.Now))
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

// logout ends every session of the account unless the scope says otherwise.
func (s *Server) logout(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	current, u, ok := s.bearer(c)
	if !ok {
		return
	}
	scope := c.query("scope")
	s.auth.endSessions(u.ID, func(id string) bool {
		mine := id == current.ID
		return (scope != "local" || mine) && (scope != "others" || !mine)
	})
	_ = s.auth.keep() // what is not kept is signed in again after a restart
	c.w.WriteHeader(http.StatusNoContent)
}

// endSessions ends those of an account's sessions; the caller holds the lock.
func (a *auth) endSessions(user string, which func(id string) bool) {
	for id, other := range a.state.Sessions {
		if other.User == user && which(id) {
			delete(a.state.Sessions, id)
		}
	}
}
