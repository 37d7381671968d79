package httpapi

import (
	"net/http"
	"slices"

	"github.com/rs/cors"
)

// What a browser may send and read across origins.
var (
	corsSent = []string{
		"Authorization", "Content-Type", "X-Request-ID", "Idempotency-Key", "Last-Event-ID", "Range", "If-Range", "If-None-Match",
		"apikey", "x-client-info", // today's client sends them
	}
	corsRead = []string{
		"X-Request-ID", "Location", "Retry-After", headerRate, headerPolicy, "Idempotent-Replayed",
		"Content-Disposition", "Content-Range", "ETag",
	}
	routeMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
)

// corsAge is how many seconds a browser may keep a preflight's answer.
const corsAge = 7200

// origins is the browsers' pages that may call, each exactly. A nil origins
// marks nothing and answers no preflight.
type origins struct {
	allowed []string
	answers *cors.Cors
}

func newOrigins(allowed []string) *origins {
	if len(allowed) == 0 {
		return nil // an empty list means any origin to the library
	}
	o := &origins{allowed: slices.Clone(allowed)}
	o.answers = o.headers(routeMethods)
	return o
}

func (o *origins) headers(methods []string) *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginFunc: func(origin string) bool { return slices.Contains(o.allowed, origin) },
		AllowedMethods:  methods, AllowedHeaders: corsSent, ExposedHeaders: corsRead,
		AllowCredentials: true, MaxAge: corsAge,
	})
}

// mark sets the headers of an answer, good or bad, before anything else is
// known of it. The library repeats every Origin it is sent, so that two of them
// are read as none.
func (o *origins) mark(w http.ResponseWriter, r *http.Request) {
	// The library answers every such OPTIONS by itself, one without an Origin too.
	if o == nil || r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		return
	}
	if len(r.Header.Values("Origin")) > 1 {
		w.Header().Add("Vary", "Origin")
		return
	}
	o.answers.HandlerFunc(w, r)
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// preflight answers a browser that asks before it sends, for the methods that
// the address really takes, and reports whether the request was one. It needs
// no token: a browser sends none with it.
func (d *door) preflight(w http.ResponseWriter, r *http.Request, req *request) bool {
	if d.origins == nil || !isPreflight(r) || len(r.Header.Values("Origin")) != 1 {
		return false
	}
	methods := d.methodsAt(r)
	if len(methods) == 0 {
		w.Header().Add("Vary", "Origin")
		notFound(w, r)
		return true
	}
	req.route = "preflight"
	d.origins.headers(methods).HandlerFunc(w, r)
	return true
}

// methodsAt is the methods that some route takes at the request's address.
func (d *door) methodsAt(r *http.Request) (methods []string) {
	if !cleanPath(r) {
		return nil
	}
	for _, method := range routeMethods {
		probe := r.WithContext(r.Context()) // a copy
		probe.Method = method
		if _, pattern := d.mux.Handler(probe); pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}
