package navigatorapi

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
)

// WithToken sends the access token of a Session with every request.
func WithToken(token string) ClientOption {
	return WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	})
}

// WithHeader sends a header with one request: it goes last into any method's
// arguments. The optional headers that operations take are sent this way.
func WithHeader(name, value string) RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set(name, value)
		return nil
	}
}

// File is the body of an upload: one file under the name that it will be shown
// with, and the caller's own reference when policyID is not empty. The content
// is read once, while it is sent, and never held whole.
func File(name string, content io.Reader, policyID string) (contentType string, body io.Reader, err error) {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	if policyID != "" {
		if err := form.WriteField("policy_id", policyID); err != nil {
			return "", nil, err
		}
	}
	if _, err := form.CreateFormFile("file", name); err != nil {
		return "", nil, err
	}
	head := bytes.Clone(frame.Bytes())
	frame.Reset()
	if err := form.Close(); err != nil {
		return "", nil, err
	}
	return form.FormDataContentType(), io.MultiReader(bytes.NewReader(head), content, &frame), nil
}
