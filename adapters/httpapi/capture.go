package httpapi

import (
	"bytes"
	"maps"
	"net/http"
)

// capture holds an answer back until it is kept. One whose body grows beyond
// the limit is let through as it comes, and cannot be kept.
type capture struct {
	w      http.ResponseWriter
	limit  int
	header http.Header
	status int // 0: nothing answered yet
	body   bytes.Buffer
	sent   bool
}

func newCapture(w http.ResponseWriter, limit int) *capture {
	return &capture{w: w, limit: limit, header: w.Header().Clone()}
}

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (c *capture) Unwrap() http.ResponseWriter { return c.w }

// Flush does nothing: no part of an answer is sent before it is kept.
func (c *capture) Flush() {}

// Header is the answer's own until it is sent.
func (c *capture) Header() http.Header { return c.header }

// WriteHeader notes the status; interim ones are sent at once.
func (c *capture) WriteHeader(status int) {
	switch {
	case status < http.StatusOK:
		c.w.WriteHeader(status)
	case c.status == 0:
		c.status = status
	}
}

// Write never fails while the answer is held back.
func (c *capture) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if !c.sent && c.body.Len()+len(b) <= c.limit {
		return c.body.Write(b)
	}
	if err := c.send(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// send lets go of what is held; a second call does nothing.
func (c *capture) send() error {
	if c.sent {
		return nil
	}
	c.sent = true
	clear(c.w.Header())
	maps.Copy(c.w.Header(), c.header)
	if c.status != 0 {
		c.w.WriteHeader(c.status)
	}
	_, err := c.w.Write(c.body.Bytes())
	return err
}

// replayedHeaders are the headers that belong to an answer and not to its
// moment.
var replayedHeaders = []string{"Content-Type", "Location", "Retry-After"}

// kept is the answer in the form that is sent again.
func (c *capture) kept() keptAnswer {
	a := keptAnswer{Status: c.status, Header: map[string]string{}, Body: c.body.Bytes()}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	for _, name := range replayedHeaders {
		if value := c.header.Get(name); value != "" {
			a.Header[name] = value
		}
	}
	return a
}

// replay puts a kept answer in the place of what is held.
func (c *capture) replay(a keptAnswer) {
	c.header = c.w.Header().Clone()
	for name, value := range a.Header {
		c.header.Set(name, value)
	}
	c.header.Set(headerReplayed, "true")
	c.status = a.Status
	c.body.Reset()
	c.body.Write(a.Body)
}
