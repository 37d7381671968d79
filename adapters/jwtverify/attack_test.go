package jwtverify_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/core"
)

// attack is a token that must be refused for the one reason that was wrong.
type attack struct {
	name   string
	token  string
	reason jwtverify.Reason
}

// TestS18_ForgedTokensAreAllRefused runs every attack against two verifiers:
// one of public keys alone, and one that takes HS256 too.
func TestS18_ForgedTokensAreAllRefused(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	attacks := append(algorithmAttacks(t, s), headerAttacks(s)...)
	attacks = append(attacks, formAttacks(s)...)
	attacks = append(attacks, claimAttacks(s, newSigner(t))...)
	if len(attacks) < 90 {
		t.Fatalf("only %d attacks", len(attacks))
	}
	t.Logf("%d forged tokens, each with one planted fault", len(attacks))
	public := newVerifier(t, jwtverify.Config{Keys: s.static(t)})
	both := newVerifier(t, jwtverify.Config{Keys: s.static(t), Secret: []byte(secret)})
	seen := map[string]bool{}
	for _, a := range attacks {
		if seen[a.name] {
			t.Fatalf("two attacks named %q", a.name)
		}
		seen[a.name] = true
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, public, a.token, a.reason)
			if _, err := both.Verify(t.Context(), a.token); !core.HasCode(err, core.CodeUnauthenticated) {
				t.Errorf("where HS256 is allowed: %v", err)
			}
		})
	}
}

// wantRefused also holds that the error tells nothing but its code.
func wantRefused(t *testing.T, v *jwtverify.Verifier, token string, reason jwtverify.Reason) {
	t.Helper()
	p, err := v.Verify(t.Context(), token)
	if !core.HasCode(err, core.CodeUnauthenticated) || err.Error() != "unauthenticated" {
		t.Fatalf("error %v, want unauthenticated", err)
	}
	if !p.User.IsZero() || p.Claims != nil {
		t.Error("a refused token names a principal")
	}
	if got := jwtverify.ReasonOf(err); got != reason {
		t.Errorf("reason %q, want %q", got, reason)
	}
}

