package llamaparsetest

import (
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
	got, err := s.readForm(form)
	switch {
	case errors.Is(err, errFileSize):
		return refuse(http.StatusRequestEntityTooLarge, "File is too large")
	case err != nil:
		panic(http.ErrAbortHandler) // the sender broke off
	}
	if bad := got.check(); bad != nil {
		if got.content != nil {
			got.content.drop()
		}
		return *bad
	}
	got.id, got.made = "dfl-"+core.NewID().String(), s.opts.Clock.Now()
	s.mu.Lock()
	s.files[got.id] = got
	s.order.files = append(s.order.files, got.id)
	s.noteLocked(func(l *Ledger) { l.Uploads[got.external]++ })
	s.mu.Unlock()
	return reply(http.StatusCreated, got.view())
}

// readForm takes the fields of an upload in any order.
func (s *Server) readForm(form *multipart.Reader) (*file, error) {
	got := &file{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return nil, err
		}
		switch part.FormName() {
		case "file":
			got.name = part.FileName()
			got.content, err = keep(part, s.opts.MaxFile)
		case "purpose":
			got.purpose, err = text(part)
		case "external_file_id":
			got.external, err = text(part)
		}
		if err != nil {
			return nil, err
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
		if !either(query.Get("external_file_id"), f.external) || !either(query.Get("file_name"), f.name) {
			continue
		}
		views = append(views, f.view())
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
	return reply(http.StatusOK, map[string]any{
		"url":         fmt.Sprintf("http://%s/presigned/%s", r.Host, f.id),
		"expires_at":  stamp(s.opts.Clock.Now().Add(time.Hour)),
		"form_fields": nil,
	})
}

func (s *Server) download(r *http.Request) answer {
	if r.Header.Get("Authorization") != "" {
		return refuse(http.StatusBadRequest, "Only one auth mechanism allowed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.findFile(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "Not Found")
	}
	raw, err := io.ReadAll(io.NewSectionReader(f.content, 0, f.content.size))
	if err != nil {
		return refuse(http.StatusInternalServerError, "Internal Server Error")
	}
	return answer{status: http.StatusOK, header: map[string]string{"Content-Type": "application/octet-stream"}, body: raw}
}

// supported is what the service reads, as far as this product may send it.
// Plain text is not among them under its usual ending.
var supported = []string{".pdf", ".docx", ".xlsx", ".html", ".htm", ".md", ".csv", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}

func (s *Server) extensions(*http.Request) answer { return reply(http.StatusOK, supported) }
