package ports

import "context"

// Quota bounds how many documents an owner may add in any 24 hours. Only new
// documents count: neither duplicates nor later attempts do, and deleting a
// document gives nothing back.
type Quota interface {
	// MayAdd answers CodeQuotaExceeded, with the time until the next document
	// is taken, when perDay documents were added within 24 hours. It is the
	// early look; Add holds NewDocument.PerDay exactly.
	MayAdd(ctx context.Context, who Principal, perDay int) error
}
