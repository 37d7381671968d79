package httpapi

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// PathGet is where files are read at addresses of this API, where the storage
// has none of its own. Like PathPut it is no operation of the document.
const PathGet = "/storage/v1/download"

const getRoute = "GET " + PathGet

// FileLink is where a file can be read without a token, and what it is to be.
type FileLink struct {
	URL       string    `json:"url" format:"uri" doc:"For GET, ranges too. A secret: whoever has it can read the file"`
	ExpiresAt time.Time `json:"expires_at" doc:"Reading has to begin by then" example:"2026-01-31T09:05:00Z"`
	Filename  string    `json:"filename" doc:"What a browser saves it as"`
	Mime      string    `json:"mime"`
	BytesLen  int64     `json:"bytes_len"`
	SHA256    string    `json:"content_sha256" doc:"Of what was uploaded, in hex"`
}

type linkOutput struct{ Body FileLink }

// link answers an address of the storage's own. It cannot be taken back before
// it expires, but the file can: deleting the document ends it.
func (a *api) link(ctx context.Context, in *DocumentInput) (*linkOutput, error) {
	s, err := a.withFile(ctx, in)
	if err != nil {
		return nil, err
	}
	signed, err := a.Blobs.SignGet(ctx, s.Key, s.Name, a.Limits.LinkTTL)
	if err != nil {
		return nil, fetchRefused(err)
	}
	if err := a.record(ctx, core.AuditReadLink, s.Document); err != nil {
		return nil, err
	}
	return &linkOutput{Body: FileLink{
		URL: signed.URL, ExpiresAt: signed.ExpiresAt.UTC().Truncate(time.Second),
		Filename: s.Name, Mime: s.ContentType, BytesLen: s.Size, SHA256: hex.EncodeToString(s.SHA256[:]),
	}}, nil
}

var errNoSeeker = errors.New("a storage whose addresses are ours, and whose files cannot be sought in")

// getFile sends the file of the address's ticket, which stands for all of the
// client's credentials.
func (a *api) getFile(w http.ResponseWriter, r *http.Request) error {
	ticket, err := a.Tickets.RedeemGet(r.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	body, blob, err := a.Blobs.Open(r.Context(), ticket.Key)
	switch {
	case core.HasCode(err, core.CodeFileMissing): // the document was deleted since
		return core.Fail(core.CodeNotFound, err)
	case err != nil:
		return fetchRefused(err)
	}
	defer body.Close() //nolint:errcheck // it was only read
	content, ok := body.(io.ReadSeeker)
	if !ok {
		return core.Fail(core.CodeInternal, errNoSeeker)
	}
	if err := a.recordDownload(r.Context(), ticket.Key); err != nil {
		return err
	}
	w.Header().Set("Content-Type", blob.ContentType)
	w.Header().Set("Content-Disposition", disposition(ticket.Name))
	http.ServeContent(&problemWriter{ResponseWriter: w, r: r}, r, "", blob.WrittenAt, content)
	return nil
}
