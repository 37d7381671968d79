package ports

import (
	"context"
	"io"
	"time"
)

// Scanner looks for malware.
type Scanner interface {
	// Scan reads the body to its end and names the signature that it was found
	// by; "" says that nothing was found. The name is of at most 200 letters,
	// digits and signs of a name. An error says nothing of the file:
	// CodeScanUnavailable whatever keeps the scanner from an answer, its own
	// bounds included, or the wrapped error of ctx. An error of body comes back
	// within either.
	Scan(ctx context.Context, body io.Reader) (signature string, err error)

	// Version asks what looks, and by what.
	Version(ctx context.Context) (ScannerVersion, error)

	// Healthy asks whether it answers.
	Healthy(ctx context.Context) error
}

// ScannerVersion is what a scanner says of itself.
type ScannerVersion struct {
	Engine     string    // its name and version
	Signatures string    // the version of its database; empty where it has none of its maker's
	SignedAt   time.Time // of that database, UTC; zero where it does not say
}
