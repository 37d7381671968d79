package boot

import (
	"cmp"
	"context"
	"sync"

	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// models opens an embedder for each model that a generation is made by, once.
type models struct {
	config Config
	calls  int // at once, of each
	seen   *outcomes
	desk   ports.Governor

	mu   sync.Mutex
	open map[string]ports.Embedder
}

// newModels proves the configuration with its own model.
func newModels(c Config, calls int, seen *outcomes, desk ports.Governor) (*models, error) {
	m := &models{config: c, calls: calls, seen: seen, desk: desk, open: map[string]ports.Embedder{}}
	_, err := m.of(c.OpenAIModel)
	return m, err
}

// of is the embedder of a model; of none, the configuration's.
func (m *models) of(model string) (ports.Embedder, error) {
	model = cmp.Or(model, m.config.OpenAIModel)
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.open[model]; known != nil {
		return known, nil
	}
	embedder, err := m.config.embedder(model, m.calls, m.seen.limited)
	if err != nil {
		return nil, err
	}
	m.open[model] = m.seen.guards.embedder(m.config.governEmbedder(notedEmbedder{embedder, m.seen}, model, m.desk, m.seen.meter))
	return m.open[model], nil
}

// liveEmbedder embeds under the model of the live generation: that of the
// vectors which a query is compared with.
type liveEmbedder struct {
	models *models
	live   func(context.Context) (string, error)
}

// Embed is ports.Embedder. The answer's model is the one that was asked for.
func (e liveEmbedder) Embed(ctx context.Context, texts []string) (ports.Embedding, error) {
	model, embedder, err := e.now(ctx)
	if err != nil {
		return ports.Embedding{}, err
	}
	answer, err := embedder.Embed(ctx, texts)
	answer.Model = model
	return answer, err
}

// Healthy is ports.Embedder.
func (e liveEmbedder) Healthy(ctx context.Context) error {
	_, embedder, err := e.now(ctx)
	if err != nil {
		return err
	}
	return embedder.Healthy(ctx)
}

func (e liveEmbedder) now(ctx context.Context) (string, ports.Embedder, error) {
	model, err := e.live(ctx)
	if err != nil {
		return "", nil, err
	}
	embedder, err := e.models.of(model)
	return cmp.Or(model, e.models.config.OpenAIModel), embedder, err
}

// toolbox makes the chunker and the embedder of a generation.
type toolbox struct {
	counter core.TokenCounter
	models  *models
}

func newToolbox(m *models) (toolbox, error) {
	counter, err := tiktoken.New()
	return toolbox{counter: counter, models: m}, err
}

// chunker cuts as the generation says, by this release's version of the cut.
func (b toolbox) chunker(g core.Generation) (*chunker.Chunker, error) {
	settings := chunker.Default()
	settings.Tokens, settings.Overlap = g.Tokens, g.Overlap
	return chunker.New(b.counter, settings)
}

func (b toolbox) tools(g core.Generation) (pipeline.Tools, error) {
	cutter, err := b.chunker(g)
	if err != nil {
		return pipeline.Tools{}, core.Fail(core.CodeInternal, err)
	}
	embedder, err := b.models.of(g.Model)
	if err != nil {
		return pipeline.Tools{}, core.Fail(core.CodeInternal, err)
	}
	return pipeline.Tools{Chunker: cutter, Embedder: embedder}, nil
}

// generation is the one of the settings.
func (b toolbox) generation(model string, tokens, overlap int) (core.Generation, error) {
	g := core.Generation{Tokens: tokens, Overlap: overlap, Model: model}
	cutter, err := b.chunker(g)
	if err != nil {
		return g, err
	}
	g.Chunker = cutter.Name()
	return g, nil
}
