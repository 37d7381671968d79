package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// File is what an upload sends. Content is read from its start at every try,
// in pieces: the file is never whole in memory.
type File struct {
	Name    string
	Content io.ReaderAt
	Size    int64
	Policy  string           // the sender's own reference; may be empty
	Sent    func(done int64) // told of the file's bytes as they leave; may be nil
}

// uploadTime bounds a whole upload, however slow its way.
const uploadTime = 10 * time.Minute

// Upload sends a file. While the service asked for no byte of it, a refusal
// with 429 or 503 is waited out, and a token that is not taken is replaced.
func (c *Client) Upload(ctx context.Context, f File) (Accepted, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, uploadTime, errSlow)
	defer cancel()
	var accepted Accepted
	err := c.tries(ctx, func() (verdict, error) {
		var sent atomic.Int64
		var header http.Header
		err := c.withToken(ctx, false, func(token Secret) error {
			request, err := c.uploadRequest(ctx, f, token, &sent)
			if err != nil {
				return err
			}
			header, err = c.send(ctx, request, &accepted)
			return err
		})
		return verdict{again: sent.Load() == 0 && busy(err), after: retryAfter(header, time.Now())}, err
	})
	return accepted, err
}

// uploadRequest lays the form around the file. Its length is known, so that
// the service can refuse by the headers alone; Expect lets it do so before a
// byte is sent.
func (c *Client) uploadRequest(ctx context.Context, f File, token Secret, sent *atomic.Int64) (*http.Request, error) {
	head, tail, boundary, err := envelope(f)
	if err != nil {
		return nil, err
	}
	file := &meter{Reader: io.NewSectionReader(f.Content, 0, f.Size), sent: sent, told: f.Sent}
	body := io.MultiReader(bytes.NewReader(head), file, bytes.NewReader(tail))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/upload-document-backend", io.NopCloser(body))
	if err != nil {
		return nil, errors.New("the request cannot be made of these words")
	}
	request.ContentLength = int64(len(head)) + f.Size + int64(len(tail))
	request.Header.Set("Content-Type", boundary)
	request.Header.Set("Expect", "100-continue")
	c.dress(request, token)
	return request, nil
}

// envelope is the form before and after the file's bytes.
func envelope(f File) (head, tail []byte, contentType string, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if f.Policy != "" {
		if err := w.WriteField("policy_id", f.Policy); err != nil {
			return nil, nil, "", fmt.Errorf("the form around the file: %w", err)
		}
	}
	part := textproto.MIMEHeader{}
	part.Set("Content-Disposition", multipart.FileContentDisposition("file", f.Name))
	part.Set("Content-Type", typeOf(f.Name))
	if _, err := w.CreatePart(part); err != nil {
		return nil, nil, "", fmt.Errorf("the form around the file: %w", err)
	}
	split := form.Len()
	if err := w.Close(); err != nil {
		return nil, nil, "", fmt.Errorf("the form around the file: %w", err)
	}
	return form.Bytes()[:split], form.Bytes()[split:], w.FormDataContentType(), nil
}

// typeOf claims a type where the name does; the service looks for itself.
func typeOf(name string) string {
	if strings.EqualFold(filepath.Ext(name), ".pdf") {
		return "application/pdf"
	}
	return "application/octet-stream"
}

// meter counts what is read.
type meter struct {
	io.Reader
	sent *atomic.Int64
	told func(int64)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if n > 0 {
		done := m.sent.Add(int64(n))
		if m.told != nil {
			m.told(done)
		}
	}
	return n, err
}
