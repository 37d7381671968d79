package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// Reembed is the operator's hand on the corpus: it talks to the database with
// the worker's configuration. The work itself is the worker's.
type Reembed struct {
	config Config
	pool   *pgxpool.Pool
	store  *postgres.Store
	box    toolbox
}

// OpenReembed reads the environment as a worker does and opens its database.
func OpenReembed(ctx context.Context, environ []string) (*Reembed, error) {
	config, err := Read(environ)
	if err != nil {
		return nil, err
	}
	return NewReembed(ctx, config)
}

// NewReembed is OpenReembed with a configuration that was read.
func NewReembed(ctx context.Context, config Config) (*Reembed, error) {
	if err := config.Check(Worker); err != nil { // before anything is made of it
		return nil, err
	}
	pool, err := openHand(ctx, config, "navigator-reembed")
	if err != nil {
		return nil, err
	}
	box, err := operatorsBox(config, pool)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &Reembed{config: config, pool: pool, store: postgres.NewStore(pool, nil, config.Waits()), box: box}, nil
}

// operatorsBox makes the tools of one call at a time.
func operatorsBox(config Config, pool *pgxpool.Pool) (toolbox, error) {
	models, err := newModels(config, 1, newOutcomes(newMeters().Metrics, slog.New(slog.DiscardHandler)), postgres.NewGovernor(pool))
	if err != nil {
		return toolbox{}, err
	}
	return newToolbox(models)
}

// Close closes the database's pool.
func (r *Reembed) Close() { r.pool.Close() }

// Target is what a new generation is to be; zero values keep the live one's.
type Target struct {
	Model   string
	Tokens  int
	Overlap int // -1 keeps it
}

// Plan is a new generation with what it would take.
type Plan struct {
	Live  core.Generation
	To    core.Generation
	Quote core.Quote
	Price float64 // USD for a million tokens
}

// Plan counts what the target would take. It reads every document's text into
// this process and sends it nowhere. Seen, if set, follows the count.
func (r *Reembed) Plan(ctx context.Context, t Target, seen func(documents int)) (Plan, error) {
	corpus, err := r.store.Corpus(ctx)
	if err != nil {
		return Plan{}, told(err)
	}
	plan := Plan{Live: corpus.Live}
	if t.Overlap < 0 {
		t.Overlap = corpus.Live.Overlap
	}
	plan.To, err = r.box.generation(cmp.Or(t.Model, corpus.Live.Model), cmp.Or(t.Tokens, corpus.Live.Tokens), t.Overlap)
	if err != nil {
		return plan, err
	}
	if plan.Price, err = r.config.listedPrice(plan.To.Model); err != nil {
		return plan, err
	}
	cutter, err := r.box.chunker(plan.To)
	if err != nil {
		return plan, err
	}
	plan.Quote, err = pipeline.Quoting{Store: r.store}.Run(ctx, plan.To, cutter, seen)
	return plan, told(err)
}

// Start begins the run that was planned. The model is asked for one vector
// first: what it cannot give is found before anything is paid. A run of the
// same settings that is under way is left to go on.
func (r *Reembed) Start(ctx context.Context, p Plan) error {
	embedder, err := r.box.models.of(p.To.Model)
	if err != nil {
		return err
	}
	if _, err := embedder.Embed(ctx, []string{"insurance"}); err != nil {
		return fmt.Errorf("the model %s gives no vector of %d dimensions: %w", p.To.Model, core.Dimensions, err)
	}
	return told(r.store.StartGeneration(ctx, p.To, p.Quote, p.Price))
}

// Status is how far the generation being built is, or else the live one.
func (r *Reembed) Status(ctx context.Context) (core.Corpus, postgres.Run, error) {
	corpus, err := r.store.Corpus(ctx)
	if err != nil {
		return corpus, postgres.Run{}, told(err)
	}
	of := corpus.Live
	if corpus.Building != nil {
		of = *corpus.Building
	}
	run, err := r.store.Progress(ctx, of.Number)
	return corpus, run, told(err)
}

// Pause rests the run.
func (r *Reembed) Pause(ctx context.Context) error { return told(r.store.PauseGeneration(ctx, true)) }

// Resume goes on with it.
func (r *Reembed) Resume(ctx context.Context) error {
	return told(r.store.PauseGeneration(ctx, false))
}

// Cancel gives the run up before its swap.
func (r *Reembed) Cancel(ctx context.Context) error { return told(r.store.CancelGeneration(ctx)) }

// RollBack goes back to the former generation.
func (r *Reembed) RollBack(ctx context.Context) error { return told(r.store.RollBack(ctx)) }

// told gives an operator the reason behind a conflict, which holds no data.
func told(err error) error {
	var e *core.Error
	if errors.As(err, &e) && e.Code == core.CodeConflict && e.Err != nil {
		return e.Err
	}
	return err
}
