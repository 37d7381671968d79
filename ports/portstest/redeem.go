package portstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

// The paths at which Redeemed takes tickets.
const (
	PathPut = "/put"
	PathGet = "/get"
)

// Ticketed is a storage whose addresses this deployment serves itself.
type Ticketed interface {
	ports.Blobs
	ports.Tickets
}

// Redeemed serves the addresses of a store, in the fewest words that do; store
// is asked for with each request, for it needs the address to be opened.
func Redeemed(t *testing.T, store func() Ticketed) (address string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("PUT "+PathPut, func(w http.ResponseWriter, r *http.Request) {
		ticket, err := store().RedeemPut(r.URL.Query().Get("token"))
		if err == nil {
			err = store().Put(r.Context(), ticket.Key, r.Body, ticket.Size, ticket.ContentType)
		}
		refuse(w, err)
	})
	mux.HandleFunc("GET "+PathGet, func(w http.ResponseWriter, r *http.Request) { refuse(w, download(w, r, store())) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func refuse(w http.ResponseWriter, err error) {
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

func download(w http.ResponseWriter, r *http.Request, store Ticketed) error {
	ticket, err := store.RedeemGet(r.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	body, blob, err := store.Open(r.Context(), ticket.Key)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	w.Header().Set("Content-Type", blob.ContentType)
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(ticket.Name))
	http.ServeContent(w, r, "", time.Time{}, body.(io.ReadSeeker))
	return nil
}
