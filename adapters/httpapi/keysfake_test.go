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

// memKeys keeps answers by key; its clock is moved by age.
type memKeys struct {
	faults
	lock sync.Mutex
	now  time.Time
	rows map[[32]byte]*memKey
}

type memKey struct {
	ports.KeyHold
	fingerprint            [32]byte
	claimed, until, expire time.Time
	running                bool
}

func newKeys() *memKeys { return &memKeys{rows: map[[32]byte]*memKey{}, now: time.Now()} }

func (m *memKeys) age(d time.Duration) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.now = m.now.Add(d)
}

func (m *memKeys) count() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.rows)
}

func (m *memKeys) Claim(ctx context.Context, use ports.KeyUse) (ports.KeyHold, error) {
	if err := ctx.Err(); err != nil {
		return ports.KeyHold{}, err
	}
	if err := m.of("Claim"); err != nil {
		return ports.KeyHold{}, err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	row := m.rows[use.Key]
	if row == nil {
		row = &memKey{}
	}
	same, expired, lost := row.fingerprint == use.Fingerprint, !row.expire.After(m.now), row.running && !row.until.After(m.now)
	switch {
	case expired, row.Answer == nil && !row.running, lost && same:
	case !same:
		return ports.KeyHold{}, core.Fail(core.CodeIdempotencyMismatch, nil)
	case row.Answer != nil:
		return row.KeyHold, nil
	default:
		e := core.Fail(core.CodeIdempotencyInUse, nil)
		e.After = max(min(m.now.Sub(row.claimed), row.until.Sub(m.now)), time.Second)
		return ports.KeyHold{}, e
	}
	hold := ports.KeyHold{Run: row.Run + 1, Resource: row.Resource}
	if expired || !same {
		hold.Resource = core.NewID()
	}
	m.rows[use.Key] = &memKey{KeyHold: hold, fingerprint: use.Fingerprint, claimed: m.now,
		until: m.now.Add(use.Lease), expire: m.now.Add(use.Lease + use.Life), running: true}
	return hold, nil
}

func (m *memKeys) mine(key [32]byte, run int) *memKey {
	if row := m.rows[key]; row != nil && row.Run == run && row.running {
		return row
	}
	return nil
}

func (m *memKeys) Keep(_ context.Context, key [32]byte, run int, answer []byte, life time.Duration) error {
	if err := m.of("Keep"); err != nil {
		return err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	row := m.mine(key, run)
	if row == nil {
		return core.ErrStale
	}
	row.Answer, row.running, row.expire = slices.Clone(answer), false, m.now.Add(life)
	return nil
}

func (m *memKeys) Release(_ context.Context, key [32]byte, run int, inDoubt bool) error {
	if err := m.of("Release"); err != nil {
		return err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	if row := m.mine(key, run); row != nil {
		row.running = false
		if !inDoubt {
			delete(m.rows, key)
		}
	}
	return nil
}

func TestMemKeysKeepTheContract(t *testing.T) {
	t.Parallel()
	portstest.Idempotency(t, func(*testing.T) portstest.Keys {
		m := newKeys()
		return portstest.Keys{Idempotency: m, Age: func(_ [32]byte, d time.Duration) { m.age(d) }}
	})
}
