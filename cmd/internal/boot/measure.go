package boot

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// meters is the process' registry and its families.
type meters struct {
	registry *prometheus.Registry
	*metrics.Metrics
}

func newMeters() meters {
	registry := prometheus.NewRegistry()
	m := meters{registry, metrics.New(registry, Build())}
	m.Expect(metrics.Sets{Queues: riverqueue.Queues(), Rounds: riverqueue.Rounds(), Statements: postgres.Statements()})
	for _, kind := range core.SecurityKinds() {
		m.Watch(string(kind))
	}
	return m
}

// attacked counts a security event.
func (m meters) attacked(kind core.SecurityKind) { m.Security(string(kind)) }

// handler serves the families to a scraper.
func (m meters) handler() http.Handler {
	return promhttp.HandlerFor(m.all(), promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
}

// all is the process' families, and those that the client of Loki keeps for
// itself, where it is used.
func (m meters) all() prometheus.Gatherer {
	return prometheus.Gatherers{m.registry, prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := prometheus.DefaultGatherer.Gather()
		return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
			return !strings.HasPrefix(f.GetName(), "promtail_")
		}), err
	})}
}

// answered is what the doors tell of each request.
func (m meters) answered(o httpapi.Observation) {
	m.Answered(metrics.Request{Method: o.Method, Route: o.Route, Status: o.Status, Took: o.Duration, Panicked: o.Panicked, Trace: o.Trace})
	if o.Proof.Method != "" {
		m.Proved(o.Proof.Method, o.Proof.Outcome)
	}
}

// traced is whom a pool tells of each statement; nil where nothing is measured.
func (m meters) traced() func(postgres.Statement) {
	if m.Metrics == nil {
		return nil
	}
	return m.queried
}

func (m meters) queried(s postgres.Statement) {
	outcome := metrics.QueryOK
	switch {
	case s.Err == nil:
	case s.Cancelled():
		outcome = metrics.QueryCancelled
	default:
		outcome = metrics.QueryFailed
	}
	m.Queried(s.Operation, outcome, s.Took)
}

// pool adds a pool of connections.
func (m meters) pool(name string, pool *pgxpool.Pool) {
	m.Pool(name, func() metrics.Pool {
		s := pool.Stat()
		return metrics.Pool{
			Max: s.MaxConns(), Total: s.TotalConns(), Acquired: s.AcquiredConns(), Idle: s.IdleConns(), Constructing: s.ConstructingConns(),
			Acquires: s.AcquireCount(), EmptyAcquires: s.EmptyAcquireCount(), CanceledAcquires: s.CanceledAcquireCount(), Created: s.NewConnsCount(),
			AcquireTime: s.AcquireDuration(), EmptyAcquireTime: s.EmptyAcquireWaitTime(),
			DestroyedLifetime: s.MaxLifetimeDestroyCount(), DestroyedIdle: s.MaxIdleDestroyCount(),
		}
	})
}

// observer counts the queue's jobs; nil where nothing is measured.
func (m meters) observer(progress *atomic.Int64) riverqueue.Observer {
	if m.Metrics == nil {
		return nil
	}
	return queueMeter{m.Metrics, progress}
}

// queueMeter tells the families of the queue's runs.
type queueMeter struct {
	*metrics.Metrics
	progress *atomic.Int64 // when a job last ended, in nanoseconds
}

// Worked is riverqueue.Observer.
func (q queueMeter) Worked(r riverqueue.Run) {
	q.progress.Store(time.Now().UnixNano())
	q.Metrics.Worked(metrics.Run(r))
}

// countedInbox counts what becomes of callbacks.
type countedInbox struct {
	*postgres.Store
	meter meters
}

// Receive is ports.Inbox.
func (c countedInbox) Receive(ctx context.Context, callback ports.Callback) (ports.Received, error) {
	got, err := c.Store.Receive(ctx, callback)
	if err != nil {
		c.meter.Received(metrics.Erred)
		return got, err
	}
	c.meter.Received(string(got.Outcome))
	if got.First {
		c.meter.CalledBack(got.After)
	}
	return got, nil
}

// countedStore counts what is kept of documents.
type countedStore struct {
	*postgres.Store
	meter  meters
	called bool // the parser is to call back
}

