package supabase

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// The variables an operator sets; faults name them.
const (
	serviceKeyVariable = "SUPABASE_SERVICE_ROLE_KEY"
	anonKeyVariable    = "SUPABASE_ANON_KEY"
	urlVariable        = "SUPABASE_URL"
)

const (
	roleService = "service_role"
	roleAnon    = "anon"
)

// apiKey is a project's key of either family: opaque (sb_...) or legacy (a JWT).
type apiKey struct {
	value  string
	legacy bool
}

// apply sets the headers of a call made in the project's own name. An opaque
// key goes in apikey alone: the gateway trades it for a token.
func (k apiKey) apply(h http.Header) {
	h.Set("Apikey", k.value)
	if k.legacy {
		h.Set("Authorization", "Bearer "+k.value)
	}
}

// secret reports whether the gateway trusts the key to name a client's address.
func (k apiKey) secret() bool { return strings.HasPrefix(k.value, "sb_secret_") }

// parseServiceKey accepts a key that acts as service_role. The error names the
// variable and what is wrong with it, never the key.
func parseServiceKey(value string) (apiKey, error) {
	key, role, err := parseKey(value)
	if err != nil {
		return apiKey{}, fmt.Errorf("%s %w", serviceKeyVariable, err)
	}
	if role != roleService {
		return apiKey{}, fmt.Errorf("%s holds a public key (role %s): set it to the project's secret key (sb_secret_... or the legacy service_role key)", serviceKeyVariable, role)
	}
	return key, nil
}

// parseAnonKey accepts a key that acts as anon.
func parseAnonKey(value string) (apiKey, error) {
	key, role, err := parseKey(value)
	if err != nil {
		return apiKey{}, fmt.Errorf("%s %w", anonKeyVariable, err)
	}
	if role != roleAnon {
		return apiKey{}, fmt.Errorf("%s holds a secret key (role %s): set it to the project's publishable key (sb_publishable_... or the legacy anon key)", anonKeyVariable, role)
	}
	return key, nil
}

// parseKey tells a key's family and role by its form.
func parseKey(value string) (apiKey, string, error) {
	switch {
	case value == "":
		return apiKey{}, "", errors.New("is not set")
	case strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
		return apiKey{}, "", errors.New("holds white space or characters no key has")
	case strings.HasPrefix(value, "sb_secret_"):
		return apiKey{value: value}, roleService, nil
	case strings.HasPrefix(value, "sb_publishable_"):
		return apiKey{value: value}, roleAnon, nil
	case strings.HasPrefix(value, "eyJ"):
		role, err := legacyRole(value)
		return apiKey{value: value, legacy: true}, role, err
	}
	return apiKey{}, "", errors.New("is neither an sb_ key nor a legacy JWT key")
}

// legacyRole reads the role claim of a legacy key. The signature is the
// project's business; the role is only used to refuse the wrong key early.
func legacyRole(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("is cut off: a legacy key has three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", errors.New("is damaged: its claims are not base64url")
	}
	var claims struct {
		Role string `json:"role"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", errors.New("is damaged: its claims are not JSON")
	}
	if claims.Role != roleService && claims.Role != roleAnon {
		return "", errors.New("is not a project key: its role is neither service_role nor anon")
	}
	return claims.Role, nil
}
