package jwtverify_test

import (
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
)

func TestParseJWKSTakesUsableKeysOnly(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	weak := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2046, 1), E: 65537} // one bit short
	ec, rs := ecJWK("ec", &s.ec.PublicKey), rsaJWK("rsa", &s.rsa.PublicKey)
	for name, key := range map[string]object{
		"no kid": ec.with(object{"kid": nil}), "kid number": ec.with(object{"kid": 1}), "long kid": ec.with(object{"kid": strings.Repeat("k", 257)}),
		"no use": ec.with(object{"use": nil}), "encryption": ec.with(object{"use": "enc"}), "signing only": ec.with(object{"key_ops": []string{"sign"}}),
		"alg of another kind": ec.with(object{"alg": "RS256"}), "P-384": ec.with(object{"crv": "P-384"}), "off the curve": ec.with(object{"y": ec["x"]}),
		"short x": ec.with(object{"x": "AQAB"}), "x no base64": ec.with(object{"x": "***"}), "symmetric": {"kty": "oct", "use": "sig", "kid": "k", "k": "AQAB"},
		"OKP": {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "k", "x": ec["x"]}, "no kty": ec.with(object{"kty": nil}),
		"RSA 2047": rsaJWK("rsa", weak), "PS256": rs.with(object{"alg": "PS256"}), "exponent 1": rs.with(object{"e": "AQ"}), "exponent even": rs.with(object{"e": "Ag"}),
		"exponent huge": rs.with(object{"e": "AQAAAAE"}), "exponent over 31 bits": rs.with(object{"e": "_____w"}), "no exponent": rs.with(object{"e": nil}), "no modulus": rs.with(object{"n": nil}),
		"huge modulus": rs.with(object{"n": encode(make([]byte, 1025))}),
	} {
		keys, err := jwtverify.ParseJWKS(jwks(key, rs.with(object{"kid": "good"})))
		if err != nil || len(keys) != 1 || keys["good"].Algorithm != "RS256" {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
	}
}

func TestParseJWKSKeepsTheFirstOfAnID(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	keys, err := jwtverify.ParseJWKS(jwks(ecJWK("k", &s.ec.PublicKey), rsaJWK("k", &s.rsa.PublicKey)))
	if err != nil || len(keys) != 1 || keys["k"].Algorithm != "ES256" {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestParseJWKSRefusesOtherDocuments(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "null", "[]", "{}", `{"keys":null}`, `{"keys":{}}`, "<html>"} {
		if _, err := jwtverify.ParseJWKS([]byte(document)); err == nil {
			t.Errorf("%q accepted", document)
		}
	}
	if keys, err := jwtverify.ParseJWKS([]byte(`{"keys":[]}`)); err != nil || len(keys) != 0 {
		t.Errorf("empty set: %v, %v", keys, err)
	}
}
