package httpapi

import (
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
)

// NewAdmin is the door for operators: the profiles of the process, and what else
// is given by path, such as metrics. It asks nobody who they are, so it belongs
// on an address that only operators reach. On a loopback one (names false) it
// answers to an address or localhost alone: a browser that was led here by a
// name of somebody's own gets nothing.
func NewAdmin(more map[string]http.Handler, names bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index) // heap, goroutine and the others by name, too
	mux.HandleFunc("GET /debug/pprof/cmdline", hidden)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	for path, handler := range more {
		mux.Handle("GET "+path, handler)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !names && !literal(r.Host) {
			http.Error(w, "ask by address, not by name", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// hidden is in the place of the command line, which somebody may have put a
// secret on.
func hidden(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "not shown", http.StatusNotFound)
}

// literal reports whether a Host header is an address, or localhost.
func literal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost"
}
