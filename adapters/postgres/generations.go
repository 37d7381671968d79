package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
)

// firstAware is the first schema version whose binaries know generations.
const firstAware = 7

// Corpus reads which generations are in use.
func (s *Store) Corpus(ctx context.Context) (core.Corpus, error) {
	rows, err := s.pool.Query(ctx, `select c.live, c.building, c.former, c.paused, c.closing, c.swapped_at,
			g.generation, g.chunker, g.chunk_tokens, g.chunk_overlap, g.model
		from upload_pipeline.corpus c join upload_pipeline.generations g on g.generation in (c.live, c.building, c.former)`)
	if err != nil {
		return core.Corpus{}, trouble(err)
	}
	var corpus core.Corpus
	var live int
	var building, former *int
	var swapped *time.Time
	var g core.Generation
	_, err = pgx.ForEachRow(rows, []any{&live, &building, &former, &corpus.Paused, &corpus.Closing, &swapped,
		&g.Number, &g.Chunker, &g.Tokens, &g.Overlap, &g.Model}, func() error {
		found := g
		switch {
		case g.Number == live:
			corpus.Live = found
		case building != nil && g.Number == *building:
			corpus.Building = &found
		default:
			corpus.Former = &found
		}
		return nil
	})
	if swapped != nil {
		corpus.Swapped = *swapped
	}
	return corpus, trouble(err)
}

// LiveModel is the model that a query is to be embedded under; empty until the
// first worker has told. Any role of the services may ask.
func LiveModel(ctx context.Context, pool *pgxpool.Pool) (model string, err error) {
	err = pool.QueryRow(ctx, `select g.model from upload_pipeline.corpus c
		join upload_pipeline.generations g on g.generation = c.live`).Scan(&model)
	return model, trouble(err)
}

// Adopt tells the first generation what it is made by, while there is no chunk
// yet, or none was told. It returns the live generation: from then on that one
// decides, and not the process's own settings.
func (s *Store) Adopt(ctx context.Context, g core.Generation) (core.Generation, error) {
	_, err := s.pool.Exec(ctx, `update upload_pipeline.generations set chunker = $1, chunk_tokens = $2, chunk_overlap = $3, model = $4
		where generation = 1 and (model = '' or chunk_tokens = 0 or not exists (select from upload_pipeline.document_chunks))
		and (chunker, chunk_tokens, chunk_overlap, model) is distinct from ($1, $2, $3, $4)
		and exists (select from upload_pipeline.corpus where live = 1)`, g.Chunker, g.Tokens, g.Overlap, g.Model)
	if err != nil {
		return core.Generation{}, trouble(err)
	}
	corpus, err := s.Corpus(ctx)
	return corpus.Live, err
}

