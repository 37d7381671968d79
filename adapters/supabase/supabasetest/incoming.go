package supabasetest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// incoming is a file on its way in, sent as the body or as a part of a form.
type incoming struct {
	body         io.Reader
	declared     int64 // -1 where nobody said
	mime         string
	cacheControl string
	metadata     json.RawMessage
}

// errOverLimit ends a form's file that is larger than the bucket takes.
var errOverLimit = errors.New("over the limit")

// incoming reads the head of an upload. A form is held against the limit while
// it arrives; a bare body is only by what it declares.
func (s *Server) incoming(c *call, limit int64) (incoming, error) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		return ofForm(multipart.NewReader(c.r.Body, params["boundary"]), limit)
	}
	return incoming{
		body: c.r.Body, declared: c.r.ContentLength, mime: or(c.r.Header.Get("Content-Type"), "application/octet-stream"),
		cacheControl: or(c.r.Header.Get("Cache-Control"), "no-cache"), metadata: ofHeader(c.r.Header),
	}, nil
}

// ofForm reads a form up to its file, which comes last and without a name.
func ofForm(form *multipart.Reader, limit int64) (incoming, error) {
	in := incoming{declared: -1, cacheControl: "no-cache", metadata: json.RawMessage("{}")}
	for {
		part, err := form.NextPart()
		if err != nil {
			return in, err
		}
		if part.FileName() != "" {
			in.body, in.mime = &bounded{from: part, left: limit}, or(part.Header.Get("Content-Type"), "application/octet-stream")
			return in, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, 64<<10))
		if err != nil {
			return in, err
		}
		switch {
		case part.FormName() == "cacheControl":
			in.cacheControl = "max-age=" + string(value)
		case part.FormName() == "metadata" && json.Valid(value):
			in.metadata = value
		}
	}
}

func ofHeader(h http.Header) json.RawMessage {
	decoded, err := base64.StdEncoding.DecodeString(h.Get("X-Metadata"))
	if err != nil || !json.Valid(decoded) {
		return json.RawMessage("{}")
	}
	return decoded
}

func or(value, other string) string {
	if strings.TrimSpace(value) == "" {
		return other
	}
	return value
}

// bounded fails behind its last byte.
type bounded struct {
	from io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errOverLimit
	}
	return n, err
}
