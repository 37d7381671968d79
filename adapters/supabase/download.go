package supabase

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

// Open implements ports.Blobs. The reader fails with CodeStorageUnavailable
// when fewer bytes come than the storage announced.
func (s *Storage) Open(ctx context.Context, key string) (io.ReadCloser, ports.Blob, error) {
	if err := checkKey(key); err != nil {
		return nil, ports.Blob{}, err
	}
	for n := 0; ; n++ {
		body, blob, err := s.open(ctx, key)
		var f *failure
		if err == nil {
			return body, blob, nil
		}
		if ctx.Err() != nil || n+1 >= maxTries || !errors.As(err, &f) || !f.again() {
			return nil, ports.Blob{}, asError(ctx, err)
		}
		if err := pause(ctx, n); err != nil {
			return nil, ports.Blob{}, fmt.Errorf("storage: %w", err)
		}
	}
}

// open makes one try. The deadline first covers the headers and then, once the
// length is known, the bytes.
func (s *Storage) open(ctx context.Context, key string) (io.ReadCloser, ports.Blob, error) {
	held, cancel := context.WithCancel(ctx)
	deadline := time.AfterFunc(callTime, cancel)
	resp, err := s.get(held, key)
	if err != nil {
		deadline.Stop()
		cancel()
		return nil, ports.Blob{}, err
	}
	deadline.Reset(transferTime(resp.ContentLength))
	written, _ := http.ParseTime(resp.Header.Get("Last-Modified")) // zero where it is not told
	blob := ports.Blob{Key: key, Size: resp.ContentLength, ContentType: resp.Header.Get("Content-Type"), WrittenAt: written}
	body := &download{ctx: ctx, from: resp.Body, stop: func() { deadline.Stop(); cancel() }}
	return body, blob, nil
}

func (s *Storage) get(ctx context.Context, key string) (*http.Response, error) {
	req, err := s.client.build(ctx, request{method: http.MethodGet, path: s.objectPath("/authenticated", key)})
	if err != nil {
		return nil, err
	}
	s.key.apply(req.Header)
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Accept-Encoding", "identity") // the length is the object's
	resp, err := s.client.http.Do(req)
	if err != nil {
		return nil, &failure{step: "download", cause: bare(err)}
	}
	if resp.StatusCode == http.StatusOK && resp.ContentLength >= 0 {
		return resp, nil
	}
	defer drain(resp.Body)
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // a cut error body is judged by what came
	if err := judge("download", answer{status: resp.StatusCode, body: body}); err != nil {
		return nil, err
	}
	return nil, &failure{step: "download", http: resp.StatusCode} // no length, or a part nobody asked for
}

// download is an object's bytes on their way; its errors are in core's words.
type download struct {
	ctx  context.Context //nolint:containedctx // tells the caller's end from the storage's
	from io.ReadCloser
	stop func()
}

// Read implements io.Reader. The transport itself notices missing bytes.
func (d *download) Read(p []byte) (int, error) {
	n, err := d.from.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, asError(d.ctx, &failure{step: "download", cause: bare(err)})
}

// Close ends the transfer, finished or not.
func (d *download) Close() error {
	d.stop()
	return d.from.Close()
}
