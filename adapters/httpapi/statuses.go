package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// codeStatus is the HTTP status of the codes that differ from their kind's.
var codeStatus = map[core.Code]int{
	core.CodeUnauthenticated: http.StatusUnauthorized,
	core.CodeTokenExpired:    http.StatusUnauthorized,
	core.CodeTokenReused:     http.StatusUnauthorized,
	core.CodeBadCredentials:  http.StatusUnauthorized,
	core.CodeBadSignature:    http.StatusUnauthorized,
	core.CodeRateLimited:     http.StatusTooManyRequests,
	core.CodeQuotaExceeded:   http.StatusTooManyRequests,
	core.CodeFileTooLarge:    http.StatusRequestEntityTooLarge,
	core.CodeFileUnsupported: http.StatusUnsupportedMediaType,
	core.CodeBadSignInCode:   http.StatusBadRequest,
	core.CodeTooSlow:         http.StatusRequestTimeout,
	core.CodeStorageConflict: http.StatusServiceUnavailable, // ours to mend: the key is made of fresh ids
	core.CodeInternal:        http.StatusInternalServerError,
}

var kindStatus = map[core.Kind]int{
	core.Transient: http.StatusServiceUnavailable,
	core.Busy:      http.StatusServiceUnavailable,
	core.Paused:    http.StatusServiceUnavailable,
	core.Permanent: http.StatusUnprocessableEntity,
	core.NotFound:  http.StatusNotFound,
	core.Conflict:  http.StatusConflict,
	core.Invalid:   http.StatusUnprocessableEntity,
	core.Denied:    http.StatusForbidden,
}

// statusOf is the one table from errors to HTTP statuses.
func statusOf(e *core.Error) int {
	if status, ok := codeStatus[e.Code]; ok {
		return status
	}
	if status, ok := kindStatus[e.Kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// codeOf is the code of a status that no *core.Error led to: Huma's own
// refusals and those of the mux.
func codeOf(status int) core.Code {
	switch {
	case status == http.StatusUnauthorized:
		return core.CodeUnauthenticated
	case status == http.StatusForbidden:
		return core.CodeDenied
	case status == http.StatusNotFound:
		return core.CodeNotFound
	case status == http.StatusTooManyRequests:
		return core.CodeRateLimited
	case status >= http.StatusInternalServerError:
		return core.CodeInternal
	default:
		return core.CodeInvalid
	}
}

// When to come back where the error itself does not say.
const (
	retrySoon  = 5 * time.Second
	retryLater = time.Minute // a human has to act first
)

// retryAfter is the Retry-After value in whole seconds, rounded up.
func retryAfter(e *core.Error) string {
	wait := e.After
	switch {
	case wait > 0:
	case e.Kind == core.Paused:
		wait = retryLater
	default:
		wait = retrySoon
	}
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}
