// Package oidctest is an OpenID Connect issuer for tests: a server with
// discovery, keys, the code flow and PKCE, that can be told to misbehave.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What the issuer knows its one client by.
const (
	ClientID     = "navigator"
	ClientSecret = "a client secret of tests"
)

// Person is who signs in at the issuer.
type Person struct {
	Subject, Email, Name string
	EmailVerified        any // true, false, or as some issuers write it: "true"
}

// Server is the issuer. Person and the faults may be changed with Set.
type Server struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu     sync.Mutex
	person Person
	faults Faults
	grants map[string]grant
}

// Faults are what the issuer does wrong. The zero Faults is none.
type Faults struct {
	Claims   func(jwt.MapClaims) // changes the token's claims
	Unsigned bool                // alg none
	Forged   bool                // another key under the same kid
	Shared   bool                // HS256 by the client's secret
	Refuses  bool                // leads back with an error
	Away     bool                // answers 503 to every call but the browser's
	NoToken  bool                // answers without an id_token
}

// grant is a code that was given out.
type grant struct{ challenge, nonce, redirect string }

// New starts an issuer; it ends with Close.
func New(person Person) (*Server, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("oidctest: %w", err)
	}
	s := &Server{key: key, person: person, grants: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /keys", s.keys)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	s.Server = httptest.NewServer(mux)
	return s, nil
}

// Set changes who signs in and what goes wrong.
func (s *Server) Set(person Person, faults Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person, s.faults = person, faults
}

func (s *Server) now() (Person, Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.person, s.faults
}

// up answers 503 where the issuer is away.
func (s *Server) up(w http.ResponseWriter) bool {
	if _, faults := s.now(); faults.Away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a test that left is no error
}

func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	if !s.up(w) {
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
		// A hostile document offers what is never taken.
		"id_token_signing_alg_values_supported": []string{"ES256", "none", "HS256"},
	})
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	if !s.up(w) {
		return
	}
	point, err := s.key.PublicKey.Bytes()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	part := base64.RawURLEncoding.EncodeToString
	answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1", "x": part(point[1:33]), "y": part(point[33:]),
	}}})
}

// authorize is where the browser comes to: the person signs in without a word.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "not a request of the code flow with PKCE", http.StatusBadRequest)
		return
	}
	query := url.Values{"state": {q.Get("state")}}
	if _, faults := s.now(); faults.Refuses {
		query.Set("error", "access_denied")
	} else {
		code := rand.Text()
		query.Set("code", code)
		s.mu.Lock()
		s.grants[code] = grant{q.Get("code_challenge"), q.Get("nonce"), q.Get("redirect_uri")}
		s.mu.Unlock()
	}
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token trades a code, once, against its verifier.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if !s.up(w) {
		return
	}
	id, secret, _ := r.BasicAuth()
	if id != url.QueryEscape(ClientID) || secret != url.QueryEscape(ClientSecret) {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	s.mu.Lock()
	g, known := s.grants[r.FormValue("code")]
	delete(s.grants, r.FormValue("code"))
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) || g.redirect != r.FormValue("redirect_uri") {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	raw, err := s.sign(g.nonce)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	body := map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60}
	if _, faults := s.now(); !faults.NoToken {
		body["id_token"] = raw
	}
	answer(w, http.StatusOK, body)
}

func (s *Server) sign(nonce string) (string, error) {
	person, faults := s.now()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": s.URL, "sub": person.Subject, "aud": ClientID, "nonce": nonce, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"email": person.Email, "email_verified": person.EmailVerified, "name": person.Name,
	}
	if faults.Claims != nil {
		faults.Claims(claims)
	}
	method, key := jwt.SigningMethod(jwt.SigningMethodES256), any(s.key)
	switch {
	case faults.Unsigned:
		method, key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
	case faults.Shared:
		method, key = jwt.SigningMethodHS256, []byte(ClientSecret)
	case faults.Forged:
		other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return "", err
		}
		key = other
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "1"
	return token.SignedString(key)
}
