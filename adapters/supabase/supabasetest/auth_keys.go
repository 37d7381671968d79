package supabasetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/core"
)

// signingKey is a key that is published and does not sign.
type signingKey struct {
	id  string
	key *ecdsa.PrivateKey
}

// openKey takes the kept signing key, or makes one.
func (a *auth) openKey() error {
	if len(a.state.Key) > 0 {
		parsed, err := x509.ParsePKCS8PrivateKey(a.state.Key)
		if err != nil {
			return err
		}
		a.key, _ = parsed.(*ecdsa.PrivateKey)
		return nil
	}
	made, err := newSigningKey()
	if err != nil {
		return err
	}
	return a.signWith(made)
}

func newSigningKey() (signingKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return signingKey{core.NewID().String(), key}, err
}

// signWith makes a key the one that signs; the caller holds the lock, or is
// alone.
func (a *auth) signWith(k signingKey) (err error) {
	a.key, a.state.KeyID = k.key, k.id
	if a.state.Key, err = x509.MarshalPKCS8PrivateKey(k.key); err != nil {
		return err
	}
	return a.keep()
}

// StandBy publishes the key that Rotate will sign with.
func (s *Server) StandBy() error {
	made, err := newSigningKey()
	if err != nil {
		return err
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	s.auth.others = append([]signingKey{made}, s.auth.others...)
	return nil
}

// Rotate signs with the key that stands by, and goes on publishing the former.
func (s *Server) Rotate() error {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if len(s.auth.others) == 0 {
		return errors.New("supabasetest: no key stands by")
	}
	next := s.auth.others[0]
	s.auth.others[0] = signingKey{s.auth.state.KeyID, s.auth.key}
	return s.auth.signWith(next)
}

// Revoke publishes nothing but the key that signs.
func (s *Server) Revoke() {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	s.auth.others = nil
}

// signToken makes an access token; the caller holds the lock.
func (s *Server) signToken(claims jwt.MapClaims) (string, error) {
	if s.auth.opts.SharedSecret {
		return s.signHS256(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = s.auth.state.KeyID
	return token.SignedString(s.auth.key)
}

// publicKey finds the key that a token names; the caller holds the lock.
func (a *auth) publicKey(kid any) (*ecdsa.PublicKey, error) {
	if kid == a.state.KeyID {
		return &a.key.PublicKey, nil
	}
	for _, k := range a.others {
		if kid == k.id {
			return &k.key.PublicKey, nil
		}
	}
	return nil, errors.New("unrecognized JWT kid")
}

// jwk is a published key, in the service's own order.
type jwk struct {
	Alg    string   `json:"alg"`
	Crv    string   `json:"crv"`
	Ext    bool     `json:"ext"`
	KeyOps []string `json:"key_ops"`
	Kid    string   `json:"kid"`
	Kty    string   `json:"kty"`
	Use    string   `json:"use"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
}

// keys publishes the keys as a JSON Web Key Set; a shared secret is none.
func (s *Server) keys(c *call) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	published := []jwk{}
	if !s.auth.opts.SharedSecret {
		for _, k := range append([]signingKey{{s.auth.state.KeyID, s.auth.key}}, s.auth.others...) {
			point, err := k.key.PublicKey.Bytes() // 0x04, then the two coordinates
			if err != nil {
				c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
				return
			}
			encode := base64.RawURLEncoding.EncodeToString
			published = append(published, jwk{"ES256", "P-256", true, []string{"verify"}, k.id, "EC", "sig", encode(point[1:33]), encode(point[33:])})
		}
	}
	c.w.Header().Set("Cache-Control", "public, max-age=600")
	c.answer(http.StatusOK, map[string]any{"keys": published})
}
