package llamaparsetest

import (
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// The older interface: one form of flat fields starts a job, ids have no
// prefix, and the statuses have other words. Our adapter does not speak it.

// v1Words are the statuses' older words.
var v1Words = map[string]string{pending: "PENDING", running: "PENDING", completed: "SUCCESS", failed: "ERROR", cancelled: "CANCELLED"}

func (j *job) v1View() map[string]any {
	word := v1Words[j.status]
	if j.status == completed && j.partial() {
		word = "PARTIAL_SUCCESS"
	}
	code, _, _ := strings.Cut(j.failure, ":")
	return map[string]any{"id": strings.TrimPrefix(j.id, "pjb-"), "status": word, "error_code": orNull(code), "error_message": orNull(j.failure)}
}

func (s *Server) v1Upload(r *http.Request) answer {
	form, err := r.MultipartReader()
	if err != nil {
		return refuse(http.StatusBadRequest, "file field is required for multipart requests.")
	}
	fields := map[string]string{}
	got, bad := s.takeForm(form, func(name string, part *multipart.Part) error {
		value, err := text(part)
		fields[name] = value
		return err
	})
	if bad != nil {
		return *bad
	}
	req, bad := s.v1Request(fields)
	if bad != nil {
		got.drop()
		return *bad
	}
	s.keepLoose(got)
	req.FileID = got.id
	started, bad := s.begin(r, req, marshal(map[string]any{"tier": req.Tier, "version": req.Version}))
	if bad != nil {
		return *bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return reply(http.StatusOK, started.v1View())
}

// v1Request reads the flat fields; unknown ones are ignored, as forms are.
func (s *Server) v1Request(fields map[string]string) (parseRequest, *answer) {
	req := parseRequest{Tier: fields["tier"], Version: fields["version"], NoCache: fields["do_not_cache"] == "true" || fields["invalidate_cache"] == "true"}
	if req.Tier == "" {
		req.Tier, req.Version = "cost_effective", "latest"
	}
	if raw := fields["webhook_configurations"]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &req.Webhooks); err != nil {
			bad := refuse(http.StatusBadRequest, "Invalid JSON in webhook_configurations: "+err.Error())
			return req, &bad
		}
	}
	if address := fields["webhook_url"]; address != "" {
		if !s.opts.AllowLoopback && !plainHook(address) {
			bad := refuse(http.StatusBadRequest, notPublic)
			return req, &bad
		}
		req.Webhooks = append(req.Webhooks, webhook{URL: address, push: true})
	}
	return req, s.notPublic(req.Webhooks)
}

// plainHook is what the older field takes: a domain's address, and a short one.
func plainHook(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) < 200 && strings.ContainsFunc(u.Hostname(), func(r rune) bool { return r >= 'a' && r <= 'z' })
}

func (s *Server) v1Job(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.findJob(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, jobNotFound)
	}
	return reply(http.StatusOK, j.v1View())
}

// v1Result gives the text in one of three forms.
func (s *Server) v1Result(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.findJob(r.PathValue("id"))
	switch {
	case !ok:
		return refuse(http.StatusNotFound, jobNotFound)
	case j.status != completed:
		return refuse(http.StatusNotFound, resultNotFound)
	}
	data := map[string]any{"job_pages": len(j.pages), "job_is_cache_hit": j.cached, "credits_used": j.credits()}
	switch form := r.PathValue("form"); form {
	case "markdown", "text":
		return reply(http.StatusOK, map[string]any{form: joined(j.pages, "\n\n"), "job_metadata": data})
	case "json":
		return reply(http.StatusOK, map[string]any{"pages": v1Pages(j.pages), "job_metadata": data})
	default:
		return refuse(http.StatusNotFound, "Not Found")
	}
}

func v1Pages(pages []core.Page) []map[string]any {
	list := make([]map[string]any, len(pages))
	for i, p := range pages {
		status := "OK"
		if p.Failed != "" {
			status = "ERROR"
		}
		list[i] = map[string]any{
			"page": p.Number, "text": p.Text, "md": p.Text, "images": []any{}, "charts": []any{}, "links": []any{},
			"items":  []any{map[string]any{"type": "text", "md": p.Text, "value": p.Text, "bBox": map[string]float64{"x": 0, "y": 0, "w": 612, "h": 792}}},
			"status": status, "width": 612, "height": 792, "triggeredAutoMode": false, "structuredData": nil,
			"noStructuredContent": false, "noTextContent": strings.TrimSpace(p.Text) == "",
		}
	}
	return list
}

// partial reports whether some pages failed.
func (j *job) partial() bool {
	return slices.ContainsFunc(j.pages, func(p core.Page) bool { return p.Failed != "" })
}

// parseUpload is file and options in one form: the file is not listed, and has
// no id to delete it by.
func (s *Server) parseUpload(r *http.Request) answer {
	form, err := r.MultipartReader()
	if err != nil {
		return refuse(http.StatusBadRequest, "file field is required for multipart requests.")
	}
	var raw []byte
	got, bad := s.takeForm(form, func(name string, part *multipart.Part) (err error) {
		if name == "configuration" {
			raw, err = io.ReadAll(io.LimitReader(part, 1<<20))
		}
		return err
	})
	if bad != nil {
		return *bad
	}
	req, bad := readRequest(raw, false)
	if bad != nil {
		got.drop()
		return *bad
	}
	s.keepLoose(got)
	req.FileID = got.id
	return s.start(r, req, raw)
}

// takeForm reads the file of a form, and hands the other fields on.
func (s *Server) takeForm(form *multipart.Reader, field func(name string, part *multipart.Part) error) (*file, *answer) {
	got := &file{purpose: "parse"}
	bad := formFault(s.readParts(form, got, field))
	if bad == nil && got.content == nil {
		refusal := refuse(http.StatusBadRequest, "file field is required for multipart requests.")
		bad = &refusal
	}
	if bad == nil {
		bad = got.check()
	}
	if bad != nil {
		got.drop()
	}
	return got, bad
}
