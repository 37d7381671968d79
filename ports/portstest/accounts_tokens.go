package portstest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Returning is how somebody comes back to a page of ours with a code, that the
// verifier trades (PKCE, S256).
func Returning(redirect, verifier string) ports.Return {
	sum := sha256.Sum256([]byte(verifier))
	return ports.Return{Redirect: redirect, Challenge: base64.RawURLEncoding.EncodeToString(sum[:])}
}

// SpokenFor reads an access token's claims without proving them: the verifier is
// not on trial here.
func SpokenFor(t *testing.T, token string) ports.Principal {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("an access token of %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Subject string `json:"sub"`
		Session string `json:"session_id"`
		Email   string `json:"email"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	id, err := core.ParseID(claims.Subject)
	if err != nil {
		t.Fatal(err)
	}
	return ports.Principal{User: id, Session: claims.Session, Email: claims.Email, Claims: raw}
}
