package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// APIKey is what is kept of a machine's key. The key itself is nowhere.
type APIKey struct {
	ID         core.ID
	Name       string // by its owner
	Hint       string // how the key begins
	Scopes     []core.Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // within a minute; zero when never
}

// NewAPIKey is a key to be kept.
type NewAPIKey struct {
	Name   string
	Hint   string
	Digest [32]byte // core.APIKeyDigest
	Scopes []core.Scope
	Life   time.Duration // from now on, by the store's clock
	Most   int           // keys of one owner that have not expired
}

// APIKeys keeps the keys of machines. Whoever shows one acts as its owner.
type APIKeys interface {
	// Keep adds a key of the caller's. CodeTooManyKeys says that there are Most.
	Keep(ctx context.Context, who Principal, key NewAPIKey) (APIKey, error)

	// Keys lists the caller's keys, expired ones too, the newest first.
	Keys(ctx context.Context, who Principal) ([]APIKey, error)

	// Revoke ends a key of the caller's at once, in every process. CodeNotFound
	// for anybody else's.
	Revoke(ctx context.Context, who Principal, id core.ID) error

	// Bearer is who a key speaks for, and notes its use at most once a minute.
	// CodeUnauthenticated says that there is no such key, or no longer.
	Bearer(ctx context.Context, digest [32]byte) (Principal, error)
}

// Act is one entry of what operators did.
type Act struct {
	At       time.Time
	Operator string // a name given at a terminal, or the id of an account
	Action   string
	What     string
	Reason   string
	Document core.ID // zero where it was about no single one
}

// Watching asks for documents by where they stand. A field left zero bounds
// nothing.
type Watching struct {
	Statuses []core.Status
	Behind   *Place // what comes after it, in the list's order
	Limit    int
}

// Watched is a document as operators see it: ids, states, sizes and times.
type Watched struct {
	Document    core.ID
	Owner       core.ID
	Status      core.Status
	Since       time.Time
	Attempt     int
	Size        int64
	ContentType string
	Pages       int
	Code        core.Code // why it failed
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Oversight is what operators read over the API. None of it holds a document's
// name, text, file or vectors. Every call but Roles is written down in the
// transaction that reads, and is CodeRoleRequired for whoever has no role.
type Oversight interface {
	// Roles is what the caller was granted.
	Roles(ctx context.Context, who Principal) ([]core.Role, error)

	// Watch lists documents of all owners, the newest first.
	Watch(ctx context.Context, who Principal, w Watching) ([]Watched, error)

	// Story is everything the database knows of one document. CodeNotFound says
	// that there is none, or no longer.
	Story(ctx context.Context, who Principal, id core.ID) (Case, error)

	// Loads is how much each queue has to do.
	Loads(ctx context.Context, who Principal) ([]QueueLoad, error)

	// Failures lists what failed, the longest ago first, and counts it by code.
	Failures(ctx context.Context, who Principal, f Failures) ([]Failure, []FailureCount, error)

	// Acts lists what operators did, the newest first; for the role admin alone.
	Acts(ctx context.Context, who Principal, limit int) ([]Act, error)
}
