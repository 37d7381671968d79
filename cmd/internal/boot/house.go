package boot

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/inprocess"
	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// House opens each thing once and closes it once, the last opened first.
type House struct {
	config  Config
	service Service
	log     *slog.Logger
	seen    *outcomes
	closers []func()

	appPool, workPool *pgxpool.Pool
	pollOnly          bool // a pooler in transaction mode lies before workPool
	instances         *postgres.Instances
	self              postgres.Instance
	operations        *postgres.Operations
	pulse             *pulse
	parts             lineParts
	store             *postgres.Store
	works             *riverqueue.Line // nil where no jobs are worked
	library           *postgres.Library
	replica           *postgres.Replica // nil where none is set
	pdfium            *pdftext.Engine
	tickets           ports.Tickets
	governor          *postgres.Governor
	rates             ports.Limiter
	statuses          ports.Statuses     // nil where none are kept
	mailer            ports.Mailer       // the mail server; nil where there is none outside
	postman           *localauth.Postman // nil where accounts send no mails of ours
	purse             *purse
	known             known // of /health
	meters            meters
	traces            tracing
	progress          atomic.Int64         // when a job last ended here, in nanoseconds; 0 before the first
	looked            atomic.Pointer[look] // the last look at the database; nil before the first
	audit             *postgres.AuditLog
	security          *inprocess.Security
}

// openHouse opens what the service needs and registers the process.
func openHouse(ctx context.Context, config Config, service Service, watch *watch) (*House, error) {
	h := &House{config: config, service: service, log: watch.log, pulse: newPulse(), meters: watch.meters, traces: watch.traces}
	h.security = inprocess.NewSecurity(inprocess.DefaultActors, h.meters.attacked)
	h.seen = newOutcomes(h.meters.Metrics, h.log)
	h.seen.guard(config, h.log)
	if err := h.openAll(ctx); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *House) openAll(ctx context.Context) error {
	if err := h.openDatabase(ctx); err != nil {
		return err
	}
	if err := h.openOutside(ctx); err != nil {
		return err
	}
	return h.register(ctx)
}

func (h *House) close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
}

// does reports whether the service, or dev, is this process.
func (h *House) does(service Service) bool { return h.service == service || h.service == Dev }

// openDatabase opens a pool for each side that this process has, and refuses a
// schema it cannot serve.
func (h *House) openDatabase(ctx context.Context) error {
	var err error
	if h.does(API) {
		if h.appPool, _, err = h.pool(ctx, h.config.DatabaseURL, "inav_app"); err != nil {
			return err
		}
		if h.config.Mode != Development {
			if err := postgres.CheckLogin(ctx, h.appPool); err != nil {
				return err
			}
		}
		h.instances = postgres.NewInstances(h.appPool)
		h.meters.pool("app", h.appPool)
	}
	if h.does(Worker) || h.does(Webhook) {
		if err := h.openWorkPool(ctx); err != nil {
			return err
		}
		h.instances = postgres.NewInstances(h.workPool)
		h.meters.pool("work", h.workPool)
	}
	return h.openStores()
}

func (h *House) openStores() error {
	settings := h.queues()
	settings.Observer, settings.Traces = h.meters.observer(&h.progress), h.traces
	if h.appPool != nil {
		queue, err := riverqueue.NewQueue(h.appPool, settings, h.log)
		if err != nil {
			return err
		}
		h.library = postgres.NewLibrary(h.appPool, queue)
		h.openReplica()
	}
	if h.workPool != nil {
		queue, err := riverqueue.NewQueue(h.workPool, settings, h.log)
		if err != nil {
			return err
		}
		h.store = postgres.NewStore(h.workPool, queue, h.config.Waits())
		h.operations = postgres.NewOperations(h.workPool, queue, queue)
	}
	if err := h.openStatuses(); err != nil {
		return err
	}
	h.governor = postgres.NewGovernor(h.anyPool())
	h.audit = postgres.NewAuditLog(h.anyPool())
	h.purse = &purse{config: h.config, desk: h.governor}
	return nil
}

