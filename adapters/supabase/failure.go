package supabase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// failure is one failed try at the storage, in its own words.
type failure struct {
	step    string // what was asked
	http    int    // 0 when no answer came
	status  int    // the body's statusCode; 0 without one
	code    string // the body's code; empty without one
	bucket  bool   // the body says that the bucket is missing
	keyless bool   // the body says that no key arrived
	cause   error
}

// Error names the step and the numbers, nothing of what was sent or received.
func (f *failure) Error() string {
	if f.http == 0 {
		return "storage " + f.step + ": no answer"
	}
	return fmt.Sprintf("storage %s: HTTP %d, statusCode %d, code %q", f.step, f.http, f.status, f.code)
}

// Unwrap gives the network's error.
func (f *failure) Unwrap() error { return f.cause }

// judge turns an answer that is not a success into a failure.
func judge(step string, a answer) error {
	if a.status >= 200 && a.status < 300 {
		return nil
	}
	f := &failure{step: step, http: a.status}
	if !isJSON(a.body) {
		return f
	}
	var body struct {
		StatusCode any    `json:"statusCode"` // a string here, a number from the router
		Code       string `json:"code"`
		Error      string `json:"error"`
		Message    string `json:"message"`
	}
	if json.Unmarshal(a.body, &body) != nil {
		return f
	}
	switch status := body.StatusCode.(type) {
	case string:
		f.status, _ = strconv.Atoi(status)
	case float64:
		f.status = int(status)
	}
	f.code = word(body.Code)
	f.bucket = f.code == "NoSuchBucket" || (f.code == "" && body.Error == "Bucket not found")
	f.keyless = f.code == "InvalidRequest" && strings.Contains(body.Message, "'authorization'")
	if f.code == "" && f.status == http.StatusNotFound && body.Error == "not_found" {
		f.code = "NoSuchKey" // servers older than the code field
	}
	return f
}

// word keeps a code that looks like one; whatever else stands there may hold data.
func word(s string) string {
	if len(s) > 64 {
		return ""
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' {
			return ""
		}
	}
	return s
}

// byCode is what each of the storage's codes means to us.
var byCode = map[string]core.Code{
	"KeyAlreadyExists":      core.CodeStorageConflict,
	"ResourceAlreadyExists": core.CodeStorageConflict,
	"EntityTooLarge":        core.CodeFileTooLarge,
	"InvalidMimeType":       core.CodeFileUnsupported,
	"NoSuchKey":             core.CodeFileMissing,
	"AccessDenied":          core.CodeStorageDenied,
	"InvalidJWT":            core.CodeStorageDenied,
	"InvalidSignature":      core.CodeStorageDenied,
	"SignatureDoesNotMatch": core.CodeStorageDenied,
	"InvalidRequest":        core.CodeInternal,
	"InvalidKey":            core.CodeInternal,
	"InvalidBucketName":     core.CodeInternal,
	"SlowDown":              core.CodeStorageUnavailable,
	"DatabaseTimeout":       core.CodeStorageUnavailable,
	"LockTimeout":           core.CodeStorageUnavailable,
	"InternalError":         core.CodeStorageUnavailable,
}

// byStatus serves bodies with a statusCode and a code we do not know.
var byStatus = map[int]core.Code{
	http.StatusConflict:              core.CodeStorageConflict,
	http.StatusRequestEntityTooLarge: core.CodeFileTooLarge,
	http.StatusUnsupportedMediaType:  core.CodeFileUnsupported,
	http.StatusUnauthorized:          core.CodeStorageDenied,
	http.StatusForbidden:             core.CodeStorageDenied,
}

// coreError is the failure in core's words. A missing bucket pauses: only a
// person can mend it, and no document is to fail for it.
func (f *failure) coreError() *core.Error {
	if f.bucket {
		return &core.Error{Code: core.CodeStorageUnavailable, Kind: core.Paused, Err: f}
	}
	if f.keyless { // an old gateway that does not know opaque keys
		return f.of(core.CodeStorageDenied)
	}
	if code, known := byCode[f.code]; known {
		return f.of(code)
	}
	if code, known := byStatus[f.status]; known {
		return f.of(code)
	}
	if f.status == 0 && (f.http == http.StatusUnauthorized || f.http == http.StatusForbidden) {
		return f.of(core.CodeStorageDenied) // the gateway refused the key before the storage saw it
	}
	return f.of(core.CodeStorageUnavailable)
}

func (f *failure) of(code core.Code) *core.Error {
	switch {
	case code == core.CodeStorageUnavailable && f.busy():
		return core.Wait(code, 0, f)
	case code == core.CodeInternal: // our own bug: the same request fails for ever
		return &core.Error{Code: code, Kind: core.Permanent, Err: f}
	}
	return core.Fail(code, f)
}

func (f *failure) busy() bool {
	return f.code == "SlowDown" || f.status == http.StatusTooManyRequests || f.http == http.StatusTooManyRequests
}

// passing are the codes of trouble that passes.
var passing = []string{"SlowDown", "DatabaseTimeout", "LockTimeout", "InternalError"}

// again reports whether an idempotent call is worth another try: where there was
// no answer, or a success whose body was not the storage's, or trouble that
// passes, by the code, the body's status or HTTP's.
func (f *failure) again() bool {
	ours := f.http == 0 || f.http/100 == 2
	return ours || f.busy() || slices.Contains(passing, f.code) || f.status/100 == 5 || f.http/100 == 5
}

// asError is a try's error in core's words. The caller's own context comes
// first: its end is no fault of the storage.
func asError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("storage: %w", context.Cause(ctx))
	}
	var f *failure
	if errors.As(err, &f) {
		return f.coreError()
	}
	var e *core.Error
	if errors.As(err, &e) {
		return err
	}
	return core.Fail(core.CodeStorageUnavailable, err)
}
