package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const eventStreamType = "text/event-stream"

// eventWriter sends events, each by a write and a flush of its own under a
// deadline: a client that takes nothing ends the stream instead of holding it.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	limits  Limits
	begun   bool
}

// newEventWriter sends the headers. Whatever lies between must neither keep nor
// gather what follows them.
func newEventWriter(w http.ResponseWriter, l Limits) *eventWriter {
	h := w.Header()
	h.Set("Content-Type", eventStreamType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return &eventWriter{w: w, control: http.NewResponseController(w), limits: l}
}

// send writes one event; an id of 0 is none. The first tells the client how
// long to wait before it comes back.
func (e *eventWriter) send(name string, id int64, data any) error {
	var text bytes.Buffer
	if id > 0 {
		text.WriteString("id: " + strconv.FormatInt(id, 10) + "\n")
	}
	if !e.begun {
		text.WriteString("retry: " + strconv.FormatInt(e.limits.StreamRetry.Milliseconds(), 10) + "\n")
		e.begun = true
	}
	text.WriteString("event: " + name + "\ndata: ")
	encoder := json.NewEncoder(&text) // one line, and its break
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return fmt.Errorf("httpapi: event %s: %w", name, err)
	}
	text.WriteByte('\n')
	// net/http takes the deadline back once the request is finished.
	if err := e.control.SetWriteDeadline(time.Now().Add(e.limits.StreamWriteTime)); err != nil {
		return err
	}
	if _, err := e.w.Write(text.Bytes()); err != nil {
		return err
	}
	return e.control.Flush()
}
