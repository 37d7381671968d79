// Package openai turns texts into vectors with OpenAI's embeddings API, or
// any service that speaks it.
//
// The client library neither retries, nor bounds a body, nor shows an answer's
// headers in base64 mode, and it lets missing and short vectors pass. This
// package adds what is missing: it bounds time, size and requests in flight,
// reads the headers, tells the kinds of refusal apart and checks every vector.
// It does not retry: an error says whether and when to, and the queue does it.
//
// The one exception are batches the service finds too large: they are halved
// until they fit.
package openai

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	sdk "github.com/sashabaranov/go-openai"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// maxInputs is the provider's own cap on the inputs of one request.
const maxInputs = 2048

// healthTimeout bounds Healthy: a probe that waits a minute is no probe.
const healthTimeout = 10 * time.Second

// Embedder is a ports.Embedder over HTTP. It is safe for concurrent use; make
// one for the process, because it holds the cap on requests in flight.
type Embedder struct {
	sdk     *sdk.Client
	model   string
	timeout time.Duration
	slots   chan struct{}
	floats  atomic.Bool // the service has shown that it does not know base64
}

var _ ports.Embedder = (*Embedder)(nil)

// New checks the configuration and reports every fault of it at once. It
// calls nobody: Healthy does.
func New(config Config) (*Embedder, error) {
	config = config.withDefaults()
	if err := config.faults(); err != nil {
		return nil, err
	}
	settings := sdk.DefaultConfig(config.Key)
	settings.BaseURL = config.BaseURL
	settings.HTTPClient = doer{config.client()}
	return &Embedder{
		sdk:     sdk.NewClientWithConfig(settings),
		model:   config.Model,
		timeout: config.Timeout,
		slots:   make(chan struct{}, config.InFlight),
	}, nil
}

// Embed is ports.Embedder's. Beyond the caller's own limits it refuses, with
// CodeEmbedderRefused and without a request, no texts, more than 2,048 of
// them, and an empty one. When the caller's context ends, its error is
// returned, wrapped.
func (e *Embedder) Embed(ctx context.Context, texts []string) (ports.Embedding, error) {
	if err := checkTexts(texts); err != nil {
		return ports.Embedding{}, err
	}
	return e.embed(ctx, texts)
}

func checkTexts(texts []string) error {
	if len(texts) == 0 || len(texts) > maxInputs {
		return core.Fail(core.CodeEmbedderRefused, fmt.Errorf("%d inputs, allowed are 1 to %d", len(texts), maxInputs))
	}
	for i, text := range texts {
		if text == "" {
			return core.Fail(core.CodeEmbedderRefused, fmt.Errorf("input %d is empty", i))
		}
	}
	return nil
}

// embed sends the texts, in halves where they are too much for one request.
// The first failure ends it, so that a service which refuses everything sees
// one request for each halving: twelve for the largest batch.
func (e *Embedder) embed(ctx context.Context, texts []string) (ports.Embedding, error) {
	whole, err := e.request(ctx, texts)
	if !errors.Is(err, errTooMuch) {
		return whole, err
	}
	if len(texts) == 1 {
		return ports.Embedding{}, core.Fail(core.CodeInputTooLong, err)
	}
	left, err := e.embed(ctx, texts[:len(texts)/2])
	if err != nil {
		return ports.Embedding{}, err
	}
	right, err := e.embed(ctx, texts[len(texts)/2:])
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

// request is one request and the check of its answer.
func (e *Embedder) request(ctx context.Context, texts []string) (ports.Embedding, error) {
	res, err := e.send(ctx, texts)
	if err != nil {
		return ports.Embedding{}, err
	}
	vectors, err := checkVectors(res.Data, len(texts))
	if err != nil {
		return ports.Embedding{}, core.Fail(core.CodeBadVectors, err)
	}
	model := string(res.Model)
	if model == "" {
		model = e.model
	}
	return ports.Embedding{Vectors: vectors, Model: model, Tokens: max(0, res.Usage.TotalTokens)}, nil
}

// send asks for base64, a third of the bytes and of the time to read them. Of
// a service that answers with numbers all the same, numbers are asked from
// then on: that first answer is the only one paid for twice.
func (e *Embedder) send(ctx context.Context, texts []string) (sdk.EmbeddingResponse, error) {
	if e.floats.Load() {
		return e.sendAs(ctx, texts, sdk.EmbeddingEncodingFormatFloat)
	}
	res, err := e.sendAs(ctx, texts, sdk.EmbeddingEncodingFormatBase64)
	if errors.Is(err, errFloats) {
		e.floats.Store(true)
		return e.sendAs(ctx, texts, sdk.EmbeddingEncodingFormatFloat)
	}
	return res, err
}

func (e *Embedder) sendAs(ctx context.Context, texts []string, format sdk.EmbeddingEncodingFormat) (sdk.EmbeddingResponse, error) {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return sdk.EmbeddingResponse{}, fmt.Errorf("embed: %w", ctx.Err())
	}
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	answer := &answer{limit: answerLimit(len(texts))}
	res, err := e.sdk.CreateEmbeddings(withAnswer(limited, answer), sdk.EmbeddingRequest{
		Input:          texts,
		Model:          sdk.EmbeddingModel(e.model),
		EncodingFormat: format,
		Dimensions:     core.Dimensions,
	})
	return res, failure(ctx, answer, err)
}

// Healthy asks for the model's description: it proves address, key and model
// and costs no tokens. Its errors are those of Embed. It takes no slot, so
// that it answers while every slot hangs.
func (e *Embedder) Healthy(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, min(e.timeout, healthTimeout))
	defer cancel()
	answer := &answer{limit: errorLimit}
	model, err := e.sdk.GetModel(withAnswer(limited, answer), url.PathEscape(e.model))
	if err := failure(ctx, answer, err); err != nil {
		return err
	}
	if model.ID == "" {
		return core.Fail(core.CodeEmbedderUnavailable, errBroken)
	}
	return nil
}
