package ports

import "context"

// Intake says whether uploads are taken.
type Intake interface {
	// Open returns CodeIntakePaused, with the wait that clients are told, while
	// an operator has paused uploads.
	Open(ctx context.Context) error
}
