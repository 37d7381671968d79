// Package openai turns texts into vectors with OpenAI's embeddings API, or
// any service that speaks it.
//
// The client library neither retries, nor bounds a body, nor shows an answer's
// headers in base64 mode, and it lets missing and short vectors pass. This
// package adds what is missing: it bounds time, size and requests in flight,
// reads the headers, tells the kinds of refusal apart and checks every vector.
// It does not retry: an error says whether and when to, and the queue does it.
//
// Two exceptions: a batch that the service finds too large, or refuses without
// a reason that is known here, is halved until it fits or one text is left; and
// a service that does not know base64 or the choice of dimensions is asked
// again without.
package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
// one for the process, because it holds the cap on requests in flight and knows
// what is left of the service's rates.
type Embedder struct {
	sdk     *sdk.Client
	model   string
	timeout time.Duration
	slots   chan struct{}
	pace    pace
	told    func(Limit)
	form    atomic.Pointer[form] // the one that last gave good vectors
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
	settings.OrgID = config.Organization
	settings.HTTPClient = doer{config.client(), config.Project}
	e := &Embedder{
		sdk:     sdk.NewClientWithConfig(settings),
		model:   config.Model,
		timeout: config.Timeout,
		slots:   make(chan struct{}, config.InFlight),
		told:    config.Told,
	}
	e.form.Store(&form{})
	return e, nil
}

// Embed is ports.Embedder's. Beyond the caller's own limits it refuses, with
// CodeEmbedderRefused and without a request, no texts, more than 2,048 of
// them, and an empty one. When the caller's context ends, its error is
// returned, wrapped.
func (e *Embedder) Embed(ctx context.Context, texts []string) (ports.Embedding, error) {
	if err := checkTexts(texts); err != nil {
		return ports.Embedding{}, err
	}
	return e.embed(ctx, texts, 0)
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

// paid marks an error after something that was answered: that is billed.
func paid(err error) error {
	var e *core.Error
	if errors.As(err, &e) {
		e.Paid = true
	}
	return err
}

// request is one batch in one answer, and the check of it.
func (e *Embedder) request(ctx context.Context, texts []string) (ports.Embedding, error) {
	res, used, err := e.send(ctx, texts)
	if err != nil {
		return ports.Embedding{}, err
	}
	vectors, err := checkVectors(res.Data, len(texts))
	if err != nil {
		return ports.Embedding{}, paid(core.Fail(core.CodeBadVectors, err))
	}
	if used != *e.form.Load() {
		e.form.Store(&used)
	}
	model := string(res.Model)
	if model == "" {
		model = e.model
	}
	return ports.Embedding{Vectors: vectors, Model: model, Tokens: max(0, res.Usage.TotalTokens), Room: room(res.Header())}, nil
}

// sendAs sends once, when a slot is free and the service's rates allow it.
func (e *Embedder) sendAs(ctx context.Context, texts []string, f form) (sdk.EmbeddingResponse, error) {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return sdk.EmbeddingResponse{}, fmt.Errorf("embed: %w", ctx.Err())
	}
	room, err := e.pace.take(ctx, estimate(texts))
	if err != nil {
		return sdk.EmbeddingResponse{}, err
	}
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	answer := &answer{limit: answerLimit(len(texts))}
	res, err := e.sdk.CreateEmbeddings(withAnswer(limited, answer), f.request(e.model, texts))
	e.pace.learn(answer.header, room)
	e.tell(answer.header)
	res.SetHeader(answer.header) // which the library drops
	return res, failure(ctx, answer, err)
}

// tell passes on what an answer says of the limits; nothing where there was none.
func (e *Embedder) tell(header http.Header) {
	if e.told == nil {
		return
	}
	for _, limit := range limits(header, time.Now()) {
		e.told(limit)
	}
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
