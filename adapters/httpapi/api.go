package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.opentelemetry.io/otel/trace"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// APIDeps is what the front door needs. The ports, Logger and SpoolDir are
// required.
type APIDeps struct {
	Library   ports.Library
	Journal   ports.Journal
	Uploads   ports.Uploads
	Blobs     ports.Blobs
	Accounts  ports.Accounts
	Verifier  ports.Verifier
	Embedder  ports.Embedder
	Inspector core.Inspector
	Health    ports.Health
	Keys      ports.Idempotency
	APIKeys   ports.APIKeys
	Oversight ports.Oversight
	Limiter   ports.Limiter
	Tries     ports.Tries
	Audit     ports.AuditLog
	Security  ports.Security
	Logger    *slog.Logger
	Money     Money // may be zero

	Limits      Limits   // fields left zero take DefaultLimits, but for UploadsPerDay
	Origins     []string // of the browsers' pages that may call, each exactly
	Redirects   []string // where links in mails and other sites may lead people back to, each exactly
	Trust       Trust    // whose X-Forwarded-For is believed
	Version     string
	SpoolDir    string // made when it is not there; uploads rest here, without a name
	PublicURL   string // where clients reach us; the Host header is never believed
	DocsEnabled bool   // serves a page that lists the operations; off in production

	Intake  ports.Intake  // whether uploads are taken; nil: always
	Tickets ports.Tickets // where the storage signs addresses of this API; else nil

	// Standing reads where a document stands, for who asks again and again; nil: the
	// Library does.
	Standing func(context.Context, ports.Principal, core.ID) (ports.Standing, error)

	// Resting lists the stages whose queue is paused; nil: none ever is.
	Resting func(ctx context.Context) ([]core.Stage, error)
	// Awaited is what a document of the status waits for outside, empty for
	// nothing; nil: nothing ever is.
	Awaited func(ctx context.Context, status core.Status) core.Code

	// Confirm takes the secret of a mail's link that leads to PathConfirm, which is
	// not served when it is nil.
	Confirm func(ctx context.Context, secret string) error

	JWKS    func() []byte        // served at /.well-known/jwks.json when set
	Ready   func() error         // nil while work is taken; when not set, always
	Live    func() error         // nil while the process makes progress; when not set, always
	Observe func(Observation)    // told of every finished request; may be nil
	Traces  trace.TracerProvider // makes spans; nil makes none

	Stopping <-chan struct{} // closed when the process is about to stop: streams end, and searches wait for no turn; may be nil
}

// api is the operations over their dependencies.
type api struct {
	APIDeps
	purse *purse
	turns *crowd // of the searches in the database

	intake *turnstile // of the uploads there
}

// NewAPI builds the front door. It fails when a dependency is missing or the
// spool directory cannot be used, and names all faults at once.
func NewAPI(d APIDeps) (http.Handler, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	replaceHumaErrors()
	d.Limits = d.Limits.orDefaults()
	if d.Standing == nil {
		d.Standing = d.Library.Standing
	}
	mux := http.NewServeMux()
	a := &api{APIDeps: d, purse: &purse{Money: d.Money}, turns: newCrowd(d.Limits.MaxSearches), intake: newTurnstile(d.Limits.MaxIntakes)}
	h := humago.New(mux, a.config())
	keyed := a.register(h)
	a.serveTickets(mux)
	a.serveConfirm(mux)
	a.serveDocuments(mux, h.OpenAPI())
	return &door{
		mux: mux, public: publicSet(), verifier: d.Verifier, apiKeys: d.APIKeys, roles: d.Oversight.Roles, logger: d.Logger, limits: d.Limits,
		observe: orNothing(d.Observe), tracer: tracerOf(d.Traces), https: strings.HasPrefix(d.PublicURL, "https://"),
		ownBody: map[string]bool{"POST " + pathUpload: true, "POST " + pathDocuments: true, putRoute: true},
		keys:    &keys{store: d.Keys, routes: keyed, limits: d.Limits, logger: d.Logger},
		service: serviceAPI, security: d.Security,
		rates: newThrottle(d.Limiter, d.Limits.Rates, ruleOf, d.Trust), crowd: newCrowd(d.Limits.MaxRequests), files: newTransfers(d.Limits.MaxTransfers), origins: newOrigins(d.Origins),
	}, nil
}

