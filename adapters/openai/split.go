package openai

import (
	"context"
	"errors"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// embed sends the texts, in halves where they are refused as too much for one
// request or without a reason that is known: one bad text then fails under its
// own place, at, counted in the caller's batch. The first failure ends it, so
// that a service which refuses everything sees one request for each halving,
// twelve for the largest batch; one bad text costs two for each.
func (e *Embedder) embed(ctx context.Context, texts []string, at int) (ports.Embedding, error) {
	whole, err := e.request(ctx, texts)
	if !divisible(err) {
		return whole, err
	}
	if len(texts) == 1 {
		return ports.Embedding{}, alone(at, err)
	}
	half := len(texts) / 2
	left, err := e.embed(ctx, texts[:half], at)
	if err != nil {
		return ports.Embedding{}, err
	}
	right, err := e.embed(ctx, texts[half:], at+half)
	if err != nil {
		return ports.Embedding{}, err
	}
	if left.Model != right.Model {
		return ports.Embedding{}, core.Fail(core.CodeBadVectors, errors.New("halves of one batch by two models"))
	}
	left.Vectors = append(left.Vectors, right.Vectors...)
	left.Tokens += right.Tokens
	return left, nil
}

// divisible reports a refusal that may be of a part alone. One that names a
// field, and stands in every form, may have quoted a text with that word.
func divisible(err error) bool {
	for _, cause := range []error{errTooMuch, errUnexplained, errEncoding, errDimensions} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// alone is the refusal of one text. Its cause names the text's place.
func alone(at int, err error) error {
	code := core.CodeEmbedderRefused
	if errors.Is(err, errTooMuch) {
		code = core.CodeInputTooLong
	}
	return core.Fail(code, fmt.Errorf("input %d: %w", at, errors.Unwrap(err)))
}