func algorithmAttacks(t *testing.T, s *signer) []attack {
	t.Helper()
	payload := goodClaims.json()
	der, err := x509.MarshalPKIXPublicKey(&s.ec.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	rsaDER, err := x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	confused := map[string][]byte{
		"pem": public, "pem without newline": []byte(strings.TrimSpace(string(public))), "der": der,
		"rsa pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: rsaDER}), "rsa der": rsaDER,
		"jwk": []byte(ecJWK("ec", &s.ec.PublicKey).json()), "jwks": s.jwks(),
		"empty key": {}, "weak secret": []byte("secret"), "issuer as secret": []byte(issuer), "kid as secret": []byte("ec"),
	}
	var out []attack
	for name, key := range confused {
		for _, kid := range []string{"ec", "rsa"} {
			out = append(out, attack{"HS256 by " + name + " as kid " + kid, hs(key, hsHeader.with(object{"kid": kid}).json(), payload), jwtverify.ReasonAlgorithm})
		}
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "HS384", "ES384", "PS256", "RS512", "EdDSA", "dir", "RSA1_5"} {
		header := esHeader.with(object{"alg": alg}).json()
		unsigned := encode([]byte(header)) + "." + encode([]byte(payload)) + "."
		out = append(out,
			attack{"alg " + alg + " unsigned", unsigned, jwtverify.ReasonAlgorithm},
			attack{"alg " + alg + " signed", s.es(header, payload), jwtverify.ReasonAlgorithm})
	}
	for name, alg := range (object{"null": nil, "number": 256, "array": []string{"ES256"}, "object": object{"ES256": true}}) {
		header := `{"typ":"JWT","kid":"ec","alg":` + strings.TrimSuffix(strings.TrimPrefix(object{"a": alg}.json(), `{"a":`), "}") + `}`
		out = append(out, attack{"alg is a " + name, s.es(header, payload), jwtverify.ReasonAlgorithm})
	}
	return append(out,
		attack{"alg missing", s.es(esHeader.with(object{"alg": nil}).json(), payload), jwtverify.ReasonAlgorithm},
		attack{"RS256 under the EC key's kid", s.rs(rsHeader.with(object{"kid": "ec"}).json(), payload), jwtverify.ReasonAlgorithm},
		attack{"ES256 under the RSA key's kid", s.es(esHeader.with(object{"kid": "rsa"}).json(), payload), jwtverify.ReasonAlgorithm},
		attack{"another issuer's key under our kid", newSigner(t).token(goodClaims), jwtverify.ReasonSignature},
	)
}

func headerAttacks(s *signer) []attack {
	payload := goodClaims.json()
	var out []attack
	kids := object{
		"path": "../../../../dev/null", "sql": "ec' union select 'x' --", "url": "https://evil.example/keys.json", "command": "ec|whoami",
		"unknown": "other", "case": "EC", "space": "ec ", "nul": "ec\x00",
	}
	for name, kid := range kids {
		out = append(out, attack{"kid " + name, s.es(esHeader.with(object{"kid": kid}).json(), payload), jwtverify.ReasonKey})
	}
	for name, kid := range (object{"empty": "", "huge": strings.Repeat("k", 5000), "array": []string{"ec"}, "number": 7, "object": object{"kid": "ec"}, "bool": true}) {
		out = append(out, attack{"kid " + name, s.es(esHeader.with(object{"kid": kid}).json(), payload), jwtverify.ReasonHeader})
	}
	for name, value := range (object{
		"jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/cert.pem", "x5c": []string{"MIIB"}, "jwk": ecJWK("ec", &s.ec.PublicKey),
		"x5t": "AA", "x5t#S256": "AA", "crit": []string{"exp"}, "b64": false, "zip": "DEF", "enc": "A256GCM", "cty": "JWT",
	}) {
		out = append(out, attack{"header " + name, s.es(esHeader.with(object{name: value}).json(), payload), jwtverify.ReasonHeader})
	}
	for name, typ := range (object{"at+jwt": "at+jwt", "lower case": "jwt", "JWE": "JWE", "number": 1, "missing": nil}) {
		out = append(out, attack{"typ " + name, s.es(esHeader.with(object{"typ": typ}).json(), payload), jwtverify.ReasonHeader})
	}
	return append(out,
		attack{"kid missing", s.es(esHeader.with(object{"kid": nil}).json(), payload), jwtverify.ReasonKey},
		attack{"kid null", s.es(`{"alg":"ES256","typ":"JWT","kid":null}`, payload), jwtverify.ReasonHeader},
		attack{"alg twice", s.es(`{"alg":"none","alg":"ES256","typ":"JWT","kid":"ec"}`, payload), jwtverify.ReasonMalformed},
		attack{"header is an array", s.es(`["ES256"]`, payload), jwtverify.ReasonMalformed},
		attack{"header is null", s.es(`null`, payload), jwtverify.ReasonMalformed},
		attack{"header with a tail", s.es(esHeader.json()+"{}", payload), jwtverify.ReasonMalformed},
	)
}

func formAttacks(s *signer) []attack {
	good := s.token(goodClaims)
	parts := strings.Split(good, ".")
	h, p, sig := parts[0], parts[1], parts[2]
	text := h + "." + p
	zero := encode(make([]byte, 64))
	raw, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		panic(err)
	}
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", sig[len(sig)-1])
	loose := sig[:len(sig)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last^1]) // differs in an unused bit
	malformed := map[string]string{
		"empty": "", "one segment": h, "two segments": text, "four segments": good + "." + sig, "five segments": good + ".." + sig, "dots": "..",
		"leading space": " " + good, "trailing space": good + " ", "trailing newline": good + "\n", "newline in the signature": text + "." + sig[:9] + "\r\n" + sig[9:],
		"newline in the payload": h + "." + p[:8] + "\n" + p[8:] + "." + sig, "padded signature": good + "==", "padded header": h + "=." + p + "." + sig,
		"unused bits in the signature": text + "." + loose, "standard alphabet": strings.ReplaceAll(text, "-", "+") + ".+/" + sig[2:], "nul": good + "\x00",
		"bearer left on": "Bearer " + good, "9 KiB": s.token(goodClaims.with(object{"x": strings.Repeat("x", 9<<10)})),
		"payload is an array": s.es(esHeader.json(), "["+goodClaims.json()+"]"), "payload is null": s.es(esHeader.json(), "null"), "payload is no JSON": s.es(esHeader.json(), "{"),
		"payload with a tail": s.es(esHeader.json(), goodClaims.json()+"x"), "payload not UTF-8": s.es(esHeader.json(), `{"sub":"`+"\xff"+`"}`), "payload empty": s.es(esHeader.json(), ""),
		"sub twice":    s.es(esHeader.json(), `{"sub":"0199f1a2-7b3c-7d4e-8f50-000000000000",`+goodClaims.json()[1:]),
		"sub escaped":  s.es(esHeader.json(), `{"s\u0075b":"0199f1a2-7b3c-7d4e-8f50-000000000000",`+goodClaims.json()[1:]),
		"nested twice": s.es(esHeader.json(), goodClaims.json()[:len(goodClaims.json())-1]+`,"app":{"a":1,"a":2}}`),
		"exp 1e400":    s.es(esHeader.json(), goodClaims.with(object{"exp": nil}).json()[:len(goodClaims.with(object{"exp": nil}).json())-1]+`,"exp":1e400}`),
		"JWE":          h + "." + p + "." + sig + "." + sig + "." + sig,
		"an API key":   "sb_secret_0123456789abcdef", "a refresh token": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA",
		"JSON form": `{"payload":"` + p + `","protected":"` + h + `","signature":"` + sig + `"}`,
	}
	forged := map[string]string{
		"signature empty": text + ".", "signature r=s=0": text + "." + zero, "signature cut": text + "." + encode(raw[:63]), "signature longer": text + "." + encode(append(raw, 0)),
		"signature of another payload": h + "." + encode([]byte(goodClaims.with(object{"sub": "0199f1a2-7b3c-7d4e-8f50-000000000000"}).json())) + "." + sig,
		"signature in ASN.1":           text + "." + encode([]byte{0x30, 6, 2, 1, 1, 2, 1, 1}), "signature r=s=1": text + "." + encode(append(make([]byte, 31), append([]byte{1}, append(make([]byte, 31), 1)...)...)),
	}
	var out []attack
	for name, token := range malformed {
		out = append(out, attack{"form: " + name, token, jwtverify.ReasonMalformed})
	}
	for name, token := range forged {
		out = append(out, attack{name, token, jwtverify.ReasonSignature})
	}
	return out
}

