package supabasetest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

const annSignUp = `{"email":"ann@example.com","password":"correct-horse","data":{"full_name":"Ann"}}`

// TestTokensAreProvedByThePublishedKey: a stranger verifies with the key set alone.
func TestTokensAreProvedByThePublishedKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := serve(t, supabasetest.Options{Dir: dir})
	var session struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Expires int64  `json:"expires_at"`
	}
	r := first.do(t, "POST", "/auth/v1/signup", strings.NewReader(annSignUp))
	if err := json.Unmarshal([]byte(r.body), &session); err != nil {
		t.Fatal(err)
	}
	second := serve(t, supabasetest.Options{Dir: dir}) // the key and the session outlive a restart
	var set struct {
		Keys []struct{ Kid, X, Y, Kty, Alg string }
	}
	if err := json.Unmarshal([]byte(second.do(t, "GET", "/auth/v1/.well-known/jwks.json", nil, "Apikey", "").body), &set); err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(session.Access, claims, func(token *jwt.Token) (any, error) {
		if token.Header["kid"] != set.Keys[0].Kid {
			t.Errorf("kid %v is not published", token.Header["kid"])
		}
		return publicKey(t, set.Keys[0].X, set.Keys[0].Y), nil
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(first.url+"/auth/v1"), jwt.WithAudience("authenticated"))
	if err != nil {
		t.Error(err)
	}
	if claims["role"] != "authenticated" || claims["is_anonymous"] != false || claims["session_id"] == "" || claims["exp"] != float64(session.Expires) {
		t.Errorf("claims: %v", claims)
	}
	if r := second.do(t, "GET", "/auth/v1/user", nil, "Authorization", "Bearer "+session.Access); r.status != http.StatusOK {
		t.Errorf("user after a restart: %s", r.body)
	}
	if r := second.do(t, "POST", "/auth/v1/token?grant_type=refresh_token", strings.NewReader(`{"refresh_token":"`+session.Refresh+`"}`)); r.status != http.StatusOK {
		t.Errorf("refresh after a restart: %s", r.body)
	}
}

func publicKey(t *testing.T, x, y string) *ecdsa.PublicKey {
	t.Helper()
	point := []byte{4}
	for _, coordinate := range []string{x, y} {
		bytes, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil {
			t.Fatal(err)
		}
		point = append(point, bytes...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestLogoutDefaultsToEverySession(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := serve(t, supabasetest.Options{Now: func() time.Time { return now }})
	r := c.do(t, "POST", "/auth/v1/signup", strings.NewReader(annSignUp))
	c.do(t, "POST", "/auth/v1/token?grant_type=password", strings.NewReader(annSignUp))
	var session struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(r.body), &session); err != nil {
		t.Fatal(err)
	}
	bearer := "Bearer " + session.Access
	if r := c.do(t, "POST", "/auth/v1/logout?scope=others", nil, "Authorization", bearer); r.status != http.StatusNoContent || c.fake.Sessions() != 1 {
		t.Errorf("others: %d, %d sessions", r.status, c.fake.Sessions())
	}
	if r := c.do(t, "POST", "/auth/v1/logout", nil, "Authorization", bearer); r.status != http.StatusNoContent || c.fake.Sessions() != 0 {
		t.Errorf("global: %d, %d sessions", r.status, c.fake.Sessions())
	}
	if r := c.do(t, "GET", "/auth/v1/user", nil, "Authorization", bearer); r.status != http.StatusForbidden || r.code() == "bad_jwt" {
		t.Errorf("after logout: %d %s", r.status, r.body)
	}
	now = now.Add(time.Hour + time.Second)
	if r := c.do(t, "GET", "/auth/v1/user", nil, "Authorization", bearer, "X-Supabase-Api-Version", "2024-01-01"); r.code() != "bad_jwt" {
		t.Errorf("expired: %d %s", r.status, r.body)
	}
}
