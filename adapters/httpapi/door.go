package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// door is what both handlers have around their routes: the request's id and
// event, security headers, bounds, problem bodies for what no route takes, and
// authentication that is asked for unless a route is public.
type door struct {
	mux      *http.ServeMux
	public   map[string]bool // route templates that need no token
	verifier ports.Verifier  // nil where every route is public
	apiKeys  ports.APIKeys   // the same
	roles    func(context.Context, ports.Principal) ([]core.Role, error)
	logger   *slog.Logger
	limits   Limits
	observe  func(Observation)
	https    bool
	rates    *throttle       // nil lets every request through
	origins  *origins        // nil where no browser's page may call
	ownBody  map[string]bool // routes that read their body themselves
	keys     *keys           // nil where no route takes an idempotency key
	crowd    *crowd
	files    *crowd         // of those, the ones that carry whole files
	service  string         // as the audit log calls it
	tracer   trace.Tracer   // nil makes no spans
	security ports.Security // nil where nobody is watched: the probes
}

// ServeHTTP runs one request from its id to its event.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	req := newRequest(r, d.rates.trusted())
	ctx := core.From(context.WithValue(d.begin(r), requestKey{}, req), d.origin(req))
	rec := &recorder{ResponseWriter: w, pace: pacedAnswer{control: http.NewResponseController(w), limits: d.limits}}
	rec.Header().Set("X-Request-ID", req.id.String())
	d.secure(rec.Header())
	d.origins.mark(rec, r)
	defer d.finish(ctx, r, req, rec, started)
	defer d.recover(ctx, rec, req)
	d.serve(rec, r.WithContext(ctx), req)
}

// secure sets the headers that every answer has. Answers are for one caller and
// one moment; the few that may be kept say so themselves.
func (d *door) secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Resource-Policy", "same-origin") // of pages that load without asking; CORS is another matter
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if d.https {
		h.Set("Strict-Transport-Security", StrictTransport)
	}
}

// recover turns a panic into a problem. The stack goes to the log alone, and
// without the panic's value, which may hold a client's text.
func (d *door) recover(ctx context.Context, w *recorder, req *request) {
	value := recover()
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && (errors.Is(err, http.ErrAbortHandler) || ctx.Err() != nil) {
		return // the client left while we wrote
	}
	req.panicked = true
	d.logger.LogAttrs(ctx, slog.LevelError, "panic",
		slog.String("request_id", req.id.String()),
		slog.String("route", req.route),
		slog.String("value_type", fmt.Sprintf("%T", value)),
		slog.String("stack", string(debug.Stack())))
	if w.status == 0 {
		problemOf(ctx, core.Fail(core.CodeInternal, nil)).write(w)
	}
}

func (d *door) serve(w *recorder, r *http.Request, req *request) {
	if r.Body != nil && r.Body != http.NoBody {
		// Also bounds what net/http reads of a body that we refuse unread.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(d.limits.BodyTime))
	}
	if len(r.TransferEncoding) > 0 {
		// net/http takes such a body by its chunks and forgets a Content-Length
		// beside them. Who stands before us may have gone by the other: what follows
		// on the connection is nobody's, so that nothing does (RFC 9112, 6.1).
		w.Header().Set("Connection", "close")
	}
	if headerBytes(r.Header) > d.limits.MaxHeaderBytes {
		fail(w, r, &refusal{
			err: core.Fail(core.CodeInvalid, nil), status: http.StatusRequestHeaderFieldsTooLarge,
			detail: "The request's headers are larger than allowed.",
		})
		return
	}
	if d.preflight(w, r, req) {
		return
	}
	route, ok := d.route(w, r)
	if !ok {
		return
	}
	req.route, w.pace.off = route, route == streamRoute
	req.public = d.public[route]
	leave, err := d.crowd.enter(route)
	if err != nil {
		fail(w, r, err)
		return
	}
	defer leave()
	leave, err = d.files.enter(route)
	if err != nil {
		fail(w, r, err)
		return
	}
	defer leave()
	d.admitted(w, r, req)
}

// admitted asks who it is and how often they came, takes what they sent, and
// has it served.
func (d *door) admitted(w *recorder, r *http.Request, req *request) {
	if !req.public {
		if err := d.authenticate(r, req); err != nil {
			fail(w, r, d.rates.stranger(w, r, req, err))
			return
		}
	}
	err := d.rates.admit(w, r, req)
	if err == nil {
		err = d.permit(r.Context(), req)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	r, done := d.bounded(r, req.route)
	defer done()
	keyed, err := d.keys.open(r, req)
	if err == nil && !d.ownBody[req.route] {
		err = d.takeBody(r, req)
	}
	if err == nil {
		err = d.rates.account(w, r, req)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	if keyed != nil {
		keyed.serve(w, r, !d.ownBody[req.route], d.mux)
		return
	}
	d.answer(w, r, req.route)
}

// bounded gives a request AnswerTime: what it asks may never answer, and the
// client may never leave. Uploads and streams keep their own time.
func (d *door) bounded(r *http.Request, route string) (*http.Request, context.CancelFunc) {
	if d.ownBody[route] || route == streamRoute {
		return r, func() {}
	}
	ctx, cancel := context.WithTimeout(r.Context(), d.limits.AnswerTime)
	return r.WithContext(ctx), cancel
}

// route finds the template that takes the request, or answers 404 or 405. The
// mux would redirect a path that is not clean, with a body of its own.
func (d *door) route(w http.ResponseWriter, r *http.Request) (string, bool) {
	if r.Method == http.MethodConnect || !cleanPath(r) {
		notFound(w, r)
		return "", false
	}
	handler, pattern := d.mux.Handler(r)
	if pattern != "" {
		return strings.TrimSuffix(pattern, onlyHere), true
	}
	probe := &headerProbe{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		notFound(w, r)
		return "", false
	}
	w.Header().Set("Allow", probe.header.Get("Allow"))
	fail(w, r, &refusal{
		err: core.Fail(core.CodeInvalid, nil), status: http.StatusMethodNotAllowed,
		detail: "This address does not take that method.",
	})
	return "", false
}

func cleanPath(r *http.Request) bool {
	escaped := r.URL.EscapedPath()
	return strings.HasPrefix(escaped, "/") && path.Clean(escaped) == escaped
}

// onlyHere ends a pattern of the mux that takes one address and nothing below.
const onlyHere = "{$}"

func notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, r, &refusal{err: core.Fail(core.CodeNotFound, nil), detail: "There is nothing at this address."})
}

// headerProbe learns what the mux would have answered.
type headerProbe struct {
	header http.Header
	status int
}

func (p *headerProbe) Header() http.Header         { return p.header }
func (p *headerProbe) WriteHeader(status int)      { p.status = status }
func (p *headerProbe) Write(b []byte) (int, error) { return len(b), nil }

func headerBytes(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, value := range values {
			n += len(name) + len(value)
		}
	}
	return n
}