func claimAttacks(s, forger *signer) []attack {
	at := now.Unix()
	wrong := map[jwtverify.Reason]map[string]object{
		jwtverify.ReasonIssuer: {
			"iss another": {"iss": "https://evil.example/auth/v1"}, "iss trailing slash": {"iss": issuer + "/"}, "iss upper case": {"iss": strings.ToUpper(issuer)},
		},
		jwtverify.ReasonAudience: {
			"aud another": {"aud": "admin"}, "aud others": {"aud": []string{"a", "b"}}, "aud longer": {"aud": "authenticated2"},
		},
		jwtverify.ReasonClaims: {
			"iss missing": {"iss": nil}, "iss number": {"iss": 1}, "iss array": {"iss": []string{issuer}},
			"aud missing": {"aud": nil}, "aud empty array": {"aud": []string{}}, "aud mixed array": {"aud": []any{"authenticated", 1}}, "aud object": {"aud": object{"authenticated": 1}},
			"exp missing": {"exp": nil}, "exp zero": {"exp": 0}, "exp string": {"exp": "1795000840"}, "exp array": {"exp": []int64{at + 60}}, "exp past the year 9999": {"exp": 1e15}, "exp true": {"exp": true},
			"nbf in the future": {"nbf": at + 31}, "nbf string": {"nbf": "0"}, "iat in the future": {"iat": at + 31}, "iat string": {"iat": "0"},
			"sub missing": {"sub": nil}, "sub empty": {"sub": ""}, "sub no UUID": {"sub": "admin"}, "sub in braces": {"sub": "{" + subject + "}"}, "sub without dashes": {"sub": strings.ReplaceAll(subject, "-", "")},
			"sub zero": {"sub": "00000000-0000-0000-0000-000000000000"}, "sub number": {"sub": 1}, "sub array": {"sub": []string{subject}},
			"role missing": {"role": nil}, "role service": {"role": "service_role"}, "role anon": {"role": "anon"}, "role postgres": {"role": "postgres"}, "role array": {"role": []string{"authenticated"}},
			"anonymous": {"is_anonymous": true}, "anonymous as text": {"is_anonymous": "false"}, "anonymous as number": {"is_anonymous": 0},
			"session no UUID": {"session_id": "x"}, "session number": {"session_id": 1}, "email number": {"email": 1},
			"expired and iat in the future": {"exp": at - 31, "iat": at + 31}, "expired and anonymous": {"exp": at - 31, "is_anonymous": true}, "expired and service role": {"exp": at - 3600, "role": "service_role"},
		},
	}
	var out []attack
	for reason, group := range wrong {
		for name, changes := range group {
			out = append(out, attack{name, s.token(goodClaims.with(changes)), reason})
		}
	}
	return append(out,
		attack{"expired and of another issuer", s.token(goodClaims.with(object{"exp": at - 31, "iss": "x"})), jwtverify.ReasonIssuer},
		attack{"expired and for another audience", s.token(goodClaims.with(object{"exp": at - 31, "aud": "x"})), jwtverify.ReasonAudience},
		attack{"expired and forged", forger.token(goodClaims.with(object{"exp": at - 31})), jwtverify.ReasonSignature},
		attack{"the anon key", s.es(esHeader.json(), object{"iss": "supabase", "ref": "abc", "role": "anon", "iat": at, "exp": at + 3600}.json()), jwtverify.ReasonIssuer},
		attack{"the service key", s.es(esHeader.json(), object{"iss": issuer, "aud": "authenticated", "role": "service_role", "iat": at, "exp": at + 3600}.json()), jwtverify.ReasonClaims},
		attack{"claims in another case", s.es(esHeader.json(), strings.Replace(goodClaims.json(), `"exp"`, `"EXP"`, 1)), jwtverify.ReasonClaims},
	)
}
