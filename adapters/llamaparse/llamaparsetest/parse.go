package llamaparsetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// parseRequest is the part of a new job's request that the server acts on.
type parseRequest struct {
	FileID    string            `json:"file_id"`
	SourceURL string            `json:"source_url"`
	Tier      string            `json:"tier"`
	Version   string            `json:"version"`
	Metadata  map[string]string `json:"user_metadata"`
	NoCache   bool              `json:"disable_cache"`
	Webhooks  []webhook         `json:"webhook_configurations"`
	HookIDs   []string          `json:"webhook_configuration_ids"`
	Control   struct {
		Timeouts struct {
			Base *int `json:"base_in_seconds"`
			Page *int `json:"extra_time_per_page_in_seconds"`
		} `json:"timeouts"`
		Conditions struct {
			Ratio *float64 `json:"allowed_page_failure_ratio"`
		} `json:"job_failure_conditions"`
	} `json:"processing_control"`
}

type webhook struct {
	URL     string            `json:"webhook_url"`
	Events  []string          `json:"webhook_events"`
	Headers map[string]string `json:"webhook_headers"`
	Secret  string            `json:"webhook_signing_secret"`
	Format  string            `json:"webhook_output_format"`
	push    bool              // sends the document itself, as the older interface does
}

// The words of refusals that stand in several places.
const (
	notPublic      = "Failed to validate URLs: webhook_url contains a non-public URL which could pose a security risk"
	jobNotFound    = "Parse job not found"
	resultNotFound = "Result not found. Check job status to see if it has completed."
)

// parse makes a job of a file that was uploaded.
func (s *Server) parse(r *http.Request) answer {
	raw := bodyOf(r)
	req, bad := readRequest(raw, true)
	if bad != nil {
		return *bad
	}
	return s.start(r, req, raw)
}

