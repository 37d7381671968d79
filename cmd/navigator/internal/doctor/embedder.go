package doctor

import (
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
)

// word is what is embedded to see the vector: one token, which is billed.
const word = "insurance"

// embedder asks for the model under our key, and for the vector of one word.
func (l look) embedder(ctx context.Context) []Check {
	const name, vectors = "embedder", "embedder's vectors"
	if !given(l.environ, "OPENAI_API_KEY") {
		return []Check{skipped(name, "no key is set")}
	}
	opened, err := l.config.Embedder()
	if err != nil {
		return []Check{bad(name, err.Error(), settingsAdvice)}
	}
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	if err := opened.Healthy(ctx); err != nil {
		return []Check{refused(name, err), skipped(vectors, "the embedder does not let us in")}
	}
	checks := []Check{good(name, "it lets our key in, and has "+l.config.OpenAIModel)}
	got, err := opened.Embed(ctx, []string{word})
	switch {
	case core.HasCode(err, core.CodeBadVectors):
		return append(checks, bad(vectors, fmt.Sprintf("%s: they are not %d numbers that make a vector", core.CodeBadVectors, core.Dimensions),
			advice(core.CodeBadVectors)))
	case err != nil:
		return append(checks, refused(vectors, err))
	}
	return append(checks, good(vectors, fmt.Sprintf("%d dimensions, for %d tokens", core.Dimensions, got.Tokens)))
}
