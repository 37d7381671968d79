package httpapi

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// memAPIKeys keeps keys by their digest.
type memAPIKeys struct {
	faults
	lock sync.Mutex
	kept map[[32]byte]memAPIKey
}

type memAPIKey struct {
	ports.APIKey
	owner core.ID
}

func newAPIKeys() *memAPIKeys { return &memAPIKeys{kept: map[[32]byte]memAPIKey{}} }

// give makes a key of a user's with the scopes.
func (m *memAPIKeys) give(user core.ID, scopes ...core.Scope) string {
	key := core.NewAPIKey()
	digest, _ := core.APIKeyDigest(key)
	_, _ = m.Keep(context.Background(), ports.Principal{User: user}, ports.NewAPIKey{Digest: digest, Scopes: scopes, Life: time.Hour, Most: 100})
	return key
}

func (m *memAPIKeys) Keep(_ context.Context, who ports.Principal, k ports.NewAPIKey) (ports.APIKey, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	there, now := 0, time.Now()
	for _, other := range m.kept {
		if other.owner == who.User && other.ExpiresAt.After(now) {
			there++
		}
	}
	if there >= k.Most {
		return ports.APIKey{}, core.Fail(core.CodeTooManyKeys, nil)
	}
	kept := ports.APIKey{ID: core.NewID(), Name: k.Name, Hint: k.Hint, Scopes: k.Scopes, CreatedAt: now, ExpiresAt: now.Add(k.Life)}
	m.kept[k.Digest] = memAPIKey{kept, who.User}
	return kept, m.of("Keep")
}

func (m *memAPIKeys) Keys(_ context.Context, who ports.Principal) (keys []ports.APIKey, err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, k := range m.kept {
		if k.owner == who.User {
			keys = append(keys, k.APIKey)
		}
	}
	return keys, m.of("Keys")
}

func (m *memAPIKeys) Revoke(_ context.Context, who ports.Principal, id core.ID) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for digest, k := range m.kept {
		if k.ID == id && k.owner == who.User {
			delete(m.kept, digest)
			return nil
		}
	}
	return core.Fail(core.CodeNotFound, nil)
}

func (m *memAPIKeys) Bearer(_ context.Context, digest [32]byte) (ports.Principal, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if err := m.of("Bearer"); err != nil {
		return ports.Principal{}, err
	}
	k, ok := m.kept[digest]
	if !ok || !k.ExpiresAt.After(time.Now()) {
		return ports.Principal{}, core.Fail(core.CodeUnauthenticated, nil)
	}
	k.LastUsedAt = time.Now()
	m.kept[digest] = k
	return ports.Principal{User: k.owner, Key: k.ID, Scopes: k.Scopes, ExpiresAt: k.ExpiresAt}, nil
}

// age makes every key older.
func (m *memAPIKeys) age(d time.Duration) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for digest, k := range m.kept {
		k.ExpiresAt = k.ExpiresAt.Add(-d)
		m.kept[digest] = k
	}
}

func TestMemAPIKeysKeepTheContract(t *testing.T) {
	t.Parallel()
	portstest.APIKeys(t, func(*testing.T) portstest.KeyCase {
		m := newAPIKeys()
		return portstest.KeyCase{APIKeys: m, Owner: func() ports.Principal { return ports.Principal{User: core.NewID()} }, Age: m.age}
	})
}

func (m *memAPIKeys) count() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.kept)
}

// memOversight knows who has which role; it answers nothing of note.
type memOversight struct {
	faults
	lock  sync.Mutex
	roles map[core.ID][]core.Role
	asked []string
}

func newOversight() *memOversight { return &memOversight{roles: map[core.ID][]core.Role{}} }

func (m *memOversight) ask(what string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.asked = append(m.asked, what)
	return m.of(what)
}

func (m *memOversight) calls() []string {
	m.lock.Lock()
	defer m.lock.Unlock()
	return slices.Clone(m.asked)
}

func (m *memOversight) Roles(_ context.Context, who ports.Principal) ([]core.Role, error) {
	return m.roles[who.User], m.of("Roles")
}

func (m *memOversight) Watch(context.Context, ports.Principal, ports.Watching) ([]ports.Watched, error) {
	return nil, m.ask("Watch")
}

func (m *memOversight) Story(context.Context, ports.Principal, core.ID) (ports.Case, error) {
	return ports.Case{}, m.ask("Story")
}

func (m *memOversight) Loads(context.Context, ports.Principal) ([]ports.QueueLoad, error) {
	return nil, m.ask("Loads")
}

func (m *memOversight) Failures(context.Context, ports.Principal, ports.Failures) ([]ports.Failure, []ports.FailureCount, error) {
	return nil, nil, m.ask("Failures")
}

func (m *memOversight) Acts(context.Context, ports.Principal, int) ([]ports.Act, error) {
	return nil, m.ask("Acts")
}

// keyOf is the id of a new key of the user's.
func (b *bench) keyOf(user core.ID) string {
	b.apiKeys.give(user, core.ScopeSearch)
	b.apiKeys.lock.Lock()
	defer b.apiKeys.lock.Unlock()
	for _, k := range b.apiKeys.kept {
		if k.owner == user {
			return k.ID.String()
		}
	}
	return ""
}
