package llamaparsetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// project is the one project there is.
const project = "5b0a5f9e-6a7c-4f61-9a44-2f0c6b8f1d10"

type file struct {
	id, name, external, purpose string
	made                        time.Time
	content                     *content
	sum                         [sha256.Size]byte
}

func (f *file) drop() {
	if f != nil && f.content != nil {
		f.content.drop()
	}
}

func (f *file) view() map[string]any {
	return map[string]any{
		"id": f.id, "name": f.name, "external_file_id": orNull(f.external),
		"file_type": orNull(strings.TrimPrefix(path.Ext(f.name), ".")), "project_id": project,
		"last_modified_at": stamp(f.made), "expires_at": nil, "purpose": f.purpose, "download_url": nil,
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Server) upload(r *http.Request) answer {
	if s.Faults.take(cutUpload) {
		_, _ = io.CopyN(io.Discard, r.Body, 512)
		panic(http.ErrAbortHandler)
	}
	form, err := r.MultipartReader()
	if err != nil {
		return refuse(http.StatusBadRequest, "file field is required for multipart requests.")
	}
	got := &file{}
	err = s.readParts(form, got, func(name string, part *multipart.Part) (err error) {
		switch name {
		case "purpose":
			got.purpose, err = text(part)
		case "external_file_id":
			got.external, err = text(part)
		}
		return err
	})
	if bad := formFault(err); bad != nil {
		got.drop()
		return *bad
	}
	if bad := got.check(); bad != nil {
		got.drop()
		return *bad
	}
	s.keepLoose(got)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order.files = append(s.order.files, got.id)
	s.noteLocked(func(l *Ledger) { l.Uploads[got.external]++ })
	return reply(http.StatusCreated, got.view())
}

// formFault is the answer to a form that could not be read.
func formFault(err error) *answer {
	if err == nil {
		return nil
	}
	if !errors.Is(err, errFileSize) {
		panic(http.ErrAbortHandler) // the sender broke off
	}
	bad := refuse(http.StatusRequestEntityTooLarge, "File is too large")
	return &bad
}

// keepLoose stores a file that no list shows.
func (s *Server) keepLoose(f *file) {
	f.id, f.made = "dfl-"+core.NewID().String(), s.opts.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[f.id] = f
}

// readParts takes the parts of a form in any order: the file itself, and what
// field makes of the others.
func (s *Server) readParts(form *multipart.Reader, got *file, field func(name string, part *multipart.Part) error) error {
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if part.FormName() == "file" {
			got.name = part.FileName()
			digest := sha256.New()
			got.content, err = keep(io.TeeReader(part, digest), s.opts.MaxFile)
			digest.Sum(got.sum[:0])
		} else {
			err = field(part.FormName(), part)
		}
		if err != nil {
			return err
		}
	}
}

func text(part io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, 4096))
	return string(raw), err
}

func (f *file) check() *answer {
	var bad answer
	switch {
	case f.content == nil:
		bad = unprocessable(missing("body", "file"))
	case f.purpose == "":
		bad = unprocessable(missing("body", "purpose"))
	case f.name == "":
		bad = refuse(http.StatusBadRequest, "No filename provided")
	case f.content.size == 0:
		bad = refuse(http.StatusBadRequest, "File is empty")
	default:
		return nil
	}
	return &bad
}

func (s *Server) listFiles(r *http.Request) answer {
	query := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	views := []map[string]any{}
	for _, id := range s.order.files {
		f := s.files[id]
		if !either(query.Get("external_file_id"), f.external) || !either(query.Get("file_name"), f.name) ||
			(query.Has("file_ids") && !slices.Contains(query["file_ids"], strings.TrimPrefix(id, "dfl-"))) {
			continue
		}
		views = append(views, f.view())
	}
	if query.Get("order_by") == "last_modified_at desc" {
		slices.Reverse(views)
	}
	list, next, bad := page(r, views, 1000, 50)
	if bad != nil {
		return unprocessable(*bad)
	}
	return reply(http.StatusOK, map[string]any{"items": list, "next_page_token": next, "total_size": nil})
}

// either is a filter: unset, or equal.
func either(want, have string) bool { return want == "" || want == have }

// findFile looks a file up with or without its prefix.
func (s *Server) findFile(id string) (*file, bool) {
	f, ok := s.files["dfl-"+strings.TrimPrefix(id, "dfl-")]
	return f, ok
}

func (s *Server) getFile(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.findFile(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "File not found")
	}
	return reply(http.StatusOK, f.view())
}

func (s *Server) deleteFile(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.findFile(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "File not found")
	}
	delete(s.files, f.id)
	s.order.files = slices.DeleteFunc(s.order.files, func(id string) bool { return id == f.id })
	f.content.drop()
	s.noteLocked(func(l *Ledger) { l.Deletes++ })
	return answer{status: http.StatusNoContent}
}

// content gives an address to download from; it is good without the key, and
// bad with it.
func (s *Server) content(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.findFile(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "File not found")
	}
	return reply(http.StatusOK, s.presigned(r, f.id))
}

// presigned is an address that anyone may read from for an hour.
func (s *Server) presigned(r *http.Request, what string) map[string]any {
	return map[string]any{
		"url":         fmt.Sprintf("http://%s/presigned/%s", r.Host, what),
		"expires_at":  stamp(s.opts.Clock.Now().Add(time.Hour)),
		"form_fields": nil,
	}
}

// download serves what a presigned address names: a file, or a job's text. It
// refuses a key beside the address's own proof, as object stores do.
func (s *Server) download(r *http.Request) answer {
	if r.Header.Get("Authorization") != "" {
		return refuse(http.StatusBadRequest, "Only one auth mechanism allowed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	octets := map[string]string{"Content-Type": "application/octet-stream"}
	if j, ok := s.findJob(r.PathValue("id")); ok && j.status == completed {
		return answer{status: http.StatusOK, header: octets, body: []byte(joined(j.pages, "\n\n"))}
	}
	f, ok := s.findFile(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "Not Found")
	}
	raw, err := io.ReadAll(io.NewSectionReader(f.content, 0, f.content.size))
	if err != nil {
		return refuse(http.StatusInternalServerError, "Internal Server Error")
	}
	return answer{status: http.StatusOK, header: octets, body: raw}
}

// supported is what the service reads, as far as this product may send it.
// Plain text is not among them under its usual ending.
var supported = []string{".pdf", ".docx", ".xlsx", ".html", ".htm", ".md", ".csv", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}

func (s *Server) extensions(*http.Request) answer { return reply(http.StatusOK, supported) }
