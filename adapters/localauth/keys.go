package localauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Keys signs access tokens with the current key, and publishes the former ones
// beside it for as long as their tokens live.
type Keys struct {
	current *ecdsa.PrivateKey
	kid     string
	jwks    []byte
}

// jwk is a public key as JSON (RFC 7517), in the shape the hosted provider
// publishes.
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

// GenerateKey makes a signing key as PEM (PKCS #8), fit for ParseKeys.
func GenerateKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("localauth: generate key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("localauth: encode key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// ParseKeys reads the current key, a PEM of an EC P-256 private key (PKCS #8 or
// SEC 1), and former ones, private or public. A literal \n stands for a line
// break, as environments need it. Errors never quote a key.
func ParseKeys(current string, former ...string) (*Keys, error) {
	key, err := parsePrivate(current)
	if err != nil {
		return nil, fmt.Errorf("localauth: the signing key: %w", err)
	}
	own, err := publish(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("localauth: the signing key: %w", err)
	}
	published := []jwk{own}
	for i, text := range former {
		public, err := parsePublic(text)
		if err != nil {
			return nil, fmt.Errorf("localauth: former key %d: %w", i+1, err)
		}
		old, err := publish(public)
		if err != nil {
			return nil, fmt.Errorf("localauth: former key %d: %w", i+1, err)
		}
		if old.Kid != own.Kid {
			published = append(published, old)
		}
	}
	document, err := json.Marshal(map[string]any{"keys": published})
	if err != nil {
		return nil, fmt.Errorf("localauth: encode keys: %w", err)
	}
	return &Keys{current: key, kid: own.Kid, jwks: document}, nil
}

// JWKS is the document for /.well-known/jwks.json: public parts only.
func (k *Keys) JWKS() []byte { return append([]byte(nil), k.jwks...) }

// KeyID is the current key's id: its RFC 7638 thumbprint.
func (k *Keys) KeyID() string { return k.kid }

// String keeps the key out of any print.
func (k *Keys) String() string { return "localauth.Keys(" + k.kid + ")" }

// GoString is String.
func (k *Keys) GoString() string { return k.String() }

// Sign makes a token of the claims, as the current key's.
func (k *Keys) Sign(claims jwt.Claims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = k.kid
	return token.SignedString(k.current)
}

func decodePEM(text string) (*pem.Block, error) {
	block, rest := pem.Decode([]byte(strings.TrimSpace(strings.ReplaceAll(text, `\n`, "\n"))))
	if block == nil || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("not one PEM block")
	}
	return block, nil
}

func parsePrivate(text string) (*ecdsa.PrivateKey, error) {
	block, err := decodePEM(text)
	if err != nil {
		return nil, err
	}
	var parsed any
	if block.Type == "EC PRIVATE KEY" {
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("not an EC P-256 private key")
	}
	return key, nil
}

func parsePublic(text string) (*ecdsa.PublicKey, error) {
	block, err := decodePEM(text)
	if err != nil {
		return nil, err
	}
	if block.Type != "PUBLIC KEY" {
		key, err := parsePrivate(text)
		if err != nil {
			return nil, errors.New("neither a public nor a private EC P-256 key")
		}
		return &key.PublicKey, nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("not an EC P-256 public key")
	}
	return key, nil
}

func publish(key *ecdsa.PublicKey) (jwk, error) {
	point, err := key.Bytes() // 4, then x and y of 32 bytes each
	if err != nil {
		return jwk{}, errors.New("not a point of the curve")
	}
	x := base64.RawURLEncoding.EncodeToString(point[1:33])
	y := base64.RawURLEncoding.EncodeToString(point[33:])
	return jwk{
		Alg: "ES256", Crv: "P-256", Ext: true, KeyOps: []string{"verify"},
		Kid: thumbprint(x, y), Kty: "EC", Use: "sig", X: x, Y: y,
	}, nil
}

// thumbprint is RFC 7638's: SHA-256 over the required members in order.
func thumbprint(x, y string) string {
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
