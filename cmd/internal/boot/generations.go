package boot

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// adopt gives an empty corpus this process's settings. Of any other corpus the
// live generation decides, and settings that differ are told.
func adopt(ctx context.Context, c Config, store *postgres.Store, box toolbox, log *slog.Logger) error {
	own, err := box.generation(c.OpenAIModel, c.ChunkTokens, c.ChunkOverlap)
	if err != nil {
		return err
	}
	live, err := store.Adopt(ctx, own)
	if err != nil {
		return err
	}
	if live.Model != own.Model || live.Tokens != own.Tokens || live.Overlap != own.Overlap {
		log.Warn("the corpus is of other settings than OPENAI_MODEL, CHUNK_TOKENS and CHUNK_OVERLAP: it keeps them; navigator reembed changes them",
			"generation", live.Number, "model", live.Model, "chunker", live.Chunker)
	}
	return nil
}

// living is a stage that works by the generation of the moment.
type living struct {
	stage core.Stage
	work  func(ctx context.Context, doc core.Document) (core.Made, error)
}

// Name is pipeline.Stage.
func (l living) Name() core.Stage { return l.stage }

// Make is pipeline.Stage.
func (l living) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	return l.work(ctx, doc)
}

// making is the stages whose work depends on the generation.
type making struct {
	store *postgres.Store
	box   toolbox
}

// carrying builds documents in another generation than their own.
func (m making) carrying() pipeline.Carrying {
	return pipeline.Carrying{Store: m.store, Tools: m.box.tools, Batch: batch, Inputs: ports.MaxEmbedInputs}
}

// chunk cuts for the live generation.
func (m making) chunk(ctx context.Context, doc core.Document) (core.Made, error) {
	corpus, err := m.store.Corpus(ctx)
	if err != nil {
		return nil, err
	}
	tools, err := m.box.tools(corpus.Live)
	if err != nil {
		return nil, err
	}
	return pipeline.Chunking{Text: m.store, Chunker: tools.Chunker, Generation: corpus.Live.Number}.Make(ctx, doc)
}

// embed embeds in the live generation, after the document has joined it.
func (m making) embed(ctx context.Context, doc core.Document) (core.Made, error) {
	corpus, err := pipeline.Joining{Store: m.store, Carry: m.carrying().Run}.Run(ctx, doc)
	if err != nil {
		return nil, err
	}
	tools, err := m.box.tools(corpus.Live)
	if err != nil {
		return nil, err
	}
	doc.Generation = corpus.Live.Number
	return pipeline.Embedding{Chunks: m.store, Embedder: tools.Embedder, Model: cmp.Or(corpus.Live.Model, m.box.models.config.OpenAIModel),
		Batch: batch, Inputs: ports.MaxEmbedInputs}.Make(ctx, doc)
}

// join leaves the document in the live generation. At the end of a run it is
// carried to the coming one too, if that can be done now: else the run will.
func (m making) join(ctx context.Context, doc core.Document) error {
	corpus, err := pipeline.Joining{Store: m.store, Carry: m.carrying().Run}.Run(ctx, doc)
	if err != nil || corpus.Building == nil || corpus.Paused || !corpus.Closing {
		return err
	}
	_ = m.carrying().Run(ctx, doc, *corpus.Building)
	return ctx.Err()
}

// tendRound is how many documents a round starts, settles or clears at once.
const tendRound = 500

// addReembed adds the work of a run: with an embedder of its own, so that
// uploads never wait for its calls.
func addReembed(upkeep *riverqueue.Upkeep, c Config, store *postgres.Store, p lineParts) error {
	own, err := newModels(c, c.WorkersReembed, p.seen, p.governor)
	if err != nil {
		return err
	}
	box, err := newToolbox(own)
	if err != nil {
		return err
	}
	carrying := making{store, box}.carrying()
	carrying.Next = (&pacer{perMinute: c.ReembedPace, store: store}).next
	upkeep.Reembed = pipeline.Reembedding{Store: store, Carry: carrying.Run}.Run
	upkeep.Tend = pipeline.Tending{Store: store, Jobs: tendRound, Keep: c.ReembedKeep}.Run
	return nil
}

// pacer holds the run to its tokens a minute, and to a pause.
type pacer struct {
	perMinute int
	store     *postgres.Store

	mu   sync.Mutex
	free time.Time // when the next batch may go
}

// longestHold is how long a job waits in its worker; beyond, the queue has it.
const longestHold = 15 * time.Second

// next waits for the batch's turn. core.ErrStale says that the run rests or
// ended; a Busy error that its turn is far off.
func (p *pacer) next(ctx context.Context, pending []core.Pending) error {
	corpus, err := p.store.Corpus(ctx)
	if err != nil {
		return err
	}
	if corpus.Building == nil || corpus.Paused {
		return core.ErrStale
	}
	tokens := 0
	for _, one := range pending[:min(len(pending), max(1, batch(pending)))] {
		tokens += one.Tokens
	}
	wait := p.reserve(tokens)
	if wait > longestHold {
		return core.Wait(core.CodeEmbedderBusy, wait, nil)
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes the turn after those before, unless that is too far off.
func (p *pacer) reserve(tokens int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait := max(0, p.free.Sub(now))
	if wait <= longestHold {
		p.free = now.Add(wait + time.Duration(tokens)*time.Minute/time.Duration(p.perMinute))
	}
	return wait
}
