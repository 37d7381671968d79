package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Callback is what is kept of an authentic callback: never its text.
type Callback struct {
	Attempt     core.ID // proven by its signature; zero where the address carried none
	EventID     string
	EventType   string
	ProviderJob string
	BodySHA256  [32]byte
	BodyBytes   int
	Relevant    bool // says the job ended; others are kept and start nothing
}

// Outcome is what became of a callback.
type Outcome string

// The outcomes of a callback.
const (
	Accepted  Outcome = "accepted"  // stored, and a job asks the parser for the truth
	Duplicate Outcome = "duplicate" // stored before; nothing new starts
	Ignored   Outcome = "ignored"   // stored; the event says nothing has ended
	Unknown   Outcome = "unknown"   // stored; no such attempt here
)

// Received is what came of taking a callback.
type Received struct {
	Outcome Outcome
	First   bool          // it is the first that ends the wait for the attempt's job
	After   time.Duration // of the first: since that job was submitted
}

// InboxState is what the webhook's status page tells.
type InboxState struct {
	Callbacks int64     // stored in the last 24 hours, repeated deliveries not counted
	Last      time.Time // zero when none
}

// Inbox stores callbacks, each once, and starts the work they hint at in the
// same transaction.
type Inbox interface {
	Receive(ctx context.Context, c Callback) (Received, error)

	// AttemptOf finds the attempt a provider's job belongs to, for callbacks
	// whose address carries none; CodeNotFound when there is no such attempt.
	AttemptOf(ctx context.Context, providerJob string) (core.ID, error)

	// InboxState counts what was stored.
	InboxState(ctx context.Context) (InboxState, error)
}