// StartGeneration makes a new generation the one being built. Of the same
// settings as the one being built already it is no error; CodeConflict says
// that another is being built, that the live one is so already, or that a
// process lives which does not know generations.
func (s *Store) StartGeneration(ctx context.Context, g core.Generation, quote core.Quote, price float64) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from upload_pipeline.corpus for update`); err != nil {
			return err
		}
		corpus, err := s.Corpus(ctx) // by another connection; the lock holds changes off
		if err != nil {
			return err
		}
		switch {
		case corpus.Building != nil && corpus.Building.SameAs(g):
			return nil
		case corpus.Building != nil:
			return core.Fail(core.CodeConflict, errors.New("another generation is being built: cancel it first"))
		case corpus.Live.SameAs(g):
			return core.Fail(core.CodeConflict, errors.New("the live generation has these settings"))
		}
		if err := refuseOld(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `with made as (
				insert into upload_pipeline.generations (generation, chunker, chunk_tokens, chunk_overlap, model, quoted_tokens, price)
				select max(generation) + 1, $1, $2, $3, $4, $5, $6::float8::numeric from upload_pipeline.generations returning generation)
			update upload_pipeline.corpus set building = made.generation from made`,
			g.Chunker, g.Tokens, g.Overlap, g.Model, quote.Paid, price)
		if err != nil {
			return err
		}
		return enter(ctx, tx, core.Operated(ctx, core.AuditReembedStart, ""))
	})
}

// refuseOld looks for a living process whose binary knows one generation only.
func refuseOld(ctx context.Context, tx pgx.Tx) error {
	var service string
	err := tx.QueryRow(ctx, `select service from upload_pipeline.instances
		where schema_version < $1 and seen_at > now() - $2::interval limit 1`, firstAware, Alive).Scan(&service)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return core.Fail(core.CodeConflict, fmt.Errorf("a %s of an older release is running: bring all to this one first", service))
}

// PauseGeneration rests the building, or goes on with it. CodeConflict says
// that none is under way.
func (s *Store) PauseGeneration(ctx context.Context, paused bool) error {
	action := core.AuditReembedResume
	if paused {
		action = core.AuditReembedPause
	}
	return s.turn(ctx, `update upload_pipeline.corpus set paused = $1 where building is not null`, action, paused)
}

// CancelGeneration gives the building up; its chunks are removed in time.
func (s *Store) CancelGeneration(ctx context.Context) error {
	return s.turn(ctx, `update upload_pipeline.corpus set building = null where building is not null`, core.AuditReembedCancel)
}

// RollBack begins the way back to the former generation: what was completed
// since is carried there first, then it goes live as any other. While that is
// under way it is no error.
func (s *Store) RollBack(ctx context.Context) error {
	corpus, err := s.Corpus(ctx)
	if err != nil || corpus.Returning() {
		return err
	}
	return s.turn(ctx, `update upload_pipeline.corpus set building = former, former = null where building is null and former is not null`, core.AuditReembedBack)
}

// turn changes the corpus's one row and notes who did it, or returns CodeConflict.
func (s *Store) turn(ctx context.Context, sql string, action core.AuditAction, args ...any) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := changed(tx.Exec(ctx, sql, args...)); err != nil {
			return err
		}
		return enter(ctx, tx, core.Operated(ctx, action, ""))
	})
}

func changed(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return core.Fail(core.CodeConflict, errors.New("there is no such generation"))
	}
	return err
}

// Run is how far the generation being built, or the live one, is.
type Run struct {
	Lacking  int   // complete documents that are not whole in it
	Total    int   // complete documents
	Quoted   int64 // tokens to pay for, by the plan; 0 for the first generation
	Spent    int64 // tokens paid for
	Price    float64
	Faults   []Fault
	Retained int // chunks of generations that are no longer searched
}

// Fault is a document that could not be carried.
type Fault struct {
	Document core.ID
	Code     string
	Times    int
}

// Progress counts for a generation.
func (s *Store) Progress(ctx context.Context, generation int) (r Run, err error) {
	err = s.pool.QueryRow(ctx, `select (select count(*) from upload_pipeline.lacking($1)),
			(select count(*) from upload_pipeline.documents d join upload_pipeline.upload_jobs j using (document_id, attempt)
				where j.status = 'complete' and d.removed_at is null),
			(select count(*) from upload_pipeline.document_chunks c, upload_pipeline.corpus where c.generation not in (live, coalesce(building, live))),
			coalesce(quoted_tokens, 0), spent_tokens, price::float8
		from upload_pipeline.generations where generation = $1`, generation).
		Scan(&r.Lacking, &r.Total, &r.Retained, &r.Quoted, &r.Spent, &r.Price)
	if err != nil {
		return r, trouble(err)
	}
	rows, err := s.pool.Query(ctx, `select document_id, code, times from upload_pipeline.reembed_faults f
		where generation = $1 and document_id in (select document_id from upload_pipeline.lacking($1)) order by at desc limit 20`, generation)
	if err != nil {
		return r, trouble(err)
	}
	r.Faults, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Fault])
	return r, trouble(err)
}
