package core

import (
	"regexp"
	"strings"
	"testing"
)

func TestAPIKeysAreKnownByTheirFormAlone(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^ink_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	for range 2000 {
		key := NewAPIKey()
		digest, ok := APIKeyDigest(key)
		if !form.MatchString(key) || !ok || seen[key] || !LooksLikeAPIKey(key) || !strings.HasPrefix(key, APIKeyHint(key)) {
			t.Fatalf("a key of a wrong form: %d characters, ok %v", len(key), ok)
		}
		if again, _ := APIKeyDigest(key); again != digest {
			t.Fatal("two digests of one key")
		}
		seen[key] = true
	}
}

func TestS18_WhatIsNoKeyHasNoDigest(t *testing.T) {
	t.Parallel()
	key := NewAPIKey()
	other := "0"
	if key[10] == '0' {
		other = "1"
	}
	for name, text := range map[string]string{
		"empty": "", "prefix": KeyPrefix, "one digit off": key[:10] + other + key[11:], "shorter": key[:len(key)-1], "longer": key + "0",
		"another prefix": "sk-_" + key[4:], "upper case": strings.ToUpper(key), "space": key + " ", "hint": APIKeyHint(key), "newline": key[:52] + "\n",
	} {
		if _, ok := APIKeyDigest(text); ok {
			t.Errorf("%s is taken for a key", name)
		}
	}
}
