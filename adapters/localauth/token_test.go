package localauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/localauth"
)

// published reads the key set as a stranger would.
func published(t *testing.T, keys *localauth.Keys) map[string]*ecdsa.PublicKey {
	t.Helper()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(keys.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	found := map[string]*ecdsa.PublicKey{}
	for _, k := range set.Keys {
		if k["kty"] != "EC" || k["crv"] != "P-256" || k["use"] != "sig" || k["alg"] != "ES256" || k["d"] != nil {
			t.Errorf("published key of another kind: %v", k["kid"])
		}
		x, errX := base64.RawURLEncoding.DecodeString(k["x"].(string))
		y, errY := base64.RawURLEncoding.DecodeString(k["y"].(string))
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if errX != nil || errY != nil || err != nil {
			t.Fatal("published key is no point of the curve")
		}
		found[k["kid"].(string)] = key
	}
	return found
}

func TestAccessTokenHasTheProvidersClaims(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 500_000_000, time.UTC)
	h := newHouse(t, localauth.Config{Now: func() time.Time { return now }})
	s := h.signUp()
	header, c := claims(t, s.AccessToken)
	if diff := cmp.Diff(map[string]any{"alg": "ES256", "typ": "JWT", "kid": h.keys.KeyID()}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	amr, _ := c["amr"].([]any)
	if len(amr) != 1 || amr[0].(map[string]any)["method"] != "password" {
		t.Errorf("amr %v", c["amr"])
	}
	want := jwt.MapClaims{
		"iss": issuer, "sub": s.Account.ID.String(), "aud": "authenticated", "role": "authenticated",
		"iat": float64(now.Unix()), "exp": float64(now.Unix() + 900), "email": email, "phone": "",
		"session_id": c["session_id"], "aal": "aal1", "amr": c["amr"], "is_anonymous": false,
		"app_metadata":  map[string]any{"provider": "email", "providers": []any{"email"}},
		"user_metadata": map[string]any{"name": "Ada"},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if s.ExpiresAt.Unix() != now.Unix()+900 {
		t.Errorf("expires %v", s.ExpiresAt)
	}
}

func TestFM034_TokenIsProvedByThePublishedKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	keys := published(t, h.keys)
	_, err := jwt.Parse(h.signUp().AccessToken, func(token *jwt.Token) (any, error) {
		return keys[token.Header["kid"].(string)], nil
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(issuer), jwt.WithAudience("authenticated"))
	if err != nil {
		t.Error(err)
	}
}

func TestKeysPublishFormerKeysToo(t *testing.T) {
	t.Parallel()
	private, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	former := mustKeys(t, private)
	public := publicPEM(t, published(t, former)[former.KeyID()])
	for name, old := range map[string]string{"private": private, "public": public, "one line": strings.ReplaceAll(private, "\n", `\n`)} {
		keys := newKeys(t, old)
		all := published(t, keys)
		if len(all) != 2 || all[keys.KeyID()] == nil || all[former.KeyID()] == nil {
			t.Errorf("%s: %d keys published", name, len(all))
		}
	}
	if again := mustKeys(t, private, private); len(published(t, again)) != 1 || again.KeyID() != former.KeyID() {
		t.Error("the current key named as a former one is published twice")
	}
}

func mustKeys(t *testing.T, current string, former ...string) *localauth.Keys {
	t.Helper()
	keys, err := localauth.ParseKeys(current, former...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func publicPEM(t *testing.T, key *ecdsa.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// The key of RFC 7517 appendix A.1, whose thumbprint any RFC 7638 tool gives.
func TestKeyIDIsTheThumbprint(t *testing.T) {
	t.Parallel()
	decode := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), decode("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := mustKeys(t, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
	if want := "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"; keys.KeyID() != want {
		t.Errorf("kid %s, want %s", keys.KeyID(), want)
	}
}

func TestParseKeysRefusesAndNeverQuotes(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"empty": "", "canary": "canary-canary", "two": good + good, "rsa": pkcs8(t, rsaKey), "p384": pkcs8(t, p384),
		"cut": good[:80] + "\n-----END PRIVATE KEY-----", "public p384": publicPEM(t, &p384.PublicKey),
	}
	for name, text := range bad {
		for place, parse := range map[string]func() (*localauth.Keys, error){
			"current": func() (*localauth.Keys, error) { return localauth.ParseKeys(text) },
			"former":  func() (*localauth.Keys, error) { return localauth.ParseKeys(good, text) },
		} {
			_, err := parse()
			if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "MI") {
				t.Errorf("%s as %s key: %v", name, place, err)
			}
		}
	}
	keys := mustKeys(t, good)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if printed := fmt.Sprintf(format, keys); printed != "localauth.Keys("+keys.KeyID()+")" {
			t.Errorf("%s prints %.40s", format, printed)
		}
	}
}

func pkcs8(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
