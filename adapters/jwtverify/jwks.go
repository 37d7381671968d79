package jwtverify

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// The algorithms a token may be signed with.
const (
	algES256 = "ES256"
	algRS256 = "RS256"
	algHS256 = "HS256"
)

// Bounds of an RSA modulus: below is weak, above costs too much to verify.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

var (
	// ErrUnknownKey says the issuer has no usable key of that id.
	ErrUnknownKey = errors.New("no such key")
	// ErrKeysUnavailable says the issuer's keys cannot be had at present.
	ErrKeysUnavailable = errors.New("the issuer's keys cannot be had")
)

// Key is a public key and the one algorithm it proves.
type Key struct {
	Algorithm string // ES256 or RS256
	Public    crypto.PublicKey
}

// Keys finds the issuer's keys by id. Key returns ErrUnknownKey,
// ErrKeysUnavailable, or an error that wraps the context's.
type Keys interface {
	Key(ctx context.Context, kid string) (Key, error)
}

// Static is a set of keys that never changes while the process runs.
type Static map[string]Key

// Key looks the id up and nothing else.
func (s Static) Key(_ context.Context, kid string) (Key, error) {
	key, ok := s[kid]
	if !ok {
		return Key{}, ErrUnknownKey
	}
	return key, nil
}

// jwk is one key of a set (RFC 7517), public parts only.
type jwk struct {
	Kty    string   `json:"kty"`
	Use    string   `json:"use"`
	KeyOps []string `json:"key_ops"`
	Alg    string   `json:"alg"`
	Kid    string   `json:"kid"`
	Crv    string   `json:"crv"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	N      string   `json:"n"`
	E      string   `json:"e"`
}

// ParseJWKS reads a key set. Keys of other uses, kinds or strengths are left
// out, as is any that repeats an id; a set without usable keys is no error.
func ParseJWKS(document []byte) (Static, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil || set.Keys == nil {
		return nil, errors.New("jwtverify: not a JSON Web Key Set")
	}
	keys := Static{}
	for _, raw := range set.Keys {
		var k jwk
		if json.Unmarshal(raw, &k) != nil || k.Kid == "" || len(k.Kid) > maxKeyID {
			continue
		}
		key, err := k.key()
		if _, taken := keys[k.Kid]; taken || err != nil {
			continue
		}
		keys[k.Kid] = key
	}
	return keys, nil
}

func (k jwk) key() (Key, error) {
	if k.Use != "sig" || k.KeyOps != nil && !slices.Contains(k.KeyOps, "verify") {
		return Key{}, errors.New("not a key that verifies signatures")
	}
	var key Key
	var err error
	switch k.Kty {
	case "EC":
		key.Algorithm = algES256
		key.Public, err = k.ec()
	case "RSA":
		key.Algorithm = algRS256
		key.Public, err = k.rsa()
	default:
		err = fmt.Errorf("unsupported kind of key")
	}
	if err == nil && k.Alg != "" && k.Alg != key.Algorithm {
		err = fmt.Errorf("unsupported algorithm")
	}
	return key, err
}

func (k jwk) ec() (crypto.PublicKey, error) {
	if k.Crv != "P-256" {
		return nil, errors.New("unsupported curve")
	}
	point := []byte{4} // uncompressed
	for _, coordinate := range [...]string{k.X, k.Y} {
		b, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil || len(b) != 32 {
			return nil, errors.New("bad coordinate")
		}
		point = append(point, b...)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func (k jwk) rsa() (crypto.PublicKey, error) {
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil || len(n) > maxRSABits/8 {
		return nil, errors.New("bad modulus")
	}
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	if err != nil || len(e) == 0 || len(e) > 4 {
		return nil, errors.New("bad exponent")
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e).Int64()
	if modulus.BitLen() < minRSABits || modulus.Bit(0) == 0 || exponent < 3 || exponent%2 == 0 || exponent > 1<<31-1 {
		return nil, errors.New("weak key")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent)}, nil
}
