package supabasetest

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// LegacyKey is the project's key of the old family: an HS256 token for ten
// years. role is "service_role" or "anon".
func (s *Server) LegacyKey(role string) string {
	now := s.opts.Now()
	token, err := s.signHS256(jwt.MapClaims{"iss": "supabase", "ref": "local", "role": role, "iat": now.Unix(), "exp": now.AddDate(10, 0, 0).Unix()})
	if err != nil {
		panic(err) // a map of strings and numbers always signs
	}
	return token
}

func (s *Server) signHS256(claims jwt.MapClaims) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(s.opts.JWTSecret))
}

// admit is the gateway's part: it trades opaque keys for roles and turns away
// keys it does not know. Storage lets keyless calls through to say no itself.
func (s *Server) admit(c *call) bool {
	key := c.r.Header.Get("Apikey")
	if key == "" {
		key = c.r.URL.Query().Get("apikey")
	}
	bearer, _ := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	role, known := s.keyRole(key)
	switch {
	case key != "" && !known:
		c.json(http.StatusUnauthorized, gatewayError{"Invalid API key", "Double check your API key."})
		return false
	case c.service == "auth" && key == "" && c.op != OpOpen:
		c.json(http.StatusUnauthorized, gatewayError{"No API key found in request", "No `apikey` request header or url param was found."})
		return false
	case strings.HasPrefix(key, "sb_secret_") && strings.HasPrefix(c.r.UserAgent(), "Mozilla/"):
		c.w.WriteHeader(http.StatusUnauthorized)
		return false
	case strings.HasPrefix(bearer, "sb_") && !same(bearer, key):
		c.json(http.StatusUnauthorized, gatewayError{"Invalid API key", "An opaque key in Authorization must equal apikey."})
		return false
	}
	c.role = s.callerRole(c, key, role, bearer)
	return true
}

// callerRole is who storage takes the caller for. A legacy key counts in
// Authorization only: the gateway has nothing to trade it for.
func (s *Server) callerRole(c *call, key, role, bearer string) string {
	switch {
	case bearer != "" && !strings.HasPrefix(bearer, "sb_"):
		claimed, err := s.verify(bearer)
		if err != nil {
			c.denied = err.Error()
		}
		return claimed
	case strings.HasPrefix(key, "sb_"):
		return role
	}
	return ""
}

func (s *Server) keyRole(key string) (role string, known bool) {
	switch {
	case same(key, s.opts.SecretKey):
		return roleService, true
	case same(key, s.opts.PublishableKey):
		return roleAnon, true
	case strings.HasPrefix(key, "eyJ"):
		role, err := s.verify(key)
		return role, err == nil
	}
	return "", false
}

const (
	roleService       = "service_role"
	roleAnon          = "anon"
	roleAuthenticated = "authenticated"
)

// verify proves a token of either kind and words the failure like storage.
func (s *Server) verify(token string) (string, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, s.keyFor, jwt.WithValidMethods([]string{"HS256", "ES256"}), jwt.WithTimeFunc(s.opts.Now))
	role, _ := claims["role"].(string)
	switch {
	case err == nil:
		return role, nil
	case errors.Is(err, jwt.ErrTokenExpired):
		return "", errors.New(`"exp" claim timestamp check failed`)
	case errors.Is(err, jwt.ErrTokenMalformed):
		return "", errors.New("JWS Protected Header is invalid")
	}
	return "", errors.New("signature verification failed")
}

// keyFor finds the key that a token names.
func (s *Server) keyFor(token *jwt.Token) (any, error) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	return s.keyOf(token)
}

// keyOf is keyFor where the caller holds the lock.
func (s *Server) keyOf(token *jwt.Token) (any, error) {
	if token.Method == jwt.SigningMethodES256 {
		return s.auth.publicKey(token.Header["kid"])
	}
	return []byte(s.opts.JWTSecret), nil
}

func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// stamp is a time as the services write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
