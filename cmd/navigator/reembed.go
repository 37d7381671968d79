package main

import (
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

type reembedCommand struct {
	Plan     reembedPlan     `cmd:"" help:"Count what a new generation would take and cost; start nothing."`
	Start    reembedStart    `cmd:"" help:"Plan it, and with --yes begin it."`
	Status   reembedStatus   `cmd:"" default:"1" help:"Show how far it is."`
	Pause    reembedPause    `cmd:"" help:"Let it rest."`
	Resume   reembedResume   `cmd:"" help:"Go on with it."`
	Cancel   reembedCancel   `cmd:"" help:"Give it up before its swap."`
	Rollback reembedRollback `cmd:"" help:"Go back to the former generation, while it is kept."`
}

// Help is shown behind the flags.
func (reembedCommand) Help() string {
	return `Needs the worker's environment: WORKER_DATABASE_URL (or DATABASE_URL) and
OPENAI_API_KEY among it. Running workers do the work; search sees the old
generation until the new one is whole, and then the new one alone.

Examples:
  navigator reembed plan --model text-embedding-3-large
  navigator reembed start --chunk-tokens 256 --chunk-overlap 32 --yes`
}

// hand opens the database for one command.
func (w *world) hand(ctx context.Context, work func(*boot.Reembed) error) error {
	hand, err := boot.OpenReembed(ctx, w.environ)
	if err != nil {
		return err
	}
	defer hand.Close()
	return work(hand)
}

type reembedTarget struct {
	Model        string `placeholder:"MODEL" help:"The embedding model; the present one where it is left out."`
	ChunkTokens  int    `placeholder:"N" help:"Most tokens of a chunk; as now where it is left out."`
	ChunkOverlap int    `default:"-1" placeholder:"N" help:"Tokens repeated from the chunk before; as now where it is left out."`
}

// plan counts, and shows it.
func (t reembedTarget) plan(ctx context.Context, w *world, hand *boot.Reembed) (boot.Plan, error) {
	plan, err := hand.Plan(ctx, boot.Target{Model: t.Model, Tokens: t.ChunkTokens, Overlap: t.ChunkOverlap}, nil)
	if err != nil {
		return plan, err
	}
	share := 0.0
	if plan.Quote.Tokens > 0 {
		share = 100 * float64(plan.Quote.Reused) / float64(plan.Quote.Tokens)
	}
	w.screen.Table([][]string{
		{"", "MODEL", "CHUNKER"},
		{"now", plan.Live.Model, plan.Live.Chunker},
		{"then", plan.To.Model, plan.To.Chunker},
	})
	w.screen.Say("%d documents, %d chunks, %d tokens", plan.Quote.Documents, plan.Quote.Chunks, plan.Quote.Tokens)
	w.screen.Say("to embed: %d tokens; reused: %d (%.1f %%)", plan.Quote.Paid, plan.Quote.Reused, share)
	w.screen.Say("cost: $%.4f at $%g for a million tokens", plan.Quote.USD(plan.Price), plan.Price)
	return plan, nil
}

type reembedPlan struct{ reembedTarget }

// Run plans.
func (c *reembedPlan) Run(ctx context.Context, w *world) error {
	return w.hand(ctx, func(hand *boot.Reembed) error {
		_, err := c.plan(ctx, w, hand)
		return err
	})
}

type reembedStart struct {
	reembedTarget
	Yes bool `help:"The cost is agreed to."`
}

// Run starts what it planned, once the cost is agreed to.
func (c *reembedStart) Run(ctx context.Context, w *world) error {
	return w.hand(ctx, func(hand *boot.Reembed) error {
		plan, err := c.plan(ctx, w, hand)
		if err != nil {
			return err
		}
		if !c.Yes {
			return usageError{"nothing was started: add --yes to agree to the cost"}
		}
		if err := hand.Start(ctx, plan); err != nil {
			return err
		}
		w.screen.Say("started; see: navigator reembed status")
		return nil
	})
}

type reembedStatus struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// progress is the status in JSON.
type progress struct {
	Live     core.Generation  `json:"live"`
	Building *core.Generation `json:"building"`
	Former   *core.Generation `json:"former"`
	Paused   bool             `json:"paused"`
	Run      postgres.Run     `json:"run"`
}

// Run shows the corpus.
func (c *reembedStatus) Run(ctx context.Context, w *world) error {
	return w.hand(ctx, func(hand *boot.Reembed) error {
		corpus, run, err := hand.Status(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return w.screen.JSON(progress{corpus.Live, corpus.Building, corpus.Former, corpus.Paused, run})
		}
		w.showCorpus(corpus, run)
		return nil
	})
}

// showCorpus prints which generations there are and how far the run is.
func (w *world) showCorpus(corpus core.Corpus, run postgres.Run) {
	rows := [][]string{{"GENERATION", "STATE", "MODEL", "CHUNKER"}}
	add := func(g *core.Generation, state string) {
		if g != nil {
			rows = append(rows, []string{fmt.Sprint(g.Number), state, g.Model, g.Chunker})
		}
	}
	add(&corpus.Live, "live")
	building := "building"
	if corpus.Paused {
		building = "paused"
	}
	add(corpus.Building, building)
	add(corpus.Former, "former: kept for a rollback")
	w.screen.Table(rows)
	if corpus.Building != nil {
		w.screen.Say("%d of %d documents are carried", run.Total-run.Lacking, run.Total)
	}
	if run.Quoted > 0 {
		w.screen.Say("tokens: %d spent of %d quoted, $%.4f", run.Spent, run.Quoted, float64(run.Spent)/1e6*run.Price)
	}
	if run.Retained > 0 {
		w.screen.Say("%d chunks of generations that are not searched", run.Retained)
	}
	for _, fault := range run.Faults {
		w.screen.Note("document %s cannot be carried: %s (%d times); it is tried again", fault.Document, fault.Code, fault.Times)
	}
}

type (
	reembedPause    struct{}
	reembedResume   struct{}
	reembedCancel   struct{}
	reembedRollback struct{}
)

// Run lets the run rest.
func (reembedPause) Run(ctx context.Context, w *world) error {
	return w.turned(ctx, (*boot.Reembed).Pause, "paused; documents under way end their batch")
}

// Run goes on with the run.
func (reembedResume) Run(ctx context.Context, w *world) error {
	return w.turned(ctx, (*boot.Reembed).Resume, "going on")
}

// Run gives the run up.
func (reembedCancel) Run(ctx context.Context, w *world) error {
	return w.turned(ctx, (*boot.Reembed).Cancel, "given up; what was made is removed")
}

// Run begins the way back.
func (reembedRollback) Run(ctx context.Context, w *world) error {
	return w.turned(ctx, (*boot.Reembed).RollBack, "going back; see: navigator reembed status")
}

// turned does one thing to the corpus and says so.
func (w *world) turned(ctx context.Context, act func(*boot.Reembed, context.Context) error, done string) error {
	return w.hand(ctx, func(hand *boot.Reembed) error {
		if err := act(hand, ctx); err != nil {
			return err
		}
		w.screen.Say("%s", done)
		return nil
	})
}
