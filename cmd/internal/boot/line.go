package boot

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// lineParts is what the line's stages need of the outside.
type lineParts struct {
	blobs    ports.Blobs
	parser   ports.Parser
	embedder ports.Embedder // under the live generation's model
	models   *models
	seen     *outcomes

	inspector core.Inspector // of the worker alone
	scanner   ports.Scanner  // likewise; nil where files are not looked at
	governor  *postgres.Governor
	statuses  ports.Statuses // told of each move; nil where none are kept
	// infected is told of malware that the scanner found.
	infected func(ctx context.Context, doc core.Document, signature string)
}

// newLine builds every stage over the parts.
func newLine(ctx context.Context, c Config, settings riverqueue.Settings, pool *pgxpool.Pool, store *postgres.Store, p lineParts, meter meters, log *slog.Logger) (*riverqueue.Line, error) {
	box, err := newToolbox(p.models)
	if err != nil {
		return nil, err
	}
	if err := adopt(ctx, c, store, box, log); err != nil {
		return nil, err
	}
	making := making{store: store, box: box}
	parsing := pipeline.Parsing{Blobs: p.blobs, Parser: p.parser, Callback: c.callback, Screen: p.screening()}
	stages := []pipeline.Stage{
		parsing,
		pipeline.Receiving{Parser: p.parser, Again: parsing, Deadline: c.ParseDeadline, Outage: c.WaitLimit, Now: time.Now},
		pipeline.Validating{Text: store, Policy: core.PagePolicy{MaxFailedShare: c.MaxFailedShare}},
		living{core.Chunk, making.chunk},
		living{core.Embed, making.embed},
		pipeline.Finishing{Join: making.join},
	}
	upkeep := newUpkeep(c, store, p, meter)
	upkeep.Retain = func(ctx context.Context) error { return retain(ctx, c, store) }
	upkeep.Scrub = newScrubbing(c, pool, store, p.blobs, log).Run
	upkeep.Archive = newArchiving(c, store, p.blobs, log).rounds(c)
	if err := addReembed(&upkeep, c, store, p); err != nil {
		return nil, err
	}
	return riverqueue.NewLine(pool, movingStore{countedStore{store, meter, c.callsBack()}, p.statuses}, stages, upkeep, settings, log)
}

// batch is how many of the pending chunks fit one request.
func batch(pending []core.Pending) int {
	tokens, bytes := make([]int, len(pending)), make([]int, len(pending))
	for i, p := range pending {
		tokens[i], bytes[i] = p.Tokens, len(p.Input())
	}
	return chunker.Batch(tokens, bytes, ports.MaxEmbedInputs, ports.MaxEmbedTokens)
}

// The bounds of one round of upkeep.
const (
	reconcileRound = 200
	sweepRound     = 500
	awaitRound     = 200
	reorderRound   = 5000
)

func newUpkeep(c Config, store *postgres.Store, p lineParts, meter meters) riverqueue.Upkeep {
	forgetting := pipeline.Forgetting{Store: store, Parser: p.parser}
	clearing := pipeline.Clearing{Store: store, Blobs: p.blobs}
	purging := pipeline.Purging{Store: store, Blobs: p.blobs, Parser: p.parser, Archive: c.Archives(), Held: heldBy(p.parser, c.Parser == "pdftext")}
	arriving := newArriving(c, countedStore{store, meter, c.callsBack()}, p)
	return riverqueue.Upkeep{
		Forget: func(ctx context.Context, id core.ID) error { // malware does not wait for the parser
			return errors.Join(clearing.Run(ctx, id), forgetting.Run(ctx, id))
		},
		Purge:  purging.Run,
		Arrive: arriving.Run,
		Await: func(ctx context.Context) error {
			return arriving.Round(ctx, awaitRound)
		},
		Reconcile: func(ctx context.Context) error {
			_, polled := store.Reconcile(ctx, reconcileRound)
			_, revived := store.Revive(ctx, c.ReviveAfter, reconcileRound)
			_, ordered := store.Reorder(ctx, reorderRound)
			_, settled := p.governor.Abandoned(ctx, reconcileRound)
			return errors.Join(polled, revived, ordered, settled)
		},
		Sweep: func(ctx context.Context) error {
			return sweep(ctx, store, p.blobs, c.SweepAge)
		},
	}
}

// heldBy asks the parser what it lists of an attempt. A parser in this process
// cannot tell what another one holds, that was asked before it.
func heldBy(parser ports.Holdings, inside bool) func(context.Context, core.Document) (int, error) {
	return func(ctx context.Context, doc core.Document) (int, error) {
		if inside && doc.ProviderFile != "" {
			return pipeline.NotAsked, nil
		}
		files, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) {
			return parser.ListFiles(ctx, ports.FileFilter{Attempt: doc.Job}, after)
		})
		return len(files), err
	}
}

// newArriving takes in the files of announced uploads, by the door's own limits.
func newArriving(c Config, store countedStore, p lineParts) pipeline.Arriving {
	limits := httpapi.DefaultLimits()
	return pipeline.Arriving{
		Store: store, Blobs: p.blobs, Inspector: p.inspector, Rules: limits.Rules(), SpoolDir: c.SpoolDir,
		Grace: limits.UploadTime, GiveUp: c.ParseDeadline, Now: time.Now,
	}
}

// sweep removes stored files that no document came to own, and what moves left.
func sweep(ctx context.Context, store *postgres.Store, blobs ports.Blobs, age time.Duration) error {
	keys, err := store.Orphans(ctx, age, sweepRound)
	if err != nil || len(keys) == 0 {
		return err
	}
	keys, alone, err := parted(ctx, store, blobs, keys)
	if err != nil {
		return err
	}
	if err := blobs.Delete(ctx, keys...); err != nil {
		return err
	}
	return errors.Join(store.Swept(ctx, keys), alone)
}

// parted leaves out the keys whose document has no other file: in a database
// that was restored to before a move, the row may name the place that is empty.
// alone says that there are such; navigator verify names them.
func parted(ctx context.Context, store *postgres.Store, blobs ports.Blobs, keys []string) (rest []string, alone, err error) {
	twins, err := store.Twins(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range keys {
		if owned, ok := twins[key]; ok {
			_, err := blobs.Stat(ctx, owned)
			if core.HasCode(err, core.CodeFileMissing) {
				alone = err
				continue
			}
			if err != nil {
				return nil, nil, err
			}
		}
		rest = append(rest, key)
	}
	return rest, alone, nil
}
