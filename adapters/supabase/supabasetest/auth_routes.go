package supabasetest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// findAuth reads a path below /auth/v1/.
func (s *Server) findAuth(c *call, rest string) func(*call) {
	c.service, c.op = "auth", OpOther
	switch c.r.Method + " " + rest {
	case "POST signup":
		c.op = OpSignUp
		return s.limited("signup", 30.0/300, s.signUp)
	case "POST token":
		c.op = OpToken
		return s.limited("token", 150.0/300, s.grant)
	case "GET user":
		c.op = OpUser
		return s.getUser
	case "POST logout":
		c.op = OpLogout
		return s.logout
	case "GET health":
		c.op = OpHealth
		return func(c *call) {
			c.json(http.StatusOK, map[string]string{"version": "v2.196.0-local", "name": "GoTrue", "description": "GoTrue is a user registration and authentication API"})
		}
	case "GET .well-known/jwks.json":
		c.op = OpOpen
		return s.keys
	}
	return func(c *call) { c.refuse(http.StatusNotFound, "not_found", "") }
}

// refuse answers with an error in the shape the caller's version header asks for.
func (c *call) refuse(status int, code, message string) {
	c.refuseWith(status, code, message, nil)
}

func (c *call) refuseWith(status int, code, message string, more map[string]any) {
	body := map[string]any{"code": status, "error_code": code, "msg": message}
	if c.r.Header.Get("X-Supabase-Api-Version") >= "2024-01-01" {
		body = map[string]any{"code": code, "message": message}
		c.w.Header().Set("X-Supabase-Api-Version", "2024-01-01")
	}
	for name, value := range more {
		body[name] = value
	}
	c.w.Header().Set("X-Sb-Error-Code", code)
	c.json(status, body)
}

// limited counts requests by the address they come from, or by the one that a
// holder of the secret key says they are for.
func (s *Server) limited(route string, perSecond float64, run func(*call)) func(*call) {
	return func(c *call) {
		address, _, _ := net.SplitHostPort(c.r.RemoteAddr)
		if told := c.r.Header.Get("Sb-Forwarded-For"); told != "" && strings.HasPrefix(c.r.Header.Get("Apikey"), "sb_secret_") {
			address = told
		}
		if !s.auth.allow(route+" "+address, perSecond, s.opts.Now()) {
			c.refuse(http.StatusTooManyRequests, "over_request_rate_limit", "Request rate limit reached")
			return
		}
		run(c)
	}
}

// decode reads a JSON body; otherwise it has answered.
func (c *call) decode(into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 1<<20)).Decode(into); err != nil {
		c.refuse(http.StatusBadRequest, "bad_json", fmt.Sprintf("Could not parse request body as JSON: %v", err))
		return false
	}
	return true
}

// keys publishes the signing key as a JSON Web Key Set.
func (s *Server) keys(c *call) {
	point, err := s.auth.key.PublicKey.Bytes() // 0x04, then the two coordinates
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	encode := base64.RawURLEncoding.EncodeToString
	c.w.Header().Set("Cache-Control", "public, max-age=600")
	c.json(http.StatusOK, map[string]any{"keys": []map[string]any{{
		"alg": "ES256", "crv": "P-256", "ext": true, "key_ops": []string{"verify"}, "kid": s.auth.state.KeyID,
		"kty": "EC", "use": "sig", "x": encode(point[1:33]), "y": encode(point[33:]),
	}}})
}
