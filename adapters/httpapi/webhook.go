package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Hint is what a callback's body says. It is believed for nothing but which
// document to look at.
type Hint struct {
	EventID     string
	EventType   string
	ProviderJob string
	Relevant    bool // says the job ended
}

// WebhookDeps is what the back door needs. Inbox, Health, Security, Logger,
// Authentic and ReadHint are required.
type WebhookDeps struct {
	Inbox    ports.Inbox
	Health   ports.Health
	Security ports.Security
	Logger   *slog.Logger

	// Authentic proves a callback by the attempt's own secret, over the raw
	// body, without asking the database.
	Authentic func(attempt core.ID, header http.Header, raw []byte) bool
	// ReadHint reads any payload shape on record; an error says it is not JSON.
	ReadHint func(raw []byte) (Hint, error)

	Limiter   ports.Limiter // nil lets every call through
	Trust     Trust         // whose X-Forwarded-For is believed
	Limits    Limits        // fields left zero take DefaultLimits
	Version   string
	PublicURL string
	Ready     func() error         // nil while work is taken; when not set, always
	Live      func() error         // nil while the process makes progress; when not set, always
	Observe   func(Observation)    // told of every finished request; may be nil
	Traces    trace.TracerProvider // makes spans; nil makes none
}

// webhook is the back door's routes over their dependencies.
type webhook struct{ WebhookDeps }

// NewWebhook builds the back door, and names all missing dependencies at once.
func NewWebhook(d WebhookDeps) (http.Handler, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	d.Limits = d.Limits.orDefaults()
	limits := d.Limits
	limits.MaxBodyBytes, limits.AnswerTime = limits.MaxCallbackBytes, limits.CallbackTime // one bound for everything at this door
	b := &webhook{WebhookDeps: d}
	door := publicDoor(b.routes(), d.Logger, limits) // a callback is proven by its signature, the rest tells nothing of anybody
	if d.Limiter != nil {
		door.rates = newThrottle(d.Limiter, limits.Rates, ruleOfHook, d.Trust)
	}
	door.service, door.security = serviceWebhook, d.Security
	door.tracer = tracerOf(d.Traces)
	door.observe, door.https = orNothing(d.Observe), strings.HasPrefix(d.PublicURL, "https://")
	return door, nil
}

// publicDoor lets everybody in to the routes.
func publicDoor(routes map[string]func(*http.Request) (any, error), logger *slog.Logger, limits Limits) *door {
	mux, public := http.NewServeMux(), map[string]bool{}
	for pattern, handle := range routes {
		mux.HandleFunc(pattern, answer(handle))
		public[pattern] = true
	}
	return &door{mux: mux, public: public, logger: logger, limits: limits, observe: orNothing(nil), crowd: newCrowd(limits.MaxRequests)}
}

func (d WebhookDeps) check() error {
	var faults []error
	for name, missing := range map[string]bool{
		"Inbox": d.Inbox == nil, "Health": d.Health == nil, "Security": d.Security == nil, "Logger": d.Logger == nil,
		"Authentic": d.Authentic == nil, "ReadHint": d.ReadHint == nil,
	} {
		if missing {
			faults = append(faults, fmt.Errorf("httpapi: %s is required", name))
		}
	}
	return errors.Join(faults...)
}

func (b *webhook) routes() map[string]func(*http.Request) (any, error) {
	routes := map[string]func(*http.Request) (any, error){
		"POST /webhook/llamaparse":                               b.callback,
		"POST /webhook/llamaparse/{attempt}":                     b.callback,
		"POST /api/upload-pipeline/webhook/llamaparse/{attempt}": b.callback,
		"GET /webhook/status":                                    b.status,
		"GET /webhook/test":                                      b.test,
	}
	maps.Copy(routes, Probes{Health: b.Health, Version: b.Version, Ready: b.Ready, Live: b.Live}.routes())
	return routes
}

// answer writes what a handler made, or the problem.
func answer(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := handle(r)
		if err != nil {
			fail(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, jsonType, body)
	}
}

// InboxStatus is what the webhook's status page tells.
type InboxStatus struct {
	Status       string     `json:"status"`
	WebhookCalls int64      `json:"webhook_calls" doc:"Callbacks stored in the last 24 hours, repeated deliveries not counted"`
	LastCall     *time.Time `json:"last_call"`
	Database     string     `json:"database"`
}

func (b *webhook) status(r *http.Request) (any, error) {
	state, err := b.Inbox.InboxState(r.Context())
	if err != nil {
		return nil, err
	}
	body := InboxStatus{Status: "running", WebhookCalls: state.Callbacks, Database: "ok"}
	if !state.Last.IsZero() {
		last := state.Last.UTC()
		body.LastCall = &last
	}
	return body, nil
}

// test lets a person see that the address is reachable. It does nothing else.
func (b *webhook) test(*http.Request) (any, error) {
	return map[string]string{"status": "ok", "message": "The webhook can be reached. Nothing was stored."}, nil
}

// attemptOf finds the attempt a callback without one in its address speaks for.
// One that nobody here knows cannot be proven, so it is not authentic.
func (b *webhook) attemptOf(ctx context.Context, hint Hint) (core.ID, error) {
	if hint.ProviderJob == "" {
		return core.ID{}, core.Fail(core.CodeBadSignature, nil)
	}
	attempt, err := b.Inbox.AttemptOf(ctx, hint.ProviderJob)
	if core.HasCode(err, core.CodeNotFound) {
		return core.ID{}, core.Fail(core.CodeBadSignature, nil)
	}
	return attempt, err
}
