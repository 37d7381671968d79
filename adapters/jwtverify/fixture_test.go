package jwtverify_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
)

const (
	issuer  = "https://accounts.example/auth/v1"
	subject = "0199f1a2-7b3c-7d4e-8f50-112233445566"
	session = "0199f1a2-7b3c-7d4e-8f50-aabbccddeeff"
	secret  = "an-hs256-secret-of-more-than-32-bytes"
)

var now = time.Unix(1_795_000_000, 0)

func clock() time.Time { return now }

// signer is an issuer with one key of each kind.
type signer struct {
	ec  *ecdsa.PrivateKey
	rsa *rsa.PrivateKey
}

func newSigner(tb testing.TB) *signer {
	tb.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return &signer{ec: ec, rsa: rs}
}

type object map[string]any

// with is a copy with some names changed; a nil value removes the name.
func (o object) with(changes object) object {
	out := object{}
	for name, value := range o {
		out[name] = value
	}
	for name, value := range changes {
		out[name] = value
		if value == nil {
			delete(out, name)
		}
	}
	return out
}

func (o object) json() string {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(b)
}

var (
	esHeader   = object{"alg": "ES256", "typ": "JWT", "kid": "ec"}
	rsHeader   = object{"alg": "RS256", "typ": "JWT", "kid": "rsa"}
	hsHeader   = object{"alg": "HS256", "typ": "JWT"}
	goodClaims = object{
		"iss": issuer, "sub": subject, "aud": "authenticated", "role": "authenticated",
		"iat": now.Unix() - 60, "exp": now.Unix() + 840, "email": "ada@navigator.example", "phone": "",
		"session_id": session, "aal": "aal1", "is_anonymous": false,
		"amr":          []any{object{"method": "password", "timestamp": now.Unix() - 60}},
		"app_metadata": object{"provider": "email"}, "user_metadata": object{"name": "Ada", "role": "service_role"},
	}
)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// es signs any header and payload text with the EC key, well-formed or not.
func (s *signer) es(header, payload string) string {
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	return text + "." + encode(s.esSignature(text))
}

func (s *signer) esSignature(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, s.ec, sum[:])
	if err != nil {
		panic(err)
	}
	return append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
}

func (s *signer) rs(header, payload string) string {
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.rsa, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + encode(signature)
}

func hs(key []byte, header, payload string) string {
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

func (s *signer) token(claims object) string { return s.es(esHeader.json(), claims.json()) }

func ecJWK(kid string, key *ecdsa.PublicKey) object {
	point, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	return object{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
		"x": encode(point[1:33]), "y": encode(point[33:]), "key_ops": []string{"verify"}, "ext": true}
}

func rsaJWK(kid string, key *rsa.PublicKey) object {
	return object{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(key.N.Bytes()), "e": "AQAB"}
}

func jwks(keys ...object) []byte { return []byte(object{"keys": keys}.json()) }

func (s *signer) jwks() []byte {
	return jwks(ecJWK("ec", &s.ec.PublicKey), rsaJWK("rsa", &s.rsa.PublicKey))
}

func (s *signer) static(tb testing.TB) jwtverify.Static {
	tb.Helper()
	keys, err := jwtverify.ParseJWKS(s.jwks())
	if err != nil || len(keys) != 2 {
		tb.Fatalf("%d keys, %v", len(keys), err)
	}
	return keys
}

func newVerifier(tb testing.TB, c jwtverify.Config) *jwtverify.Verifier {
	tb.Helper()
	if c.Issuer == "" {
		c.Issuer = issuer
	}
	if c.Now == nil {
		c.Now = clock
	}
	v, err := jwtverify.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// countingKeys tells how often a key was asked for.
type countingKeys struct {
	jwtverify.Keys
	asked []string
}

func (k *countingKeys) Key(ctx context.Context, kid string) (jwtverify.Key, error) {
	k.asked = append(k.asked, kid)
	return k.Keys.Key(ctx, kid)
}
