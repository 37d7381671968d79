package boot

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
)

// Operator is the on-call's hand on documents and queues: it talks to the
// database with the worker's configuration, and asks storage and parser where
// a document is explained.
type Operator struct {
	config     Config
	pool       *pgxpool.Pool
	operations *postgres.Operations
}

// OpenOperator reads the environment as a worker does and opens its database.
func OpenOperator(ctx context.Context, environ []string) (*Operator, error) {
	config, err := Read(environ)
	if err != nil {
		return nil, err
	}
	return NewOperator(ctx, config)
}

// NewOperator is OpenOperator with a configuration that was read.
func NewOperator(ctx context.Context, config Config) (*Operator, error) {
	pool, queue, err := openHands(ctx, config, "navigator-operator")
	if err != nil {
		return nil, err
	}
	return &Operator{config: config, pool: pool, operations: postgres.NewOperations(pool, queue, queue)}, nil
}

// openHands opens the worker's database for a command, and its queue.
func openHands(ctx context.Context, config Config, name string) (*pgxpool.Pool, *riverqueue.Queue, error) {
	pool, err := openHand(ctx, config, name)
	if err != nil {
		return nil, nil, err
	}
	queue, err := riverqueue.NewQueue(pool, config.Queues(), slog.New(slog.DiscardHandler))
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	return pool, queue, nil
}

// openHand opens the worker's database for a command.
func openHand(ctx context.Context, config Config, name string) (*pgxpool.Pool, error) {
	if err := config.Check(Worker); err != nil {
		return nil, err
	}
	pool, err := dialHand(ctx, config, name)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", err, core.Fail(core.CodeDatabaseUnavailable, nil))
	}
	if _, err := db.Check(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// dialHand logs in as the worker, whatever the schema is.
func dialHand(ctx context.Context, config Config, name string) (*pgxpool.Pool, error) {
	return postgres.Open(ctx, postgres.Options{URL: config.WorkerURL().Reveal(), Name: name, Role: "inav_worker",
		MaxConns: 2, Expect: postgres.Mode(config.PoolMode)})
}

// Close closes the database's pool.
func (o *Operator) Close() { o.pool.Close() }

// PauseIntake stops the taking of uploads in every process, or lets it go on;
// changed is false where it was so already.
func (o *Operator) PauseIntake(ctx context.Context, pause bool, by core.Audit) (changed bool, err error) {
	return o.turn(ctx, core.PauseIntake, pause, by)
}

// PauseQueue stops the fetching of a queue's jobs, or lets it go on.
func (o *Operator) PauseQueue(ctx context.Context, queue string, pause bool, by core.Audit) (changed bool, err error) {
	return o.turn(ctx, core.PauseQueue(queue), pause, by)
}

func (o *Operator) turn(ctx context.Context, what string, pause bool, by core.Audit) (bool, error) {
	if pause {
		return o.operations.Pause(ctx, what, by)
	}
	return o.operations.Resume(ctx, what, by)
}

// QueueOf finds the queue by its own name or by a stage that it carries, and
// lists all stages that it carries. The error names what there is.
func (o *Operator) QueueOf(name string) (queue string, stages []core.Stage, err error) {
	settings := o.config.Queues()
	queue = name
	if setting, ok := settings.Stages[core.Stage(name)]; ok {
		queue = setting.Queue
	}
	if _, ok := settings.Workers[queue]; !ok {
		return "", nil, fmt.Errorf("there is no stage or queue %q: stages are %s; queues are %s",
			name, strings.Join(stageNames(settings), ", "), strings.Join(riverqueue.Queues(), ", "))
	}
	return queue, settings.StagesOf(queue), nil
}

func stageNames(settings riverqueue.Settings) []string {
	names := make([]string, 0, len(settings.Stages))
	for stage := range settings.Stages {
		names = append(names, string(stage))
	}
	slices.Sort(names)
	return names
}

// Queues reads the load of every queue.
func (o *Operator) Queues(ctx context.Context) ([]postgres.QueueLoad, error) {
	return o.operations.Queues(ctx, riverqueue.Queues(), o.config.DeadAfter)
}

// Pauses lists what rests, by whom and why.
func (o *Operator) Pauses(ctx context.Context) ([]core.Pause, error) { return o.operations.Pauses(ctx) }

// TurnRole grants an account a role, or takes it away; changed is false where it
// was so already.
func (o *Operator) TurnRole(ctx context.Context, user core.ID, role core.Role, grant bool, by core.Audit) (changed bool, err error) {
	if grant {
		return o.operations.GrantRole(ctx, user, role, by)
	}
	return o.operations.RevokeRole(ctx, user, role, by)
}

// RoleGrants lists who has which role.
func (o *Operator) RoleGrants(ctx context.Context) ([]postgres.RoleGrant, error) {
	return o.operations.RoleGrants(ctx)
}

// Failed lists what failed, the longest ago first, and counts it by code.
func (o *Operator) Failed(ctx context.Context, f postgres.Failures) ([]postgres.Failure, []postgres.FailureCount, error) {
	counts, err := o.operations.FailedCounts(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	list, err := o.operations.Failed(ctx, f)
	return list, counts, err
}

// Retried is what became of a bulk retry.
type Retried struct {
	Opened int `json:"opened"` // attempts
	Moved  int `json:"moved"`  // documents that were no longer failed as listed
}

// Retry opens the next attempt of each failure in turn, at most perSecond of
// them, so that the line is fed and not flooded. Each is a transaction of its
// own with its entry in the log: a run that is cut off has done what it told,
// and the next one finds the rest. Told, if set, hears of each.
func (o *Operator) Retry(ctx context.Context, list []postgres.Failure, by core.Audit, perSecond int, told func(postgres.Failure)) (done Retried, err error) {
	pace := time.NewTicker(time.Second / time.Duration(perSecond))
	defer pace.Stop()
	for _, failure := range list {
		switch err := o.operations.Retry(ctx, failure, by); {
		case core.HasCode(err, core.CodeConflict), core.HasCode(err, core.CodeNotFound):
			done.Moved++
			continue
		case err != nil:
			return done, err
		}
		done.Opened++
		if told != nil {
			told(failure)
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-pace.C:
		}
	}
	return done, nil
}
