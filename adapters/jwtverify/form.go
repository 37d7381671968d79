package jwtverify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"
)

const maxKeyID = 256 // bytes; RFC 7638 thumbprints have 43

// forbidden header parameters name, carry or fetch keys, or change what the
// signature covers. Nothing we take is signed with one.
var forbidden = [...]string{"crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip", "cty"}

// wellFormed checks a token's form before anything is computed over it, and
// answers the payload's bytes.
func wellFormed(token string) ([]byte, error) {
	if len(token) > MaxLength || strings.Count(token, ".") != 2 || !plain(token) {
		return nil, ReasonMalformed
	}
	segments := strings.Split(token, ".")
	if _, err := object(segments[0]); err != nil {
		return nil, err
	}
	return object(segments[1])
}

// plain reports whether a token has no byte outside the alphabet of base64url
// and the dot. The decoder skips line breaks even when strict, which would let
// one token be written in many ways.
func plain(token string) bool {
	for _, c := range []byte(token) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// object decodes a segment that has to be one JSON object without a name twice
// on any level: readers differ in which of two they believe.
func object(segment string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil || !utf8.Valid(raw) || !bytes.HasPrefix(raw, []byte("{")) {
		return nil, ReasonMalformed
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := distinct(d); err != nil {
		return nil, ReasonMalformed
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ReasonMalformed
	}
	return raw, nil
}

// distinct reads one JSON value and fails where an object repeats a name.
func distinct(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	names := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			text, ok := name.(string)
			if !ok || names[text] {
				return ReasonMalformed
			}
			names[text] = true
		}
		if err := distinct(d); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing bracket
	return err
}

// checkHeader answers the kid, empty where there is none.
func checkHeader(header map[string]any) (string, error) {
	if header["typ"] != "JWT" {
		return "", ReasonHeader
	}
	for _, name := range forbidden {
		if _, there := header[name]; there {
			return "", ReasonHeader
		}
	}
	kid, there := header["kid"]
	if !there {
		return "", nil
	}
	text, ok := kid.(string)
	if !ok || text == "" || len(text) > maxKeyID {
		return "", ReasonHeader
	}
	return text, nil
}
