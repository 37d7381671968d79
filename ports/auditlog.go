package ports

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// AuditLog is who did what to which document. Where it came from stands in the
// context, see core.From. What the store itself changes it notes in the same
// transaction; the calls here are for the rest.
type AuditLog interface {
	// Record writes one entry and returns when it is durable. Where it fails
	// what was to be told must not happen: a read is refused.
	Record(ctx context.Context, e core.AuditEntry) error
}

// Security takes events that an attack may be behind.
type Security interface {
	// Note counts an event. It neither waits nor fails: of one actor and kind at
	// most one row a minute is written, with the count.
	Note(ctx context.Context, e core.SecurityEvent)
}
