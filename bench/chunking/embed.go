package main

import (
	"context"
	"net/http/httptest"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// embedder is the production adapter before the fake service.
type embedder struct {
	*openai.Embedder
	counter *tiktoken.Counter
	server  *httptest.Server
}

func startEmbedder() (*embedder, error) {
	counter, err := tiktoken.New()
	if err != nil {
		return nil, err
	}
	fake, err := openaitest.New(openaitest.Options{Counter: counter})
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(fake)
	adapter, err := openai.New(openai.Config{BaseURL: server.URL + "/v1", Key: "not-a-real-key", HTTPClient: server.Client()})
	if err != nil {
		server.Close()
		return nil, err
	}
	return &embedder{adapter, counter, server}, nil
}

func (e *embedder) close() { e.server.Close() }

// vectors embeds all texts in requests of the size that services send.
func (e *embedder) vectors(ctx context.Context, texts []string) ([][]float32, error) {
	tokens, bytes := make([]int, len(texts)), make([]int, len(texts))
	for i, text := range texts {
		tokens[i], bytes[i] = len(text)/3, len(text)
	}
	var all [][]float32
	for len(texts) > len(all) {
		done := len(all)
		n := chunker.Batch(tokens[done:], bytes[done:], chunker.BatchInputs, chunker.BatchTokens)
		answer, err := e.Embed(ctx, texts[done:done+n])
		if err != nil {
			return nil, err
		}
		all = append(all, answer.Vectors...)
	}
	return all, nil
}
