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

	"github.com/insurance-navigator/navigator/core"
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

// errFile marks a file that could not be read to its announced end.
var errFile = errors.New("the file changed or could not be read while it was sent")

// Upload sends a file. While the service asked for no byte of it, a refusal
// with 429 or 503 is waited out; a connection that broke on the way is tried
// again; a token that is not taken is replaced. All tries carry one idempotency
// key, so that the service knows them for one upload.
func (c *Client) Upload(ctx context.Context, f File) (Accepted, error) {
	var accepted Accepted
	return accepted, c.sendFile(ctx, f, pathUpload, &accepted)
}

// Quote asks what a file would cost. It is sent as by Upload, and kept by nobody.
func (c *Client) Quote(ctx context.Context, f File) (Quoted, error) {
	var quoted Quoted
	return quoted, c.sendFile(ctx, f, pathUpload+"?quote=true", &quoted)
}

const pathUpload = "/upload-document-backend"

func (c *Client) sendFile(ctx context.Context, f File, path string, answer any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, uploadTime, errSlow)
	defer cancel()
	key := core.NewID().String()
	return c.tries(ctx, func() (verdict, error) {
		var sent atomic.Int64
		var header http.Header
		err := c.withToken(ctx, false, func(token Secret) error {
			request, err := c.uploadRequest(ctx, f, path, token, &sent)
			if err != nil {
				return err
			}
			request.Header.Set("Idempotency-Key", key)
			header, err = c.send(ctx, request, answer)
			return err
		})
		if errors.Is(err, errFile) {
			return verdict{}, errFile
		}
		return judgeUpload(err, header, sent.Load()), err
	})
}

// judgeUpload decides whether an upload is tried again. A first try that is
// still being worked on answers 409 and says when to ask again.
func judgeUpload(err error, header http.Header, sent int64) verdict {
	var gone *Unreachable
	if errors.As(err, &gone) {
		return verdict{again: sent > 0}
	}
	after := retryAfter(header, time.Now())
	underWay := HasStatus(err, http.StatusConflict) && after > 0
	return verdict{again: underWay || (sent == 0 && busy(err)), after: after}
}

// uploadRequest lays the form around the file. Its length is known, so that
// the service can refuse by the headers alone; Expect lets it do so before a
// byte is sent.
func (c *Client) uploadRequest(ctx context.Context, f File, path string, token Secret, sent *atomic.Int64) (*http.Request, error) {
	head, tail, boundary, err := envelope(f)
	if err != nil {
		return nil, err
	}
	file := &meter{Reader: io.NewSectionReader(f.Content, 0, f.Size), size: f.Size, sent: sent, told: f.Sent}
	sent.Store(0)
	body := io.MultiReader(bytes.NewReader(head), file, bytes.NewReader(tail))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, io.NopCloser(body))
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

// meter counts what is read, and tells a file that ends early from its end.
type meter struct {
	io.Reader
	size, read int64
	sent       *atomic.Int64
	told       func(int64)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.read += int64(n)
	if n > 0 {
		done := m.sent.Add(int64(n))
		if m.told != nil {
			m.told(done)
		}
	}
	if err != nil && (!errors.Is(err, io.EOF) || m.read < m.size) {
		err = errFile
	}
	return n, err
}
