package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const problemType = "application/problem+json"

// Field is one part of a request that is at fault. Message says what is
// allowed; the value that was sent is never repeated.
type Field struct {
	Field   string `json:"field" doc:"Where the fault lies, e.g. body.email" example:"body.email"`
	Message string `json:"message" doc:"What is allowed there" example:"expected length >= 1"`
}

// Problem is the body of every error answer (RFC 9457).
type Problem struct {
	Type     string      `json:"type" format:"uri" doc:"Stable name of the problem as a URI" example:"urn:insurance-navigator:problem:not_found"`
	Title    string      `json:"title" doc:"What happened, the same for every occurrence"`
	Status   int         `json:"status" doc:"HTTP status" example:"404"`
	Detail   string      `json:"detail" doc:"What happened this time"`
	Instance string      `json:"instance,omitempty" format:"uri" doc:"The request's id, as in X-Request-ID" example:"urn:uuid:0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"`
	Code     problemCode `json:"code" doc:"Stable name of the problem"`
	Advice   string      `json:"advice" doc:"What the caller can do"`
	Message  string      `json:"message" doc:"The same as detail, for clients that read this name"`
	Errors   []Field     `json:"errors,omitempty" doc:"The parts of the request at fault"`

	DocumentID string `json:"document_id,omitempty" format:"uuid" doc:"duplicate_document: the document that is there already"`
	OldID      string `json:"documentId,omitempty" format:"uuid" doc:"The same as document_id, for clients that read this name"`
	Filename   string `json:"filename,omitempty" doc:"duplicate_document: its name"`

	headers http.Header
	cause   error
}

// Error is the code.
func (p *Problem) Error() string { return string(p.Code) }

// GetStatus is the answer's HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders is what goes with the status: Retry-After, WWW-Authenticate.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is application/problem+json, whatever was negotiated.
func (p *Problem) ContentType(string) string { return problemType }

// refusal is an error whose answer says more than its code does.
type refusal struct {
	err       *core.Error
	status    int    // 0: by the table
	detail    string // empty: the code's message
	fields    []Field
	duplicate *duplicate
}

// duplicate is the document that an upload repeats.
type duplicate struct{ standing ports.Standing }

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// invalid refuses a field of the request; allowed says what would be right.
func invalid(status int, field, allowed string) error {
	return &refusal{
		err:    core.Fail(core.CodeInvalid, nil),
		status: status,
		fields: []Field{{Field: field, Message: allowed}},
	}
}

// newProblem makes the body for a code and a status.
func newProblem(ctx context.Context, code core.Code, status int, detail string) *Problem {
	if detail == "" {
		detail = code.Message()
	}
	p := &Problem{
		Type:    "urn:insurance-navigator:problem:" + string(code),
		Title:   code.Message(),
		Status:  status,
		Detail:  detail,
		Code:    problemCode(code),
		Advice:  code.Advice(),
		Message: detail,
		headers: http.Header{},
	}
	if req := requestOf(ctx); req != nil {
		p.Instance = "urn:uuid:" + req.id.String()
		req.code = code
	}
	return p
}

// problemOf makes the answer to any error of a handler.
func problemOf(ctx context.Context, err error) *Problem {
	e := ended(ctx, err)
	more, _ := err.(*refusal) //nolint:errorlint // made by this package and never wrapped
	status, detail := statusOf(e), ""
	if more != nil {
		detail = more.detail
		if more.status != 0 {
			status = more.status
		}
	}
	p := newProblem(ctx, e.Code, status, detail)
	p.cause = e.Err
	p.setHeaders(ctx, e)
	if more != nil {
		p.Errors = more.fields
		if d := more.duplicate; d != nil {
			id := d.standing.Document.String()
			p.DocumentID, p.OldID, p.Filename = id, id, d.standing.Name
		}
	}
	if req := requestOf(ctx); req != nil {
		req.cause = e.Err
	}
	return p
}

// ended is core.AsError that also reads the end of the request's context. Who
// ends it with an error of ours for its cause, as a stop does, says by that what
// is answered, whatever became of the work. A client that left is no error of
// ours: nobody reads the answer, and the objectives do not count it.
func ended(ctx context.Context, err error) *core.Error {
	e, stop := core.AsError(err), endedBy(ctx)
	switch {
	case stop != nil && errors.Is(err, context.Canceled):
		return stop
	case e.Code == core.CodeInternal && errors.Is(err, context.DeadlineExceeded):
		return core.Fail(core.CodeDatabaseUnavailable, err) // all else that an answer waits for says so itself
	case e.Code == core.CodeInternal && errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return core.Fail(core.CodeInvalid, err)
	}
	return e
}

// endedBy is the error of ours that the context was ended with; nil where it
// goes on, or ended otherwise, as by a client that left.
func endedBy(ctx context.Context) (stop *core.Error) {
	_ = errors.As(context.Cause(ctx), &stop)
	return stop
}

func (p *Problem) setHeaders(ctx context.Context, e *core.Error) {
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		p.headers.Set("Retry-After", retryAfter(e))
	case http.StatusConflict:
		if e.After > 0 {
			p.headers.Set("Retry-After", retryAfter(e))
		}
	case http.StatusUnauthorized:
		p.headers.Set("WWW-Authenticate", challenge(ctx, e.Code))
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		p.headers.Set("Connection", "close") // the rest of the body will not be read
	}
}

// write sends the problem where Huma is not in play.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	writeJSON(w, p.Status, problemType, p)
}

// writeJSON sends a value whose encoding cannot fail. A client that is gone is
// no error of ours.
func writeJSON(w http.ResponseWriter, status int, contentType string, value any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
}

// fail answers an error where Huma is not in play.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	problemOf(r.Context(), err).write(w)
}

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
)