func (s *Server) start(r *http.Request, req parseRequest, raw []byte) answer {
	j, bad := s.begin(r, req, raw)
	if bad != nil {
		return *bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.atOnce {
		return reply(http.StatusOK, j.view())
	}
	return reply(http.StatusOK, j.first)
}

// begin checks a request and starts its job. One that is answered by the cache,
// or is to be ready at once, has ended when begin returns.
func (s *Server) begin(r *http.Request, req parseRequest, raw []byte) (*job, *answer) {
	if bad := s.resolve(&req); bad != nil {
		return nil, bad
	}
	if bad := s.notPublic(req.Webhooks); bad != nil {
		return nil, bad
	}
	if req.SourceURL != "" {
		bad := refuse(http.StatusBadRequest, "Failed to validate URLs: source_url cannot be reached")
		return nil, &bad
	}
	early, atOnce := s.Faults.take(webhookFirst), s.Faults.take(readyAtOnce)
	j, ok := s.makeJob(req, raw, atOnce)
	if !ok {
		bad := refuse(http.StatusNotFound, "Source file not found in storage")
		return nil, &bad
	}
	s.work.Go(func() { s.run(j) })
	if early || j.atOnce {
		select {
		case <-j.done:
		case <-r.Context().Done():
		}
	}
	return j, nil
}

// notPublic refuses callbacks to addresses that are not on the open Internet.
func (s *Server) notPublic(hooks []webhook) *answer {
	for _, hook := range hooks {
		if !s.opts.AllowLoopback && !public(hook.URL) {
			bad := refuse(http.StatusBadRequest, notPublic)
			return &bad
		}
	}
	return nil
}

// readRequest reads a job's options; withFile says that they name the file.
func readRequest(raw []byte, withFile bool) (parseRequest, *answer) {
	var value map[string]any
	var req parseRequest
	if json.Unmarshal(raw, &value) != nil {
		bad := unprocessable(invalid{Type: "json_invalid", Loc: []any{"body"}, Msg: "JSON decode error"})
		return req, &bad
	}
	faults := requestShape.unknown(value, []any{"body"})
	if err := json.Unmarshal(raw, &req); err != nil {
		faults = append(faults, wrong("Input should be of another type", nil, "body"))
	}
	faults = append(faults, req.faults(withFile)...)
	if len(faults) > 0 {
		bad := unprocessable(faults...)
		return req, &bad
	}
	return req, nil
}

// faults checks the values the service checks.
func (r parseRequest) faults(withFile bool) []invalid {
	var faults []invalid
	add := func(bad bool, fault invalid) {
		if bad {
			faults = append(faults, fault)
		}
	}
	add(r.Tier == "", missing("body", "tier"))
	add(r.Version == "", missing("body", "version"))
	_, known := versions[r.Tier]
	add(r.Tier != "" && !known, wrong("Unknown tier", r.Tier, "body", "tier"))
	add(known && r.Version != "" && r.Version != "latest" && !slices.Contains(versions[r.Tier], r.Version),
		wrong("Version is not offered for this tier", r.Version, "body", "version"))
	add(withFile && (r.FileID == "") == (r.SourceURL == ""), wrong("Exactly one of file_id and source_url must be given", nil, "body"))
	add(!withFile && (r.FileID != "" || r.SourceURL != ""), wrong("file_id and source_url cannot be given beside a file", nil, "body"))
	add(outside(r.Control.Timeouts.Base, 7200), wrong("Input should be within 1 and 7200", r.Control.Timeouts.Base, "body", "processing_control", "timeouts", "base_in_seconds"))
	add(outside(r.Control.Timeouts.Page, 300), wrong("Input should be within 1 and 300", r.Control.Timeouts.Page, "body", "processing_control", "timeouts", "extra_time_per_page_in_seconds"))
	ratio := r.Control.Conditions.Ratio
	add(ratio != nil && (*ratio <= 0 || *ratio > 1), wrong("Input should be within 0 and 1", ratio, "body", "processing_control", "job_failure_conditions", "allowed_page_failure_ratio"))
	for i, hook := range r.Webhooks {
		faults = append(faults, hook.faults([]any{"body", "webhook_configurations", i})...)
	}
	return faults
}

func (h webhook) faults(at []any) (faults []invalid) {
	if !httpURL.MatchString(h.URL) {
		faults = append(faults, wrong("String should match pattern '^https?:'", h.URL, append(slices.Clone(at), "webhook_url")...))
	}
	if h.Format != "" && h.Format != "string" && h.Format != "json" {
		faults = append(faults, wrong("Input should be 'string' or 'json'", h.Format, append(slices.Clone(at), "webhook_output_format")...))
	}
	return faults
}

var httpURL = regexp.MustCompile(`^https?:`)

func outside(n *int, most int) bool { return n != nil && (*n <= 0 || *n > most) }

// public reports whether an address could be on the open Internet.
func public(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	for _, ending := range []string{".local", ".internal", ".localhost", ".test", ".invalid"} {
		if strings.HasSuffix(host, ending) {
			return false
		}
	}
	return strings.Contains(host, ".")
}

func (s *Server) makeJob(req parseRequest, raw []byte, atOnce bool) (*job, bool) {
	if s.Faults.take(expiredFile) {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.findFile(req.FileID)
	if !ok {
		return nil, false
	}
	now := s.opts.Clock.Now()
	j := &job{
		id: "pjb-" + core.NewID().String(), file: f, request: req, raw: bytes.Clone(raw), key: cacheKey(f, raw),
		status: pending, made: now, changed: now, done: make(chan struct{}),
	}
	j.pages, j.cached = s.cachedLocked(j)
	if j.atOnce = atOnce || j.cached; j.atOnce {
		j.request.Webhooks = nil // the service has been seen to forget them
	}
	j.ctx, j.cancel = context.WithCancel(s.ctx)
	s.jobs[j.id] = j
	s.order.jobs = append(s.order.jobs, j.id)
	s.noteLocked(func(l *Ledger) { l.Jobs[j.attempt()]++ })
	s.opts.Log.Info("fake parser took a job", "job", j.id, "attempt", j.attempt())
	j.first = j.view()
	return j, true
}

// Request is the body that made a job, as it came; the id may lack its prefix.
func (s *Server) Request(jobID string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.findJob(jobID)
	if !ok {
		return nil, fmt.Errorf("llamaparsetest: no job %q", jobID)
	}
	return j.raw, nil
}

// versions is what each tier offers, newest first.
var versions = map[string][]string{
	"fast":           {"2026-06-15", "2025-12-11"},
	"cost_effective": {"2026-08-19", "2026-08-11", "2026-08-08", "2026-07-23", "2026-06-26", "2026-06-18", "2026-06-11"},
	"agentic":        {"2026-08-19", "2026-07-24", "2026-07-23", "2026-07-15", "2026-06-18", "2026-06-11", "2026-06-04"},
	"agentic_plus":   {"2026-08-19", "2026-07-08", "2026-06-18", "2026-06-11", "2026-06-04", "2026-06-01"},
}

func (s *Server) listVersions(*http.Request) answer { return reply(http.StatusOK, versions) }