// Keep is pipeline.Store.
func (c countedStore) Keep(ctx context.Context, step core.Step, ticket any) error {
	if err := c.Store.Keep(ctx, step, ticket); err != nil {
		return err
	}
	switch made := step.Made.(type) {
	case core.Text:
		c.meter.Parsed(made.Parser, len(made.Pages))
		if c.called && !made.Standby && !step.Document.Announced {
			c.meter.Reconciled()
		}
	case core.Pieces:
		c.meter.Cut(len(made.Pieces))
	case core.Vectors:
		c.meter.Embedded(made.Tokens)
	}
	if step.Leg.Stage == core.Finish {
		took := time.Since(step.Document.Opened)
		c.meter.Ended(core.Complete, "", took)
		c.meter.Overhead(core.Complete, took-step.Document.Outside-step.Outside)
	}
	return nil
}

// Fail is riverqueue.Store.
func (c countedStore) Fail(ctx context.Context, job core.Job, leg core.Leg, why core.Trouble) error {
	err := c.Store.Fail(ctx, job, leg, why)
	if err == nil {
		c.meter.Ended(leg.Fails, why.Code, 0)
	}
	return err
}

// Admit is what pipeline.Arriving asks.
func (c countedStore) Admit(ctx context.Context, up core.Upload, file core.Arrived, ticket any) (core.UploadState, error) {
	state, err := c.Store.Admit(ctx, up, file, ticket)
	switch {
	case err != nil:
	case state == core.UploadArrived:
		c.meter.Taken(metrics.Created, up.Size)
	default:
		c.meter.Taken(metrics.Duplicate, up.Size)
	}
	return state, err
}

// Refuse is what pipeline.Arriving asks.
func (c countedStore) Refuse(ctx context.Context, id core.ID, state core.UploadState, why core.Trouble) error {
	err := c.Store.Refuse(ctx, id, state, why)
	if err == nil {
		c.meter.Taken(metrics.Rejected, 0)
	}
	return err
}

// The look at the database: its pace, and how long a document may stay in a
// status before it counts as stuck.
const (
	censusEvery = 15 * time.Second
	stuckAfter  = 15 * time.Minute
)

// census looks how the deployment stands. Every worker does, and tells the same.
func (h *House) census(ctx context.Context) {
	began := time.Now()
	seen, err := h.operations.Census(ctx, stuckAfter)
	if err == nil {
		seen.Skew, err = h.instances.Skew(ctx, time.Now)
	}
	if err == nil {
		seen.Budget, err = h.budgetShare(ctx)
	}
	seen.Leads = seen.Leader == h.self.ID.String()
	for _, queue := range append(riverqueue.Queues(), core.PauseIntake) {
		if seen.Paused != nil && !seen.Paused[queue] {
			seen.Paused[queue] = false
		}
	}
	if err == nil {
		h.looked.Store(&look{time.Now(), seen})
	}
	if ctx.Err() == nil {
		h.meters.Stands(seen, time.Since(began), err)
	}
	if err == nil { // a platform scales workers by this line of the log, see deploy/terraform/environment/queue.tf
		available, oldest := waiting(seen.Jobs)
		h.log.Info("queue depth", "available", available, "age_seconds", int(oldest.Seconds()))
	}
}

// waiting is how many jobs a worker could take up at once, and since when the
// oldest could be. Rounds of upkeep are no work that more workers would end.
func waiting(jobs []ports.JobStanding) (available int, oldest time.Duration) {
	for _, j := range jobs {
		if j.State == string(rivertype.JobStateAvailable) && j.Queue != riverqueue.QueueUpkeep {
			available, oldest = available+j.Count, max(oldest, j.Oldest)
		}
	}
	return available, oldest
}

// countedLibrary counts what the owners' requests made of documents.
type countedLibrary struct {
	ports.Library
	meter meters
}

// Add is ports.Library.
func (c countedLibrary) Add(ctx context.Context, who ports.Principal, d ports.NewDocument) (ports.Standing, error) {
	standing, err := c.Library.Add(ctx, who, d)
	switch {
	case err == nil:
		c.meter.Taken(metrics.Created, d.Size)
	case !core.HasCode(err, core.CodeDuplicate): // which Find tells
		c.meter.Taken(metrics.Rejected, d.Size)
	}
	return standing, err
}

// Find is ports.Library.
func (c countedLibrary) Find(ctx context.Context, who ports.Principal, sha256 [32]byte) (ports.Standing, error) {
	standing, err := c.Library.Find(ctx, who, sha256)
	if err == nil {
		c.meter.Taken(metrics.Duplicate, standing.Size)
	}
	return standing, err
}

// Cancel is ports.Library.
func (c countedLibrary) Cancel(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	standing, err := c.Library.Cancel(ctx, who, id)
	if err == nil {
		c.meter.Ended(core.Cancelled, "", 0)
	}
	return standing, err
}
