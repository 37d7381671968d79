package llamaparsetest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// The statuses of a job.
const (
	pending   = "PENDING"
	running   = "RUNNING"
	completed = "COMPLETED"
	failed    = "FAILED"
	cancelled = "CANCELLED"
)

// job is one parse job. Everything below status is guarded by the server's mu.
type job struct {
	id      string
	file    *file
	request parseRequest
	raw     json.RawMessage
	made    time.Time
	ctx     context.Context //nolint:containedctx // the job's own life, ended by canceling it
	cancel  context.CancelFunc
	done    chan struct{} // closed once the last callback was tried
	key     [32]byte      // of the cache
	cached  bool          // answered by the cache: nothing is billed
	atOnce  bool          // has ended before it is answered for, and calls nobody back
	first   map[string]any

	status  string
	changed time.Time
	failure string
	pages   []core.Page
}

// attempt is the caller's own id of the job.
func (j *job) attempt() string { return j.request.Metadata["job_id"] }

func (j *job) ended() bool { return j.status != pending && j.status != running }

// credits a page costs, by tier.
var credits = map[string]float64{"fast": 1, "cost_effective": 3, "agentic": 10, "agentic_plus": 45}

func (j *job) view() map[string]any {
	var usage any
	if j.status == completed {
		usage = map[string]float64{"credits": j.credits()}
	}
	return map[string]any{
		"id": j.id, "project_id": "prj-" + project, "status": j.status, "tier": j.request.Tier,
		"name": nil, "error_message": orNull(j.failure), "created_at": stamp(j.made), "updated_at": stamp(j.changed),
		"user_metadata": j.request.Metadata, "usage": usage,
	}
}

// credits is what the job is billed; a hit of the cache is free.
func (j *job) credits() float64 {
	if j.cached {
		return 0
	}
	return credits[j.request.Tier] * float64(len(j.pages))
}

// run takes a job through its statuses and sends its callbacks.
func (s *Server) run(j *job) {
	defer close(j.done)
	defer j.cancel()
	if j.cached {
		s.move(j, func() { j.status = completed })
		return
	}
	s.announce(j, "parse.pending", nil, false)
	if s.pass(j, running) {
		s.announce(j, "parse.running", nil, false)
		if s.opts.Clock.Wait(j.ctx, s.opts.Delay/2) == nil {
			s.end(j)
		}
	}
	event, pages := s.ending(j)
	if event == "" {
		return
	}
	s.announce(j, event, pages, false)
	if s.Faults.take(latePending) {
		s.announce(j, "parse.pending", nil, true)
	}
}

// pass waits for half of the job's time, and for Release, and moves it on; it
// reports false when the job was cancelled meanwhile.
func (s *Server) pass(j *job, to string) bool {
	select {
	case <-s.Faults.held():
	case <-j.ctx.Done():
		return false
	}
	if s.opts.Clock.Wait(j.ctx, s.opts.Delay/2) != nil {
		return false
	}
	return s.move(j, func() { j.status = to })
}

// move changes a job that has not ended.
func (s *Server) move(j *job, change func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.ended() {
		return false
	}
	change()
	j.changed = s.opts.Clock.Now()
	return true
}

// end reads the file and gives the job its end, as the faults would have it.
func (s *Server) end(j *job) {
	pages, failure := s.outcome(j)
	s.move(j, func() {
		switch failure {
		case "":
			j.status, j.pages = completed, pages
			s.rememberLocked(j)
		case cancelled:
			j.status = cancelled
		default:
			j.status, j.failure = failed, failure+": the document could not be parsed"
		}
	})
}

// ending is the job's last event; none of a job that the server forgot.
func (s *Server) ending(j *job) (event string, pages []core.Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ctx.Err() != nil || s.jobs[j.id] == nil:
		return "", nil
	case j.status == failed:
		return "parse.error", nil
	case j.status != completed:
		return "parse.cancelled", nil
	case j.partial():
		return "parse.partial_success", j.pages
	default:
		return "parse.success", j.pages
	}
}

func (s *Server) listJobs(r *http.Request) answer {
	query := r.URL.Query()
	from, bad := bound(query.Get("created_at_on_or_after"), "created_at_on_or_after")
	if bad != nil {
		return unprocessable(*bad)
	}
	to, bad := bound(query.Get("created_at_on_or_before"), "created_at_on_or_before")
	if bad != nil {
		return unprocessable(*bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	views := []map[string]any{}
	for _, id := range s.order.jobs {
		j := s.jobs[id]
		if j.made.Before(from) || (!to.IsZero() && j.made.After(to)) || !either(query.Get("status"), j.status) ||
			(query.Has("job_ids") && !slices.Contains(query["job_ids"], j.id)) {
			continue
		}
		views = append(views, j.view())
	}
	list, next, bad := page(r, views, 1000, 50)
	if bad != nil {
		return unprocessable(*bad)
	}
	return reply(http.StatusOK, map[string]any{"items": list, "next_page_token": next, "total_size": nil})
}

func bound(raw, name string) (time.Time, *invalid) {
	if raw == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		bad := wrong("Input should be a valid datetime", raw, "query", name)
		return time.Time{}, &bad
	}
	return t, nil
}

// findJob looks a job up with or without its prefix.
func (s *Server) findJob(id string) (*job, bool) {
	j, ok := s.jobs["pjb-"+strings.TrimPrefix(id, "pjb-")]
	return j, ok
}

// Expire forgets every job there is, as the service does after its retention.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		j.cancel()
	}
	s.jobs, s.order.jobs = map[string]*job{}, nil
}

func (s *Server) cancelJob(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.findJob(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, jobNotFound)
	}
	if j.ended() {
		return refuse(s.Faults.endedStatus(), "Parse job is already in a terminal state")
	}
	j.status, j.changed = cancelled, s.opts.Clock.Now()
	j.cancel()
	s.noteLocked(func(l *Ledger) { l.Cancels++ })
	return reply(http.StatusOK, j.view())
}
