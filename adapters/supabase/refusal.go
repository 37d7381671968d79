package supabase

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// refusal is one failed try at the accounts, in the service's own code.
type refusal struct {
	step  string
	http  int    // 0 when no answer came
	code  string // empty when the gateway answered, or nothing of JSON
	sent  bool   // no mail went out, for one did within the last minute
	cause error
}

// Error names the step and the code, nothing of what was sent or received.
func (f *refusal) Error() string {
	if f.http == 0 {
		return "accounts " + f.step + ": no answer"
	}
	return fmt.Sprintf("accounts %s: HTTP %d, code %q", f.step, f.http, f.code)
}

// Unwrap gives the network's error.
func (f *refusal) Unwrap() error { return f.cause }

// refused reads the code from whichever of the three shapes came: a string in
// code, a string in error_code beside a number in code, or OAuth's error.
func refused(step string, a answer) *refusal {
	f := &refusal{step: step, http: a.status, code: word(a.header.Get("X-Sb-Error-Code"))}
	var body struct {
		Code      any    `json:"code"`
		ErrorCode string `json:"error_code"`
		Error     any    `json:"error"`
		Msg       string `json:"msg"`
		Message   string `json:"message"`
	}
	if !isJSON(a.body) || json.Unmarshal(a.body, &body) != nil {
		return f
	}
	for _, candidate := range []any{body.Code, body.ErrorCode, body.Error} {
		if text, ok := candidate.(string); ok && f.code == "" {
			f.code = word(text)
		}
	}
	text := body.Msg + body.Message // one shape has the one, one the other
	switch {
	case f.code == codeMails:
		f.sent = strings.HasPrefix(text, mailPause)
	case text == badGrant:
		f.code = badGrant
	}
	return f
}

// Words of the service that say more than its code does.
const (
	codeMails = "over_email_send_rate_limit"
	mailPause = "For security purposes"  // of one address; else the whole project sends no more for now
	badGrant  = "unsupported_grant_type" // under the code of a wrong password
)

// mailed reports that a mail is on its way already.
func mailed(err error) bool {
	var f *refusal
	return errors.As(err, &f) && f.sent
}

// byRefusal is what each of the service's codes means to us. It says 400 to a
// wrong password and 403 to a bad token: only the code tells.
var byRefusal = map[string]core.Code{
	"invalid_credentials":          core.CodeBadCredentials,
	"email_not_confirmed":          core.CodeEmailUnconfirmed,
	"validation_failed":            core.CodeInvalid,
	"bad_json":                     core.CodeInvalid,
	"email_address_invalid":        core.CodeInvalid,
	"same_password":                core.CodeSamePassword,
	"weak_password":                core.CodeWeakPassword,
	"user_already_exists":          core.CodeEmailTaken,
	"email_exists":                 core.CodeEmailTaken,
	"refresh_token_not_found":      core.CodeUnauthenticated,
	"session_expired":              core.CodeUnauthenticated,
	"session_not_found":            core.CodeUnauthenticated,
	"bad_jwt":                      core.CodeUnauthenticated,
	"no_authorization":             core.CodeUnauthenticated,
	"user_not_found":               core.CodeUnauthenticated,
	"refresh_token_already_used":   core.CodeTokenReused,
	"bad_code_verifier":            core.CodeBadSignInCode,
	"flow_state_not_found":         core.CodeBadSignInCode,
	"flow_state_expired":           core.CodeBadSignInCode,
	"user_banned":                  core.CodeDenied,
	"signup_disabled":              core.CodeDenied,
	"email_provider_disabled":      core.CodeDenied,
	"email_address_not_authorized": core.CodeDenied,
	"reauthentication_needed":      core.CodeDenied,
	"insufficient_aal":             core.CodeDenied,
	"captcha_failed":               core.CodeDenied,
	"over_request_rate_limit":      core.CodeRateLimited,
	codeMails:                      core.CodeRateLimited,
	badGrant:                       core.CodeInternal,
	"not_admin":                    core.CodeInternal,
}

// The service sends no Retry-After: these are its own refill times.
const (
	requestWait = 10 * time.Second
	mailWait    = 60 * time.Second
)

// coreError is the refusal in core's words.
func (f *refusal) coreError() *core.Error {
	code, known := byRefusal[f.code]
	switch {
	case known && code == core.CodeInternal:
		return &core.Error{Code: code, Kind: core.Permanent, Err: f}
	case f.code == codeMails:
		return core.Wait(code, mailWait, f)
	case known && code != core.CodeRateLimited:
		return core.Fail(code, f)
	case known, f.http == http.StatusTooManyRequests:
		return core.Wait(core.CodeRateLimited, requestWait, f)
	case f.http == http.StatusUnauthorized: // the gateway refused our key: a person has to mend it
		return &core.Error{Code: core.CodeAccountsUnavailable, Kind: core.Paused, Err: f}
	}
	return core.Fail(core.CodeAccountsUnavailable, f)
}

// again reports whether the same call may fare better: no answer, a fault of
// the service's own, or two refreshes in each other's way.
func (f *refusal) again() bool {
	return f.http < 300 || f.http >= 500 || f.http == http.StatusConflict
}