// anyPool is the worker's pool where there is one: what either may do it does.
func (h *House) anyPool() *pgxpool.Pool {
	if h.workPool != nil {
		return h.workPool
	}
	return h.appPool
}

// openOutside opens what lies outside, wrapped so that each call's result is
// known to /health.
func (h *House) openOutside(ctx context.Context) error {
	if h.service == Webhook {
		return nil
	}
	if err := h.openStorage(ctx); err != nil {
		return err
	}
	h.parts.seen = h.seen
	pool := h.anyPool()
	var err error
	if h.parts.models, err = newModels(h.config, h.config.OpenAICalls, h.seen, h.governor); err != nil {
		return err
	}
	h.parts.embedder = liveEmbedder{h.parts.models, func(ctx context.Context) (string, error) { return postgres.LiveModel(ctx, pool) }}
	if !h.does(Worker) {
		return nil
	}
	if err := h.openScanner(); err != nil {
		return err
	}
	parser, err := h.config.parser(h.parts.blobs, func() (*pdftext.Engine, error) { return h.engine(ctx) })
	if err != nil {
		return err
	}
	engine, err := h.engine(ctx)
	if err != nil {
		return err
	}
	h.parts.governor, h.parts.inspector = h.governor, engine
	governed := h.config.governParser(notedParser{parser, h.seen}, h.governor, h.meters.Metrics)
	h.parts.parser = h.guardParser(governed, pdftext.NewParser(engine, h.parts.blobs, h.config.SpoolDir))
	return nil
}

// openStorage opens the storage, and the archive behind it. The breaker and
// /health are the storage's: an archive that is away holds up no upload.
func (h *House) openStorage(ctx context.Context) error {
	hot, cold, err := h.config.tiers()
	if err != nil {
		return err
	}
	if err := both(hot, cold).Prepare(ctx); err != nil {
		return fmt.Errorf("storage bucket %s: %w", h.config.Bucket(), err)
	}
	h.parts.blobs = both(h.seen.guards.blobs(notedBlobs{hot, h.seen}), cold)
	var ours bool // where a storage has no addresses of its own
	if h.tickets, ours = hot.(ports.Tickets); !ours {
		h.tickets, _ = cold.(ports.Tickets)
	}
	return checkCold(ctx, h.config, h.store)
}

// register records the fingerprint, and refuses to live beside a peer with
// other settings.
func (h *House) register(ctx context.Context) error {
	if err := h.lookAtClocks(ctx); err != nil {
		return err
	}
	self := h.config.Fingerprint(h.service)
	if err := h.instances.Register(ctx, self); err != nil {
		return err
	}
	h.self = self
	h.closers = append(h.closers, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.instances.Leave(ctx, self.ID); err != nil {
			h.log.Warn("leave", "error_class", codeOf(err))
		}
	})
	h.log.Info("start", "storage", self.StorageEnv, "providers", self.Providers,
		"settings", self.SettingsHash, "build", self.Build, "schema", self.SchemaVersion, "callback", h.config.WebhookURL, "mode", h.config.Mode)
	return nil
}

func codeOf(err error) string { return string(core.AsError(err).Code) }

// engine loads PDFium once.
func (h *House) engine(ctx context.Context) (*pdftext.Engine, error) {
	if h.pdfium != nil {
		return h.pdfium, nil
	}
	engine, err := h.config.engine(ctx)
	if err != nil {
		return nil, err
	}
	h.pdfium = engine
	h.closers = append(h.closers, func() { _ = engine.Close(context.Background()) })
	return engine, nil
}

