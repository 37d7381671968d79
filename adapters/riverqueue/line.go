package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// Upkeep is the work beside the line.
type Upkeep struct {
	Forget    func(ctx context.Context, document core.ID) error
	Purge     func(ctx context.Context, document core.ID, ticket any) error
	Reembed   func(ctx context.Context, document core.ID) error
	Tend      func(ctx context.Context) error
	Arrive    func(ctx context.Context, document core.ID, ticket any) error
	Await     func(ctx context.Context) error
	Reconcile func(ctx context.Context) error
	Sweep     func(ctx context.Context) error
	Retain    func(ctx context.Context) error
	Scrub     func(ctx context.Context) error
	Archive   func(ctx context.Context) error
}

// Line works the jobs of every stage in this process.
type Line struct {
	client *river.Client[pgx.Tx]
	hand   *inHand
}

// NewLine registers every kind: a leader discards stuck jobs of kinds it does
// not know, so each worker process knows them all.
func NewLine(pool *pgxpool.Pool, store Store, stages []pipeline.Stage, upkeep Upkeep, settings Settings, log *slog.Logger) (*Line, error) {
	workers := river.NewWorkers()
	for _, stage := range stages {
		err := addStage(workers, stage.Name(), settings, store, log, func(ctx context.Context, job core.Job, ticket any) error {
			return pipeline.Run(ctx, store, stage, job, ticket)
		})
		if err != nil {
			return nil, err
		}
	}
	if err := addUpkeep(workers, upkeep, settings, store, log); err != nil {
		return nil, err
	}
	hand := newInHand()
	c := config(workers, settings, log)
	c.Middleware = append([]rivertype.Middleware{hand}, c.Middleware...) // the first: nothing may wait before it
	client, err := river.NewClient(riverpgxv5.New(pool), c)
	if err != nil {
		return nil, fmt.Errorf("open the line: %w", err)
	}
	return &Line{client, hand}, nil
}

func config(workers *river.Workers, settings Settings, log *slog.Logger) *river.Config {
	queues := map[string]river.QueueConfig{}
	for name, count := range settings.Workers {
		queues[name] = river.QueueConfig{MaxWorkers: count}
	}
	return &river.Config{
		Schema: schema, ID: settings.Process, Logger: quiet(log), Queues: queues, Workers: workers,
		FetchCooldown: settings.FetchCooldown, FetchPollInterval: settings.FetchPollInterval, PollOnly: settings.PollOnly,
		SoftStopTimeout: settings.SoftStop, RescueStuckJobsAfter: settings.Rescue, JobTimeout: min(roundTime, settings.Rescue),
		MaxAttempts:                 8,
		CompletedJobRetentionPeriod: orForever(settings.KeepDone), CancelledJobRetentionPeriod: orForever(settings.KeepDone),
		DiscardedJobRetentionPeriod: orForever(settings.KeepDiscarded),
		ReindexerSchedule:           river.NeverSchedule(), // who works owns no index, and migration 28 leaves none that needs it
		Plugins:                     []rivertype.Plugin{river.HookMetricEmitFunc(looks{settings}.told)},
		Middleware:                  middleware(settings),
		JobStuckHandler:             hung(settings.Observer),
		FetchOnlyKnownKinds:         true, // a newer release's jobs wait for a newer worker
		PeriodicJobs: []*river.PeriodicJob{
			periodic(settings.ReconcileEvery, ReconcileArgs{}),
			periodic(settings.AwaitEvery, AwaitArgs{}),
			periodic(settings.SweepEvery, SweepArgs{}),
			periodic(settings.TendEvery, TendArgs{}),
			periodic(settings.RetainEvery, RetainArgs{}),
			periodic(settings.ScrubEvery, ScrubArgs{}),
			periodic(settings.ArchiveEvery, ArchiveArgs{}),
		},
	}
}

// orForever is how River is told to keep rows: -1 is for ever, 0 its default.
func orForever(age time.Duration) time.Duration {
	if age == core.Forever {
		return -1
	}
	return age
}

// periodic starts a round unless one is under way or waiting.
func periodic(every time.Duration, args river.JobArgs) *river.PeriodicJob {
	opts := &river.InsertOpts{Queue: QueueUpkeep, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByState: live()}}
	return river.NewPeriodicJob(river.PeriodicInterval(every),
		func() (river.JobArgs, *river.InsertOpts) { return args, opts }, &river.PeriodicJobOpts{RunOnStart: true})
}

// live is the states of a job that will still run.
func live() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}
}

// addStage registers the generic worker under the stage's own kind. River takes
// a kind from a type, and a type cannot come out of a table: hence a line each.
func addStage(workers *river.Workers, stage core.Stage, settings Settings, store Store, log *slog.Logger, work run) error {
	switch stage {
	case core.Parse:
		return add[ParseArgs](workers, stage, settings, store, log, work)
	case core.Receive:
		return add[ReceiveArgs](workers, stage, settings, store, log, work)
	case core.Validate:
		return add[ValidateArgs](workers, stage, settings, store, log, work)
	case core.Chunk:
		return add[ChunkArgs](workers, stage, settings, store, log, work)
	case core.Embed:
		return add[EmbedArgs](workers, stage, settings, store, log, work)
	case core.Finish:
		return add[FinishArgs](workers, stage, settings, store, log, work)
	case core.Forget:
		return add[ForgetArgs](workers, stage, settings, store, log, work)
	case core.Purge:
		return add[PurgeArgs](workers, stage, settings, store, log, work)
	case core.Reembed:
		return add[ReembedArgs](workers, stage, settings, store, log, work)
	case core.Arrive:
		return add[ArriveArgs](workers, stage, settings, store, log, work)
	}
	return fmt.Errorf("stage %s has no job kind", stage)
}

