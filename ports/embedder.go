package ports

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Limits of one Embed call. The provider's own caps are 2,048 inputs, 8,192
// tokens an input and 300,000 tokens a request; ours leave room for an
// estimate that is off.
const (
	MaxEmbedInputs      = 256
	MaxEmbedTokens      = 100_000
	MaxEmbedInputTokens = 8_000
)

// Embedding is the answer for one batch of texts.
type Embedding = core.Embedding

// Embedder turns texts into vectors: all of a batch, or an error and none.
type Embedder interface {
	// Embed checks every vector: count, order by the provider's index, length,
	// finite values, norm within 0.98 to 1.02. CodeBadVectors (Transient) says
	// a check failed; CodeInputTooLong (Permanent) that one text is too long;
	// CodeEmbedderBusy (Busy) carries the provider's wait; CodeEmbedderCredits
	// and CodeEmbedderKey (Paused) need a human.
	Embed(ctx context.Context, texts []string) (Embedding, error)

	// Healthy makes one cheap authenticated call that costs no tokens.
	Healthy(ctx context.Context) error
}
