package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// PathPut is where announced files are sent where the storage has no addresses
// of its own. It is no operation of the document: its address is a secret that
// clients are handed whole.
const PathPut = "/storage/v1/upload"

const putRoute = "PUT " + PathPut

// serveTickets adds the routes for storages that sign addresses of ours.
func (a *api) serveTickets(mux *http.ServeMux) {
	if a.Tickets == nil {
		return
	}
	mux.HandleFunc(putRoute, func(w http.ResponseWriter, r *http.Request) {
		if err := a.putFile(w, r); err != nil {
			fail(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, jsonType, map[string]string{"message": "stored"})
	})
	mux.HandleFunc(getRoute, func(w http.ResponseWriter, r *http.Request) {
		if err := a.getFile(w, r); err != nil {
			fail(w, r, err)
		}
	})
}

// putFile stores the body under the address's ticket, which stands for all of
// the client's credentials.
func (a *api) putFile(w http.ResponseWriter, r *http.Request) error {
	ticket, err := a.Tickets.RedeemPut(r.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	if err := a.open(r.Context()); err != nil {
		return err
	}
	if err := fits(r, ticket); err != nil {
		return err
	}
	paced, unwatch := newPaced(w, r, a.Limits)
	defer unwatch()
	body := &fileBody{paced: paced}
	err = a.Blobs.Put(r.Context(), ticket.Key, body, ticket.Size, ticket.ContentType)
	if err != nil && body.failed == nil { // read out, or the answer may be lost with the connection
		_, _ = io.Copy(io.Discard, io.LimitReader(body, ticket.Size))
	}
	paced.lift()
	if req := requestOf(r.Context()); req != nil {
		req.bytesIn = paced.read
	}
	return putRefused(err, body.failed)
}

// fits refuses by the headers alone what the ticket does not allow.
func fits(r *http.Request, ticket ports.PutTicket) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Encoding") != "" || (err == nil && media != ticket.ContentType) {
		return core.Fail(core.CodeFileUnsupported, nil)
	}
	if r.ContentLength >= 0 && r.ContentLength != ticket.Size {
		return core.Fail(core.CodeSizeDiffers, nil)
	}
	return nil
}

// putRefused words what became of a file: failed is what was wrong with its
// way to us.
func putRefused(err, failed error) error {
	switch {
	case err == nil:
		return nil
	case core.HasCode(failed, core.CodeTooSlow):
		return core.Fail(core.CodeTooSlow, failed)
	case core.HasCode(failed, core.CodeNotReady): // a stop did not wait for the rest
		return failed
	case failed != nil:
		return bodyRefused(http.StatusBadRequest)
	case core.HasCode(err, core.CodeFileChanged):
		return core.Fail(core.CodeSizeDiffers, err)
	case core.HasCode(err, core.CodeStorageConflict):
		return &refusal{err: core.Fail(core.CodeConflict, nil), detail: "A file was sent to this address already."}
	case errors.Is(err, context.Canceled): // the client left
		return bodyRefused(http.StatusBadRequest)
	}
	return storageRefused(err)
}

// fileBody is a body that is all file, and remembers how it failed.
type fileBody struct {
	paced  *pacedBody
	failed error
}

// Read is io.Reader.
func (b *fileBody) Read(p []byte) (int, error) {
	n, err := b.paced.Read(p)
	b.paced.file = b.paced.read
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		b.failed = err
	}
	return n, err
}