// api builds the front door.
func (h *House) api(ctx context.Context, at *gate) (http.Handler, error) {
	engine, err := h.engine(ctx)
	if err != nil {
		return nil, err
	}
	rates, err := h.limiter()
	if err != nil {
		return nil, err
	}
	deps := httpapi.APIDeps{
		Money: h.apiMoney(engine), Library: movingLibrary{countedLibrary{h.library, h.meters}, h.statuses}, Standing: h.standing(), Journal: h.library, Audit: postgres.NewAuditLog(h.appPool), Security: h.security, Uploads: h.library, Tickets: h.tickets,
		Blobs: h.parts.blobs, Embedder: h.parts.embedder, Inspector: engine, Stopping: at.stopping, Intake: h.config.intake(h.library, h.log), Resting: h.resting, Awaited: h.awaited,
		Health: h.health(), Keys: postgres.NewIdempotency(h.appPool), APIKeys: h.library, Oversight: postgres.NewOversight(h.appPool, riverqueue.Queues(), h.config.DeadAfter),
		Tries: postgres.NewTries(h.appPool, h.config.RateFactor), Logger: h.log, Limits: h.limits(), Version: Build(),
		SpoolDir: h.config.SpoolDir, PublicURL: h.config.PublicURL, Ready: at.ready, Live: h.pulse.check,
		DocsEnabled: h.config.Docs(), Limiter: rates, Origins: h.config.Origins(), Redirects: h.config.Redirects(), Trust: h.config.Trust(),
		Observe: h.meters.answered, Traces: h.traces,
	}
	if loose := h.config.Loosened(); loose != "" {
		h.log.Warn("limits are not those of production", "rate_factor", h.config.RateFactor, "uploads_per_day", h.config.UploadsPerDay)
	}
	if err := h.accounts(ctx, &deps); err != nil {
		return nil, err
	}
	return httpapi.NewAPI(deps)
}

func (h *House) limits() httpapi.Limits {
	limits := httpapi.DefaultLimits().Raise(h.config.RateFactor)
	limits.MinPassword, limits.UploadsPerDay = h.config.MinPassword, h.config.UploadsPerDay
	limits.MaxSearches = h.config.Searches(limits.MaxSearches)
	limits.MaxIntakes = h.config.Intakes(limits.MaxIntakes)
	limits.Retention = h.config.Retention()
	return limits
}

// webhook builds the back door.
func (h *House) webhook(ready func() error) (http.Handler, error) {
	masters := h.config.masters()
	rates, err := h.limiter()
	if err != nil {
		return nil, err
	}
	return httpapi.NewWebhook(httpapi.WebhookDeps{
		Limiter: rates, Trust: h.config.Trust(), PublicURL: h.config.WebhookURL, Security: h.security,
		Inbox: countedInbox{h.store, h.meters}, Observe: h.meters.answered, Traces: h.traces, Health: h.health(), Logger: h.log, Limits: h.limits(), Version: Build(), Ready: ready, Live: h.pulse.check,
		Authentic: func(attempt core.ID, header http.Header, raw []byte) bool {
			authentic := llamaparse.Authentic(masters, attempt, header, raw)
			if !authentic {
				h.meters.Received(metrics.Forged)
			}
			return authentic
		},
		ReadHint: func(raw []byte) (httpapi.Hint, error) {
			hint, err := readHint(raw)
			if err != nil {
				h.meters.Received(metrics.Malformed)
			}
			return hint, err
		},
	})
}

func readHint(raw []byte) (httpapi.Hint, error) {
	hint, err := llamaparse.ReadHint(raw)
	if err != nil {
		return httpapi.Hint{}, err
	}
	return httpapi.Hint{EventID: hint.EventID, EventType: hint.EventType, ProviderJob: hint.ProviderJob, Relevant: hint.Relevant()}, nil
}

// line builds the worker's part.
func (h *House) line(ctx context.Context) (*riverqueue.Line, error) {
	settings := h.queues()
	settings.SoftStop -= h.config.Notice() // what is left of it when the line is told to stop
	settings.Process, settings.Progress = h.self.ID.String(), func(queue string) { h.pulse.beat(lineOf(queue)) }
	settings.Refused, settings.Observer, settings.Traces = h.refused, h.meters.observer(&h.progress), h.traces
	h.meters.Works(settings.Workers)
	return newLine(ctx, h.config, settings, h.workPool, h.store, h.parts, h.meters, h.log)
}

func (h *House) health() health { return health{h.instances, h.seen, h.purse, &h.known} }

var _ ports.Health = health{}
