package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Observation is one finished request, for metrics. Route is the template, so
// the set of values is closed.
type Observation struct {
	Method   string
	Route    string // "POST /search"; "unmatched" where no route fits
	Status   int
	Code     core.Code // of the problem answered; empty for none
	Duration time.Duration
	BytesIn  int64
	BytesOut int64
	Panicked bool
	Trace    string // that the request belongs to; empty where none is kept
	Proof    Proof  // of who asked
}

// request is what the door knows of the request in hand. One goroutine owns it.
type request struct {
	id       core.ID
	route    string
	client   netip.Prefix    // where it came from
	agent    string          // what the client calls itself
	caller   ports.Principal // zero on public routes
	token    string          // the caller's access token: a secret
	proof    Proof
	public   bool
	code     core.Code
	cause    error
	bytesIn  int64
	panicked bool
	body     []byte // where the door has read it
	once     *once  // nil without an idempotency key
}

type requestKey struct{}

// requestOf is nil outside the door.
func requestOf(ctx context.Context) *request {
	req, _ := ctx.Value(requestKey{}).(*request)
	return req
}

// callerOf is who the request speaks for. On a route that is not public there
// always is one, for authentication ran before.
func callerOf(ctx context.Context) ports.Principal {
	if req := requestOf(ctx); req != nil {
		return req.caller
	}
	return ports.Principal{}
}

const unmatched = "unmatched"

// newRequest takes the client's request id where it is a UUID, and makes one
// otherwise: whatever else a client sends there would end up in our logs.
func newRequest(r *http.Request, trust Trust) *request {
	id, err := core.ParseID(r.Header.Get("X-Request-ID"))
	if err != nil || id.IsZero() {
		id = core.NewID()
	}
	return &request{id: id, route: unmatched, public: true, client: clientNetwork(r, trust), agent: agentOf(r)}
}

// agentOf is the client's word for itself, cut off where it is long.
func agentOf(r *http.Request) string {
	agent := strings.ToValidUTF8(r.UserAgent(), "")
	return agent[:min(len(agent), maxClientBytes)]
}

// recorder notes what was answered. Unwrap lets http.ResponseController reach
// the connection's deadlines.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	pace   pacedAnswer
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.pace.next(w.bytes, len(b))
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// finish writes the one event of a request and tells the metrics.
func (d *door) finish(ctx context.Context, r *http.Request, req *request, w *recorder, started time.Time) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	took := time.Since(started)
	d.noteSecurity(ctx, r, req)
	method := methodWord(r.Method)
	d.observe(Observation{
		Method: method, Route: req.route, Status: status, Code: req.code, Duration: took,
		BytesIn: req.bytesIn, BytesOut: w.bytes, Panicked: req.panicked, Trace: traceID(ctx), Proof: proofOf(req, status),
	})
	defer d.end(ctx, req, status)
	attrs := []slog.Attr{
		slog.String("request_id", req.id.String()),
		slog.String("method", method),
		slog.String("route", req.route),
		slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes_in", req.bytesIn),
		slog.Int64("bytes_out", w.bytes),
	}
	if !req.caller.User.IsZero() {
		attrs = append(attrs, slog.String("user_id", req.caller.User.String()))
	}
	if !req.caller.Key.IsZero() {
		attrs = append(attrs, slog.String("key_id", req.caller.Key.String()))
	}
	if req.code != "" {
		attrs = append(attrs, slog.String("error_class", string(req.code)))
	}
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError && !planned(req.code) {
		level = slog.LevelError
		// The type alone: a cause's text may hold what a client or a driver wrote.
		attrs = append(attrs, slog.String("cause_type", fmt.Sprintf("%T", req.cause)))
	}
	d.logger.LogAttrs(ctx, level, "request", attrs...)
}

// planned tells a refusal that is meant: an operator's pause, a start or a stop,
// a crowd.
func planned(code core.Code) bool {
	return code == core.CodeIntakePaused || code == core.CodeNotReady || code == core.CodeOverloaded || code == core.CodeAgreementMissing
}

// methodWord keeps invented methods out of logs and labels.
func methodWord(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "other"
}
