package llamaparsetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// callbackTime is what a receiver has for one request.
const callbackTime = 30 * time.Second

// callbackClient is the sender's: it follows no redirects.
func callbackClient(given *http.Client) *http.Client {
	var client http.Client
	if given != nil {
		client = *given
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// letter is one callback, ready to be sent as often as it takes.
type letter struct {
	hook  webhook
	id    string
	event string
	body  []byte
	sign  string // the header's value; empty for none
	plain bool   // no headers of the new form
}

// announce sends an event to every configuration that asked for it; a late one goes
// to all of them.
func (s *Server) announce(j *job, event string, pages []core.Page, late bool) {
	for _, hook := range j.request.Webhooks {
		if len(hook.Events) > 0 && !slices.Contains(hook.Events, event) && !late {
			continue
		}
		if hook.push && pages == nil {
			continue // the older form has no words for anything but a text
		}
		if s.Faults.take(dropWebhook) {
			continue
		}
		l := s.letter(j, hook, event, pages)
		s.deliver(j, l)
		if s.Faults.take(duplicateWebhook) {
			s.deliver(j, l)
		}
	}
}

func (s *Server) letter(j *job, hook webhook, event string, pages []core.Page) letter {
	if pages != nil && (hook.push || s.Faults.take(legacyPush)) {
		return letter{hook: hook, event: "push", body: push(pages), plain: true}
	}
	l := letter{hook: hook, id: core.NewID().String(), event: event}
	l.body = s.envelope(j, l)
	l.sign = s.signature(hook.Secret, l.body)
	return l
}

// envelope is an event's body in the configured encoding.
func (s *Server) envelope(j *job, l letter) []byte {
	id := j.id
	if s.Faults.take(bareIDs) {
		id = strings.TrimPrefix(id, "pjb-")
	}
	data := map[string]string{"id": id, "job_id": id}
	if s.Faults.take(onlyDataID) {
		delete(data, "job_id")
	}
	body := marshal(map[string]any{
		"event_id": l.id, "event_type": l.event, "data": data,
		"timestamp": float64(s.opts.Clock.Now().UnixMicro()) / 1e6,
	})
	if l.hook.Format != "json" || s.Faults.take(stringBody) {
		return marshal(string(body)) // the service's default: JSON within a JSON text
	}
	return body
}

// push is the old form: the document and nothing else.
func push(pages []core.Page) []byte {
	list := make([]map[string]any, len(pages))
	for i, p := range pages {
		list[i] = map[string]any{"page": p.Number, "text": p.Text, "md": p.Text, "images": []any{}}
	}
	whole := joined(pages, "\n\n")
	return marshal(map[string]any{"txt": whole, "md": whole, "json": list, "images": []any{}})
}

func marshal(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("llamaparsetest: " + err.Error()) // only values of this package come here
	}
	return raw
}

// signature is the header's value over the bytes as sent.
func (s *Server) signature(secret string, body []byte) string {
	if secret == "" || s.Faults.take(noSignature) {
		return ""
	}
	if s.Faults.take(badSignature) {
		secret += "x"
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// deliver sends a letter until it is taken, as often as the service does.
func (s *Server) deliver(j *job, l letter) {
	for try := 1; try <= len(s.opts.RetryWaits)+1; try++ {
		if try > 1 && s.opts.Clock.Wait(s.ctx, s.opts.RetryWaits[try-2]) != nil {
			return
		}
		status := s.post(l)
		s.note(func(n *Ledger) {
			n.Deliveries = append(n.Deliveries, Delivery{Job: j.id, Attempt: j.attempt(), EventID: l.id, Event: l.event, Try: try, Status: status})
		})
		if status >= 200 && status < 300 {
			return
		}
	}
	s.opts.Log.Warn("fake parser gave a callback up", "job", j.id, "event", l.event)
}

// post sends a letter once and returns the answer's status, 0 for none.
func (s *Server) post(l letter) int {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.work.Go(func() { // the server's own clock ends it; post does not wait for that to be over
		if s.opts.Clock.Wait(ctx, callbackTime) == nil {
			cancel()
		}
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.hook.URL, bytes.NewReader(l.body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "llamaindex-webhook-service/1.0")
	if !l.plain {
		req.Header.Set("X-Webhook-Event-ID", l.id)
		req.Header.Set("X-Webhook-Event-Type", l.event)
		for name, value := range l.hook.Headers {
			req.Header.Set(name, value)
		}
	}
	if l.sign != "" {
		req.Header.Set("LC-Signature", l.sign)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	return resp.StatusCode
}
