package jwtverify_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// house is an issuer with a key set behind an address, whose keys change.
type house struct {
	server *keyServer
	mu     sync.Mutex
	names  []string // of the published keys; the first one signs
	keys   map[string]*signer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{keys: map[string]*signer{}}
	h.server = newKeyServer(t, nil)
	h.publish(t, h.made(t))
	return h
}

func (h *house) made(t *testing.T) string {
	t.Helper()
	name := "key-" + strconv.Itoa(len(h.keys))
	h.keys[name] = newSigner(t)
	return name
}

// publish takes the lock by itself.
func (h *house) publish(t *testing.T, names ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = names
	var set []object
	for _, name := range names {
		set = append(set, ecJWK(name, &h.keys[name].ec.PublicKey))
	}
	h.server.serve(jwks(set...))
}

func (h *house) issue(t *testing.T) string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	at := time.Now().Unix()
	claims := goodClaims.with(object{"iat": at, "exp": at + 3600, "session_id": core.NewID().String()})
	return h.keys[h.names[0]].es(esHeader.with(object{"kid": h.names[0]}).json(), claims.json())
}

// TestVerifierConformance: a key stands by, signs, is the former one, and is
// revoked, and all the while good tokens are taken.
func TestVerifierConformance(t *testing.T) {
	t.Parallel()
	portstest.Verifier(t, func(t *testing.T) portstest.Tokens {
		h := newHouse(t)
		start := time.Now()
		// The key server's clock stands at a fixed moment; ours begins today.
		clock := func() time.Time { return start.Add(h.server.now().Sub(now)) }
		keys, err := jwtverify.NewRemote(h.server.URL, h.server.Client(), clock)
		if err != nil {
			t.Fatal(err)
		}
		v := newVerifier(t, jwtverify.Config{Keys: keys, Now: clock})
		return portstest.Tokens{
			Verifier: v, Issue: h.issue, Later: h.server.pass, KeysAge: 10 * time.Minute, Strangers: apiKeys(),
			StandBy: func(t *testing.T) { h.publish(t, h.names[0], h.made(t)) },
			Rotate:  func(t *testing.T) { h.publish(t, h.names[1], h.names[0]) },
			Revoke:  func(t *testing.T) { h.publish(t, h.names[0]) },
		}
	})
}

// apiKeys are a project's keys of both families, the older ones as they are:
// signed with the very secret that HS256 tokens are proved by.
func apiKeys() map[string]string {
	at := time.Now()
	keys := map[string]string{"the secret key": "sb_secret_0123456789abcdefghij", "the publishable key": "sb_publishable_0123456789abcdef"}
	for _, role := range []string{"anon", "service_role", "authenticated"} {
		claims := object{"iss": "supabase", "ref": "abcdefghijklmnop", "role": role, "iat": at.Unix(), "exp": at.AddDate(10, 0, 0).Unix()}
		keys["the older key of "+role] = hs([]byte(secret), hsHeader.json(), claims.json())
		claims["iss"], claims["aud"] = issuer, "authenticated"
		keys["the same with our issuer, of "+role] = hs([]byte(secret), hsHeader.json(), claims.json())
	}
	return keys
}

// TestS18_APIKeysAreNoUsers: not even where HS256 is configured with the very
// secret that signed them.
func TestS18_APIKeysAreNoUsers(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, jwtverify.Config{Keys: newSigner(t).static(t), Secret: []byte(secret), Now: time.Now})
	for name, key := range apiKeys() {
		if p, err := v.Verify(t.Context(), key); !core.HasCode(err, core.CodeUnauthenticated) || !p.User.IsZero() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// weakSecrets are what people sign with who do not draw a secret.
var weakSecrets = []string{
	"", "secret", "Secret", "SECRET", "password", "123456", "12345678901234567890123456789012", "changeme", "your-256-bit-secret", "jwt_secret", "supersecret",
	"super-secret-jwt-token-with-at-least-32-characters-long", "test", "key", "HS256", "ES256", "none", "null", "undefined", "admin", "supabase", "postgres",
	"authenticated", issuer, issuer + "/.well-known/jwks.json", subject, "ec", "rsa", "\x00", strings.Repeat("a", 32), strings.Repeat("0", 32), strings.Repeat("x", 32),
}

func TestS18_NoWeakSecretSigns(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for _, c := range []jwtverify.Config{{Keys: s.static(t)}, {Keys: s.static(t), Secret: []byte(secret)}, {Secret: []byte(secret)}} {
		v := newVerifier(t, c)
		for _, weak := range weakSecrets {
			for _, header := range []object{hsHeader, hsHeader.with(object{"kid": "ec"})} {
				if _, err := v.Verify(t.Context(), hs([]byte(weak), header.json(), goodClaims.json())); !core.HasCode(err, core.CodeUnauthenticated) {
					t.Errorf("signed with %q: %v", weak, err)
				}
			}
		}
	}
}
