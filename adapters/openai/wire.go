package openai

import (
	"context"
	"io"
	"net/http"
)

// Bounds on what is read of an answer.
const (
	errorLimit   = 64 << 10
	vectorLimit  = 48 << 10 // 1,536 numbers in JSON at full length; in base64 it is 8 KiB
	drainedBytes = 4 << 10
)

func answerLimit(inputs int) int64 { return errorLimit + int64(inputs)*vectorLimit }

// answer is what the library does not pass on: it lies in the request's
// context and is filled on the way back.
type answer struct {
	limit  int64 // bytes of a body that is not an error
	status int   // 0: there was no answer
	header http.Header
}

type answerKey struct{}

func withAnswer(ctx context.Context, a *answer) context.Context {
	return context.WithValue(ctx, answerKey{}, a)
}

// doer is the library's HTTP client: it adds the header that the library does
// not know, keeps status and headers of the answer, and bounds its body, which
// the library would read whole whatever its size.
type doer struct {
	client  *http.Client
	project string
}

func (d doer) Do(req *http.Request) (*http.Response, error) {
	if d.project != "" {
		req.Header.Set("OpenAI-Project", d.project)
	}
	res, err := d.client.Do(req)
	if err != nil {
		return nil, err
	}
	limit := int64(errorLimit)
	if a, ok := req.Context().Value(answerKey{}).(*answer); ok {
		a.status, a.header = res.StatusCode, res.Header
		if res.StatusCode == http.StatusOK {
			limit = a.limit
		}
	}
	res.Body = body{http.MaxBytesReader(nil, res.Body, limit)}
	return res, nil
}

// body reads what little is left of an answer before it is closed, so that the
// connection can be used again.
type body struct{ io.ReadCloser }

func (b body) Close() error {
	_, _ = io.CopyN(io.Discard, b.ReadCloser, drainedBytes)
	return b.ReadCloser.Close()
}
