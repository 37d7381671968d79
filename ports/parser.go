package ports

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Submission is what a parser needs to start on a document.
type Submission = core.Submission

// Parser turns a stored file into pages of markdown. A job is started once,
// and its result is fetched once it is ready.
type Parser interface {
	// Submit hands the file over and starts the job. The job may be ready, and
	// the callback sent, before Submit returns. An error whose outcome is
	// unknown (a lost answer) is Transient: call Find before submitting again.
	Submit(ctx context.Context, s Submission) (core.Queued, error)

	// Find looks for a job that an earlier Submit of this attempt started; ok
	// is false when there is none.
	Find(ctx context.Context, doc core.Document) (q core.Queued, ok bool, err error)

	// Fetch asks for the result of doc.ProviderJob. CodeParseNotReady (Busy)
	// says it is still at work; CodeParseGone that the job is unknown there;
	// Permanent codes that the document cannot be read.
	Fetch(ctx context.Context, doc core.Document) (core.Text, error)

	// Forget deletes the copies the parser holds of the document; what is gone
	// already is no error.
	Forget(ctx context.Context, doc core.Document) error

	// Healthy makes one cheap authenticated call.
	Healthy(ctx context.Context) error
}

// Watched is a Parser that can be asked where a job is without its result.
type Watched interface {
	// Look changes nothing. A job that is unknown there, or was never started,
	// is core.ProviderUnknown and no error.
	Look(ctx context.Context, doc core.Document) (core.ProviderState, error)
}
