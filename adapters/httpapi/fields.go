package httpapi

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

var replaceOnce sync.Once

// replaceHumaErrors puts our problem in place of Huma's errors, which repeat
// values, whole bodies and the text of causes. It is process-wide, as Huma's
// functions are.
func replaceHumaErrors() {
	replaceOnce.Do(func() {
		huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
			return humaProblem(ctx.Context(), asBefore(ctx.Operation(), status), errs)
		}
		huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
			return humaProblem(context.Background(), status, errs)
		}
	})
}

// humaProblem is the answer to what Huma refuses by itself. Its message is
// dropped; of its details the place and what is allowed there are kept.
func humaProblem(ctx context.Context, status int, errs []error) *Problem {
	for _, err := range errs {
		if p := (*Problem)(nil); errors.As(err, &p) {
			return p
		}
	}
	p := newProblem(ctx, codeOf(status), status, humaDetail(status))
	if status >= http.StatusInternalServerError {
		return p
	}
	for _, err := range errs {
		if f, ok := fieldOf(err); ok {
			p.Errors = append(p.Errors, f)
		}
	}
	return p
}

func humaDetail(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "The request body is missing or is not valid JSON."
	case http.StatusRequestTimeout:
		return "The request body took too long to arrive."
	case http.StatusRequestEntityTooLarge:
		return "The request body is larger than allowed."
	case http.StatusUnsupportedMediaType:
		return "The request body has to be application/json."
	default:
		return ""
	}
}

func fieldOf(err error) (Field, bool) {
	var detailer huma.ErrorDetailer
	if !errors.As(err, &detailer) {
		return Field{}, false
	}
	d := detailer.ErrorDetail()
	return Field{Field: place(d.Location), Message: allowed(d.Message)}, true
}

var plainPlace = regexp.MustCompile(`^[A-Za-z0-9_\-.\[\]]{1,80}$`)

// place is where a fault lies. Names of unknown properties are the client's
// own text: they are repeated only where they look like names.
func place(location string) string {
	if plainPlace.MatchString(location) {
		return location
	}
	top, _, _ := strings.Cut(location, ".")
	if plainPlace.MatchString(top) {
		return top
	}
	return "request"
}

// safeMessage matches the validator's messages that are made of the schema
// alone.
var safeMessage = regexp.MustCompile(`^(unexpected property|expected (boolean|number|integer|string|array|object)|` +
	`expected (number|length|array length) (>=|<=|>|<) -?[0-9.e+]+|` +
	`expected required property [a-z_]+ to be present|required [a-z]+ parameter is missing)$`)

// allowed is what a field may hold. Messages that might carry a part of the
// value are replaced.
func allowed(message string) string {
	switch {
	case safeMessage.MatchString(message):
		return message
	case strings.Contains(message, "email"):
		return "expected an e-mail address"
	case strings.Contains(message, "invalid character"), strings.Contains(message, "unexpected end of JSON"):
		return "expected valid JSON"
	default:
		return "expected a value as the OpenAPI document describes it"
	}
}
