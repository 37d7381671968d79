package llamaparsetest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// mostConfigs is how many saved configurations a job may name.
const mostConfigs = 4

// savedHook is a webhook configuration that is kept for later jobs.
type savedHook struct {
	webhook
	id            string
	made, changed time.Time
}

// view never holds the secret.
func (h *savedHook) view() map[string]any {
	return map[string]any{
		"id": h.id, "tenant_type": "project", "tenant_id": project, "webhook_url": h.URL, "has_secret": h.Secret != "",
		"webhook_headers": h.Headers, "webhook_events": h.Events, "webhook_output_format": orNull(h.Format),
		"created_at": stamp(h.made), "updated_at": stamp(h.changed),
	}
}

// bodyOf is a small body; a sender that breaks off gets no answer.
func bodyOf(r *http.Request) []byte {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return raw
}

// readHook takes a configuration; what is not there leaves h as it is.
func (s *Server) readHook(raw []byte, h *webhook) *answer {
	if json.Unmarshal(raw, h) != nil {
		bad := unprocessable(invalid{Type: "json_invalid", Loc: []any{"body"}, Msg: "JSON decode error"})
		return &bad
	}
	if h.URL == "" {
		bad := unprocessable(missing("body", "webhook_url"))
		return &bad
	}
	if faults := h.faults([]any{"body"}); len(faults) > 0 {
		bad := unprocessable(faults...)
		return &bad
	}
	return s.notPublic([]webhook{*h})
}

func (s *Server) createHook(r *http.Request) answer {
	now := s.opts.Clock.Now()
	hook := &savedHook{id: "whc-" + core.NewID().String(), made: now, changed: now}
	if bad := s.readHook(bodyOf(r), &hook.webhook); bad != nil {
		return *bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook)
	return reply(http.StatusCreated, hook.view())
}

func (s *Server) listHooks(*http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := []map[string]any{}
	for _, h := range s.hooks {
		views = append(views, h.view())
	}
	return reply(http.StatusOK, views)
}

// findHook looks a configuration up; s.mu is held.
func (s *Server) findHook(id string) (*savedHook, bool) {
	at := slices.IndexFunc(s.hooks, func(h *savedHook) bool { return h.id == id })
	if at < 0 {
		return nil, false
	}
	return s.hooks[at], true
}

func (s *Server) getHook(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.findHook(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "Webhook configuration not found")
	}
	return reply(http.StatusOK, h.view())
}

func (s *Server) updateHook(r *http.Request) answer {
	raw := bodyOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.findHook(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "Webhook configuration not found")
	}
	next := h.webhook
	if bad := s.readHook(raw, &next); bad != nil {
		return *bad
	}
	h.webhook, h.changed = next, s.opts.Clock.Now()
	return reply(http.StatusOK, h.view())
}

func (s *Server) deleteHook(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.findHook(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, "Webhook configuration not found")
	}
	s.hooks = slices.DeleteFunc(s.hooks, func(other *savedHook) bool { return other == h })
	return answer{status: http.StatusNoContent}
}

// resolve adds the saved configurations that a request names to its own.
func (s *Server) resolve(req *parseRequest) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(req.HookIDs) > mostConfigs {
		bad := unprocessable(wrong("List should have at most 4 items", req.HookIDs, "body", "webhook_configuration_ids"))
		return &bad
	}
	for _, id := range req.HookIDs {
		h, ok := s.findHook(id)
		if !ok {
			bad := refuse(http.StatusNotFound, "Webhook configuration not found")
			return &bad
		}
		req.Webhooks = append(req.Webhooks, h.webhook)
	}
	return nil
}
