package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/core"
)

// schema holds River's tables.
const schema = "river"

// Queue inserts jobs within the store's transactions. It works no jobs.
type Queue struct {
	client   *river.Client[pgx.Tx]
	pool     *pgxpool.Pool
	settings Settings
}

// NewQueue makes an insert-only queue. The cooldown counts here too: an insert
// inside it wakes no worker.
func NewQueue(pool *pgxpool.Pool, settings Settings, log *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema: schema, Logger: quiet(log),
		FetchCooldown: settings.FetchCooldown, FetchPollInterval: settings.FetchPollInterval,
		Middleware: middleware(settings),
	})
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return &Queue{client: client, pool: pool, settings: settings}, nil
}

// Insert adds the jobs when tx commits.
func (q *Queue) Insert(ctx context.Context, tx pgx.Tx, jobs ...core.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	params, err := q.params(jobs)
	if err != nil {
		return err
	}
	_, err = q.client.InsertManyTx(ctx, tx, params)
	return err
}

// params is what River is told of the jobs.
func (q *Queue) params(jobs []core.Job) ([]river.InsertManyParams, error) {
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		args := argsOf(job)
		if args == nil {
			return nil, core.Fail(core.CodeInternal, fmt.Errorf("no job for stage %q", job.Stage))
		}
		setting := q.settings.Stages[job.Stage]
		opts := &river.InsertOpts{Queue: setting.Queue, MaxAttempts: setting.Attempts, Priority: priorityOf(job.Stage)}
		rank(opts, job)
		if job.Trace != "" {
			opts.Metadata = withTrace(opts.Metadata, job.Trace)
		}
		if job.Stage == core.Arrive { // whoever notices a file first: the others add nothing
			opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: live()}
		}
		params[i] = river.InsertManyParams{Args: args, InsertOpts: opts}
	}
	return params, nil
}

// lastPriority is River's lowest, of what no document waits for.
const lastPriority = 4

func priorityOf(stage core.Stage) int {
	if stage == core.Reembed {
		return lastPriority
	}
	return river.PriorityDefault
}

// claim is the worker's hold on the job it runs: the ticket of Keep.
type claim interface {
	// row is the job's row, and which run of it holds the claim.
	row() (id int64, run int)
}

// Complete ends the ticket's job when tx commits, if it is still the ticket
// holder's: else it returns core.ErrStale.
func (q *Queue) Complete(ctx context.Context, tx pgx.Tx, ticket any) error {
	batch := &pgx.Batch{}
	if err := q.End(batch, ticket); err != nil {
		return err
	}
	err := tx.SendBatch(ctx, batch).Close()
	var answer *pgconn.PgError
	if errors.As(err, &answer) && answer.Code == anothers {
		return errLost
	}
	return err
}

// anothers is the SQLSTATE of upload_pipeline.stands.
const anothers = "IN409"

type hold[A river.JobArgs] struct{ job *river.Job[A] }

func (h hold[A]) row() (id int64, run int) { return h.job.ID, h.job.Attempt }

// errLost says that the job's row is another run's, or waits for one. To the
// store it is core.ErrStale: the step is rolled back.
var errLost = fmt.Errorf("claim lost: %w", core.ErrStale)

// untouched is what Work returns for a lost claim. River ends a running row by
// its id alone, so any verdict would fall upon the other run. River asks an
// error with these methods which rows to write: none.
type untouched struct{}

// Error is error.
func (untouched) Error() string { return "claim lost" }

// Jobs names the rows that River writes a verdict to.
func (untouched) Jobs() []*rivertype.JobRow { return nil }

// ErrorsByID is those rows' errors.
func (untouched) ErrorsByID() map[int64]error { return nil }
