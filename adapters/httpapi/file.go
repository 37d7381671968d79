package httpapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
	"github.com/insurance-navigator/navigator/ports"
)

// file answers the document's bytes. They are fetched whole and compared with
// the digest of what was uploaded before the first is sent: a range of a file
// that was changed is never answered.
func (a *api) file(ctx context.Context, in *DocumentInput) (*huma.StreamResponse, error) {
	standing, err := a.withFile(ctx, in)
	if err != nil {
		return nil, err
	}
	fetched, err := a.fetch(ctx, standing)
	if err != nil {
		return nil, err
	}
	if err := a.record(ctx, core.AuditReadFile, standing.Document); err != nil {
		fetched.Close()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer fetched.Close()
		r, w := humago.Unwrap(hctx)
		serveFile(w, r, fetched, standing)
	}}, nil
}

// withFile is the caller's document, one that is not on its way out.
func (a *api) withFile(ctx context.Context, in *DocumentInput) (ports.Standing, error) {
	id, err := in.document()
	if err != nil {
		return ports.Standing{}, err
	}
	standing, err := a.Library.Standing(ctx, callerOf(ctx), id)
	if err == nil && standing.Status == core.Deleting {
		err = core.Fail(core.CodeNotFound, nil)
	}
	if err == nil && infected(standing) {
		err = &refusal{err: core.Fail(core.CodeFileInfected, nil), status: http.StatusGone}
	}
	if err == nil && !standing.ReadNoted {
		a.noteRead(ctx, id)
	}
	return standing, err
}

// noteRead keeps the file where reading is quick. One that cannot be noted is
// read all the same: the note saves time later, and nothing else.
func (a *api) noteRead(ctx context.Context, id core.ID) {
	if err := a.Library.NoteRead(ctx, callerOf(ctx), id); err != nil {
		a.Logger.Warn("note a read", "document_id", id.String(), "error_class", string(core.AsError(err).Code))
	}
}

// infected reports whether the document failed for malware in its file, which
// then is given to nobody, removed or not yet.
func infected(s ports.Standing) bool {
	return s.Trouble != nil && s.Trouble.Code == core.CodeFileInfected
}

// fetch brings the object to disk and proves that it is the one uploaded.
func (a *api) fetch(ctx context.Context, s ports.Standing) (*intake.Spool, error) {
	body, _, err := a.Blobs.Open(ctx, s.Key)
	if err != nil {
		return nil, fetchRefused(err)
	}
	defer body.Close() //nolint:errcheck // it was only read
	disk, err := intake.NewSpool(a.SpoolDir)
	if err != nil {
		return nil, err
	}
	var read int64
	err = disk.Fill(body, s.Size, &read)
	if err == nil && (disk.Size != s.Size || disk.Sum != s.SHA256) {
		err = core.Fail(core.CodeFileChanged, nil)
	}
	if err != nil {
		disk.Close()
		return nil, fetchRefused(err)
	}
	return disk, nil
}

// fetchRefused tells an object that is not what it was (500: asking again does
// not help) from a storage in trouble (503).
func fetchRefused(err error) error {
	switch {
	case core.HasCode(err, core.CodeFileMissing):
		return &refusal{err: core.Fail(core.CodeFileMissing, err), status: http.StatusInternalServerError}
	case core.HasCode(err, core.CodeFileChanged), core.HasCode(err, core.CodeFileTooLarge), core.HasCode(err, core.CodeFileEmpty):
		return &refusal{err: core.Fail(core.CodeFileChanged, err), status: http.StatusInternalServerError}
	default:
		return storageRefused(err)
	}
}

// serveFile sends the bytes, or the ranges of them that are asked for.
func serveFile(w http.ResponseWriter, r *http.Request, disk *intake.Spool, s ports.Standing) {
	h := w.Header()
	h.Set("Content-Type", s.ContentType)
	h.Set("Content-Disposition", disposition(s.Name))
	h.Set("ETag", `"`+hex.EncodeToString(s.SHA256[:])+`"`)
	http.ServeContent(&problemWriter{ResponseWriter: w, r: r}, r, "", s.CreatedAt, disk.Reader())
}

// problemWriter puts a problem in the place of the plain text that net/http
// writes for a range that does not exist, or a precondition that does not hold.
type problemWriter struct {
	http.ResponseWriter
	r       *http.Request
	refused bool
}

// Unwrap lets http.ResponseController reach the connection.
func (w *problemWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader answers a refusal by itself.
func (w *problemWriter) WriteHeader(status int) {
	detail := map[int]string{
		http.StatusRequestedRangeNotSatisfiable: "The file has no such range.",
		http.StatusPreconditionFailed:           "The file is not the one that the request's headers name.",
	}[status]
	if detail == "" {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	w.Header().Set("Cache-Control", "no-store")
	for _, name := range []string{"Content-Disposition", "ETag", "Last-Modified", "Content-Length", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	fail(w.ResponseWriter, w.r, &refusal{err: core.Fail(core.CodeInvalid, nil), status: status, detail: detail})
}

// Write drops what net/http says after a refusal.
func (w *problemWriter) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// disposition is the header that makes a browser save the file under its name
// (RFC 6266): a plain name for old clients, the true one in UTF-8 beside it.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + extValue(name)
}

// extValue escapes all but what RFC 8187 lets stand.
func extValue(name string) string {
	escaped := url.PathEscape(name)
	return strings.NewReplacer("@", "%40", ":", "%3A", "=", "%3D", ",", "%2C", ";", "%3B", "(", "%28", ")", "%29", "'", "%27", "*", "%2A").Replace(escaped)
}