func (d APIDeps) check() error {
	var faults []error
	for name, missing := range map[string]bool{
		"Library": d.Library == nil, "Journal": d.Journal == nil, "Uploads": d.Uploads == nil, "Blobs": d.Blobs == nil, "Accounts": d.Accounts == nil,
		"Verifier": d.Verifier == nil, "Embedder": d.Embedder == nil, "Inspector": d.Inspector == nil,
		"Health": d.Health == nil, "Keys": d.Keys == nil, "APIKeys": d.APIKeys == nil, "Oversight": d.Oversight == nil, "Limiter": d.Limiter == nil, "Tries": d.Tries == nil,
		"Audit": d.Audit == nil, "Security": d.Security == nil, "Logger": d.Logger == nil, "SpoolDir": d.SpoolDir == "",
	} {
		if missing {
			faults = append(faults, fmt.Errorf("httpapi: %s is required", name))
		}
	}
	if d.SpoolDir != "" {
		if err := os.MkdirAll(d.SpoolDir, 0o700); err != nil {
			faults = append(faults, fmt.Errorf("httpapi: spool directory: %w", err))
		}
	}
	return errors.Join(faults...)
}

func orNothing(observe func(Observation)) func(Observation) {
	if observe == nil {
		return func(Observation) {}
	}
	return observe
}

// config is Huma without what it would serve or reflect by itself: no schema
// links made of the Host header, no documentation page from a CDN, no lazily
// built documents.
func (a *api) config() huma.Config {
	config := huma.DefaultConfig("Insurance Navigator", apiVersion)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Info.Contact = &huma.Contact{Name: "Insurance Navigator", URL: "https://github.com/insurance-navigator/navigator"}
	config.Info.License = &huma.License{Name: "All rights reserved"}
	config.Extensions = map[string]any{"x-limits": a.Limits.served()}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityName: {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of POST /auth/login."},
		keySecurity: {
			Type: "apiKey", In: "header", Name: headerAPIKey,
			Description: "A key of POST " + pathKeys + " whose scopes hold the operation's x-scope; Authorization: Bearer takes it, too.",
		},
	}
	config.Security = []map[string][]string{{securityName: {}}}
	config.Servers = []*huma.Server{{URL: "/", Description: "Where this document was read"}}
	if a.PublicURL != "" {
		config.Servers = []*huma.Server{{URL: strings.TrimSuffix(a.PublicURL, "/"), Description: "This deployment"}}
	}
	return config
}

// route registers an operation whose errors become problems here and nowhere
// else.
func route[I, O any](h huma.API, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.BodyReadTimeout = -1 // the door has read the body, within its own time
	template := op.Method + " " + strings.TrimSuffix(op.Path, onlyHere)
	op.Extensions = map[string]any{extensionRate: ruleOf(template)}
	if namesAccount[template] {
		op.Extensions[extensionAccount] = []string{ruleAccount, ruleAccountAll}
	}
	if !slices.Contains(op.Errors, http.StatusTooManyRequests) {
		op.Errors = append(op.Errors, http.StatusTooManyRequests)
	}
	if !apart[template] && !slices.Contains(op.Errors, http.StatusServiceUnavailable) {
		op.Errors = append(op.Errors, http.StatusServiceUnavailable)
	}
	if publicSet()[template] {
		op.Security = []map[string][]string{}
	} else {
		accesses[template].describe(&op)
		op.Errors = append(op.Errors, http.StatusUnauthorized)
	}
	huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}
