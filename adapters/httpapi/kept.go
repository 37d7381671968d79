package httpapi

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/insurance-navigator/navigator/core"
)

// What caches and browsers are told, here and at the content network of the
// static files alike.
const (
	// KeptSeconds is how long what is the same for everybody may be kept before
	// it is asked for again: the descriptions of the API and the public keys.
	KeptSeconds = 300
	// StrictTransport lets browsers come by https alone, for two years.
	StrictTransport = "max-age=63072000; includeSubDomains"
)

// made answers the same public bytes to everybody, made once.
func made(contentType string, write func() ([]byte, error)) http.HandlerFunc {
	once := sync.OnceValues(func() (http.HandlerFunc, error) {
		body, err := write()
		return static(contentType, body), err
	})
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := once()
		if err != nil {
			fail(w, r, core.Fail(core.CodeInternal, err))
			return
		}
		answer(w, r)
	}
}

// static answers the same public bytes to everybody, which may be kept.
func static(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", KeptSeconds))
		_, _ = w.Write(body) // a client that left is no error of ours
	}
}
