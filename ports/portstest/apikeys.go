package portstest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// KeyCase is a store of API keys under test. Owner makes somebody who has none
// yet; Age makes every key older by d, as if that much time had gone by.
type KeyCase struct {
	ports.APIKeys
	Owner func() ports.Principal
	Age   func(d time.Duration)
}

// APIKeys checks a store against the contract of ports.APIKeys. open gives an
// empty store.
func APIKeys(t *testing.T, open func(t *testing.T) KeyCase) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, KeyCase){
		"who_shows_a_key_acts_as_its_owner":      apiKeyActs,
		"a_key_is_its_owners_to_list_and_revoke": apiKeyOwned,
		"a_key_expires":                          apiKeyExpires,
		"a_use_is_noted":                         apiKeyNoted,
		"keys_are_bounded_even_at_once":          apiKeysBounded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

const apiKeyLife = time.Hour

// newAPIKey is a key and what is to be kept of it.
func newAPIKey(most int) (digest [32]byte, key ports.NewAPIKey) {
	secret := core.NewAPIKey()
	digest, _ = core.APIKeyDigest(secret) // of our own making
	return digest, ports.NewAPIKey{
		Name: "nightly", Hint: core.APIKeyHint(secret), Digest: digest, Scopes: []core.Scope{core.ScopeRead, core.ScopeSearch}, Life: apiKeyLife, Most: most,
	}
}

// keeps adds a key that there is room for.
func (c KeyCase) keeps(t *testing.T, owner ports.Principal) ([32]byte, ports.APIKey) {
	t.Helper()
	digest, key := newAPIKey(100)
	kept, err := c.Keep(t.Context(), owner, key)
	if err != nil || kept.ID.IsZero() || kept.Name != key.Name || kept.Hint != key.Hint || !slices.Equal(kept.Scopes, key.Scopes) ||
		!kept.LastUsedAt.IsZero() || kept.ExpiresAt.Sub(kept.CreatedAt) != apiKeyLife {
		t.Fatalf("keep: %+v, %v", kept, err)
	}
	return digest, kept
}

func apiKeyActs(t *testing.T, c KeyCase) {
	ada, bob := c.Owner(), c.Owner()
	digest, kept := c.keeps(t, ada)
	c.keeps(t, bob)
	who, err := c.Bearer(t.Context(), digest)
	if err != nil || who.User != ada.User || who.Key != kept.ID || !slices.Equal(who.Scopes, kept.Scopes) || !who.ExpiresAt.Equal(kept.ExpiresAt) || who.Session != "" {
		t.Errorf("bearer: %+v, %v", who, err)
	}
	unknown, _ := newAPIKey(1)
	_, err = c.Bearer(t.Context(), unknown)
	saysOnly(t, "an unknown key", err, core.CodeUnauthenticated)
}

func apiKeyOwned(t *testing.T, c KeyCase) {
	ada, bob := c.Owner(), c.Owner()
	digest, kept := c.keeps(t, ada)
	if keys, err := c.Keys(t.Context(), bob); err != nil || len(keys) != 0 {
		t.Errorf("another's list: %+v, %v", keys, err)
	}
	saysOnly(t, "another's revoking", c.Revoke(t.Context(), bob, kept.ID), core.CodeNotFound)
	if keys, err := c.Keys(t.Context(), ada); err != nil || len(keys) != 1 || keys[0].ID != kept.ID {
		t.Errorf("one's list: %+v, %v", keys, err)
	}
	if err := c.Revoke(t.Context(), ada, kept.ID); err != nil {
		t.Errorf("revoking: %v", err)
	}
	_, err := c.Bearer(t.Context(), digest)
	saysOnly(t, "a revoked key", err, core.CodeUnauthenticated)
	saysOnly(t, "revoking again", c.Revoke(t.Context(), ada, kept.ID), core.CodeNotFound)
}

func apiKeyExpires(t *testing.T, c KeyCase) {
	ada := c.Owner()
	digest, _ := c.keeps(t, ada)
	c.Age(apiKeyLife + time.Second)
	_, err := c.Bearer(t.Context(), digest)
	saysOnly(t, "an expired key", err, core.CodeUnauthenticated)
	if keys, err := c.Keys(t.Context(), ada); err != nil || len(keys) != 1 {
		t.Errorf("an expired key is listed: %+v, %v", keys, err)
	}
}

func apiKeyNoted(t *testing.T, c KeyCase) {
	ada := c.Owner()
	digest, _ := c.keeps(t, ada)
	if _, err := c.Bearer(t.Context(), digest); err != nil {
		t.Fatal(err)
	}
	if keys, err := c.Keys(t.Context(), ada); err != nil || len(keys) != 1 || keys[0].LastUsedAt.IsZero() {
		t.Errorf("after a use: %+v, %v", keys, err)
	}
}

func apiKeysBounded(t *testing.T, c KeyCase) {
	const most, tries = 3, 12
	ada := c.Owner()
	c.keeps(t, c.Owner()) // another's take no room
	results := make(chan error, tries)
	var group sync.WaitGroup
	for range tries {
		group.Go(func() {
			_, key := newAPIKey(most)
			_, err := c.Keep(t.Context(), ada, key)
			results <- err
		})
	}
	group.Wait()
	close(results)
	kept := 0
	for err := range results {
		if err == nil {
			kept++
			continue
		}
		saysOnly(t, "beyond the bound", err, core.CodeTooManyKeys)
	}
	if kept != most {
		t.Errorf("%d keys were kept, want %d", kept, most)
	}
	c.Age(apiKeyLife + time.Second)
	_, key := newAPIKey(most)
	if _, err := c.Keep(t.Context(), ada, key); err != nil {
		t.Errorf("expired keys take room: %v", err)
	}
}