func add[A stepArgs](workers *river.Workers, stage core.Stage, settings Settings, store Store, log *slog.Logger, work run) error {
	setting, ok := settings.Stages[stage]
	if !ok {
		return fmt.Errorf("stage %s has no setting", stage)
	}
	return river.AddWorkerSafely(workers, &worker[A]{stage: stage, setting: setting, run: work, store: store, log: log,
		limit: settings.WaitLimit, refused: settings.Refused, observer: settings.Observer})
}

func addUpkeep(workers *river.Workers, upkeep Upkeep, settings Settings, store Store, log *slog.Logger) error {
	forget := func(ctx context.Context, job core.Job, _ any) error { return upkeep.Forget(ctx, job.Document) }
	if err := addStage(workers, core.Forget, settings, store, log, forget); err != nil {
		return err
	}
	purge := func(ctx context.Context, job core.Job, ticket any) error {
		return upkeep.Purge(ctx, job.Document, ticket)
	}
	if err := addStage(workers, core.Purge, settings, store, log, purge); err != nil {
		return err
	}
	arrive := func(ctx context.Context, job core.Job, ticket any) error {
		return upkeep.Arrive(ctx, job.Document, ticket)
	}
	if err := addStage(workers, core.Arrive, settings, store, log, arrive); err != nil {
		return err
	}
	if err := river.AddWorkerSafely(workers, &round[AwaitArgs]{work: upkeep.Await, log: log}); err != nil {
		return err
	}
	reembed := func(ctx context.Context, job core.Job, _ any) error { return upkeep.Reembed(ctx, job.Document) }
	if err := addStage(workers, core.Reembed, settings, store, log, reembed); err != nil {
		return err
	}
	if err := river.AddWorkerSafely(workers, &round[TendArgs]{work: upkeep.Tend, log: log}); err != nil {
		return err
	}
	if err := river.AddWorkerSafely(workers, &round[ReconcileArgs]{work: upkeep.Reconcile, log: log}); err != nil {
		return err
	}
	if err := river.AddWorkerSafely(workers, &round[ScrubArgs]{work: upkeep.Scrub, log: log}); err != nil {
		return err
	}
	if err := river.AddWorkerSafely(workers, &round[ArchiveArgs]{work: upkeep.Archive, log: log}); err != nil {
		return err
	}
	if err := river.AddWorkerSafely(workers, &round[RetainArgs]{work: upkeep.Retain, log: log}); err != nil {
		return err
	}
	return river.AddWorkerSafely(workers, &round[SweepArgs]{work: upkeep.Sweep, log: log})
}

// round works a periodic job.
type round[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	work func(ctx context.Context) error
	log  *slog.Logger
}

// Work is river.Worker.
func (r *round[A]) Work(ctx context.Context, job *river.Job[A]) error {
	began := time.Now()
	err := r.guarded(ctx, job.Kind)
	switch {
	case err == nil:
		r.log.DebugContext(ctx, "upkeep", "kind", job.Kind, "job_id", job.ID, "duration_ms", time.Since(began).Milliseconds())
		return nil
	case stopped(ctx, err):
		return errStopped
	}
	r.log.WarnContext(ctx, "upkeep", "kind", job.Kind, "job_id", job.ID, "error_class", codeOf(err))
	return errors.New(codeOf(err))
}

func (r *round[A]) guarded(ctx context.Context, kind string) (err error) {
	defer caught(r.log, &err, "kind", kind)
	return r.work(ctx)
}

// Start begins to work jobs until ctx ends or Stop is called.
func (l *Line) Start(ctx context.Context) error {
	if err := l.client.Start(ctx); err != nil {
		return fmt.Errorf("start the line: %w", err)
	}
	return nil
}

// Stop stops fetching, lets running jobs end within the soft stop, then
// interrupts them; interrupted jobs are available again at once. Where ctx ends
// before they do, the error names the kinds of those that go on all the same:
// their rows are running still, and come back as those of a dead process do.
func (l *Line) Stop(ctx context.Context) error {
	err := l.client.Stop(ctx)
	if left := l.hand.left(); err != nil && left != "" {
		return fmt.Errorf("jobs do not end although they were told to: %s: %w", left, err)
	}
	return err
}

// Missed gives those of the jobs, which are this process's by their rows, that it
// does not have in hand, whose work has not just ended, and of which both was so
// when Missed was last called: the answers to their fetches were lost.
func (l *Line) Missed(running []int64) []int64 { return l.hand.missed(running) }

// Stopped is closed once the line has come to rest.
func (l *Line) Stopped() <-chan struct{} { return l.client.Stopped() }
