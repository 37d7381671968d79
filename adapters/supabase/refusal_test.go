package supabase_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
)

func accountsAt(t *testing.T, url string) *supabase.Accounts {
	t.Helper()
	a, err := supabase.NewAccounts(supabase.AccountsConfig{URL: url, AnonKey: supabasetest.DefaultPublishableKey})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// errorTable is the service's refusals as they were met, and what each is to us.
var errorTable = []struct {
	status    int
	code, msg string
	want      core.Code
	kind      core.Kind
}{
	{400, "invalid_credentials", "Invalid login credentials", core.CodeBadCredentials, core.Denied},
	{400, "invalid_credentials", "unsupported_grant_type", core.CodeInternal, core.Permanent},
	{400, "email_not_confirmed", "Email not confirmed", core.CodeEmailUnconfirmed, core.Denied},
	{400, "validation_failed", "Unable to validate email address: invalid format", core.CodeInvalid, core.Invalid},
	{400, "bad_json", "Could not parse request body as JSON", core.CodeInvalid, core.Invalid},
	{422, "weak_password", "Password should be at least 8 characters.", core.CodeWeakPassword, core.Invalid},
	{422, "user_already_exists", "User already registered", core.CodeEmailTaken, core.Conflict},
	{422, "same_password", "New password should be different from the old password.", core.CodeSamePassword, core.Invalid},
	{400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found", core.CodeUnauthenticated, core.Denied},
	{400, "refresh_token_already_used", "Invalid Refresh Token: Already Used", core.CodeTokenReused, core.Denied},
	{400, "session_expired", "Invalid Refresh Token: Session Expired", core.CodeUnauthenticated, core.Denied},
	{403, "session_not_found", "Session from session_id claim in JWT does not exist", core.CodeUnauthenticated, core.Denied},
	{400, "user_banned", "User is banned", core.CodeDenied, core.Denied},
	{403, "bad_jwt", "invalid JWT: unable to parse or verify signature", core.CodeUnauthenticated, core.Denied},
	{403, "bad_jwt", "invalid claim: missing sub claim", core.CodeUnauthenticated, core.Denied},
	{403, "not_admin", "User not allowed", core.CodeInternal, core.Permanent},
	{400, "bad_code_verifier", "code challenge does not match previously saved code verifier", core.CodeBadSignInCode, core.Invalid},
	{404, "flow_state_not_found", "invalid flow state, no valid flow state found", core.CodeBadSignInCode, core.Invalid},
	{429, "over_request_rate_limit", "Request rate limit reached", core.CodeRateLimited, core.Busy},
	{429, "over_email_send_rate_limit", "email rate limit exceeded", core.CodeRateLimited, core.Busy},
	{429, "over_sms_send_rate_limit", "x", core.CodeRateLimited, core.Busy},
	{504, "request_timeout", "Processing this request timed out, please retry after a moment.", core.CodeAccountsUnavailable, core.Transient},
	{500, "unexpected_failure", "x", core.CodeAccountsUnavailable, core.Transient},
	{409, "conflict", "Too many concurrent token refresh requests on the same session or refresh token", core.CodeAccountsUnavailable, core.Transient},
	{400, "a_code_of_tomorrow", "x", core.CodeAccountsUnavailable, core.Transient},
}

// TestEveryRefusalInEveryShape: the code tells, in whichever shape it comes, and
// never the status.
func TestEveryRefusalInEveryShape(t *testing.T) {
	t.Parallel()
	for _, row := range errorTable {
		for name, body := range map[string]string{
			"default":   fmt.Sprintf(`{"code":%d,"error_code":%q,"msg":%q,"error_id":"x"}`, row.status, row.code, row.msg),
			"versioned": fmt.Sprintf(`{"code":%q,"message":%q}`, row.code, row.msg),
			"OAuth's":   fmt.Sprintf(`{"error":%q,"error_description":"x","msg":%q}`, row.code, row.msg),
		} {
			url, asked := answering(t, row.status, body)
			_, err := accountsAt(t, url).SignIn(t.Context(), ann, password)
			wantCode(t, name+" "+row.code, err, row.want, row.kind)
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), row.msg) {
				t.Errorf("%s tells what the service said", row.code)
			}
			if asked.Load() != 1 {
				t.Errorf("%s: a sign-in was asked %d times", row.code, asked.Load())
			}
			if wait := core.AsError(err).After; (row.status == http.StatusTooManyRequests) != (wait > 0) {
				t.Errorf("%s: wait %s", row.code, wait)
			}
		}
		url, _ := answering(t, row.status, "", "X-Sb-Error-Code", row.code)
		_, err := accountsAt(t, url).SignIn(t.Context(), ann, password)
		if row.msg != "unsupported_grant_type" {
			wantCode(t, "the header alone: "+row.code, err, row.want, row.kind)
		}
	}
}

// What no service of theirs said: a gateway's refusal of our key pauses, and
// everything else is the accounts being away.
func TestAnswersThatAreNotTheAccounts(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		status int
		body   string
		kind   core.Kind
	}{
		{401, `{"message":"Invalid API key","hint":"x"}`, core.Paused}, {401, "", core.Paused}, {401, "<html>", core.Paused},
		{403, "<html>", core.Transient}, {404, `{"message":"no Route matched with those values"}`, core.Transient}, {302, "", core.Transient},
		{200, "<html>", core.Transient}, {200, "", core.Transient}, {200, `{"access_token":"a","refresh_token":"b"}`, core.Transient},
		{200, `{"access_token":"a","refresh_token":"b","expires_at":1}`, core.Transient}, {502, "<html>", core.Transient},
		{200, `{"access_token":"` + strings.Repeat("a", 2<<20) + `"}`, core.Transient},
	} {
		url, _ := answering(t, x.status, x.body)
		_, err := accountsAt(t, url).SignIn(t.Context(), ann, password)
		wantCode(t, fmt.Sprintf("%d %.40s", x.status, x.body), err, core.CodeAccountsUnavailable, x.kind)
	}
	url, _ := answering(t, http.StatusTooManyRequests, "slow down")
	_, err := accountsAt(t, url).SignIn(t.Context(), ann, password)
	wantCode(t, "the edge's own 429", err, core.CodeRateLimited, core.Busy)
}

// Times come with six to nine digits of a second, and expires_in may be short.
func TestSessionIsReadAsItIsSent(t *testing.T) {
	t.Parallel()
	url, _ := answering(t, http.StatusOK, `{"access_token":"a","token_type":"bearer","expires_in":3599,"expires_at":1795311885,"refresh_token":"b",
		"user":{"id":"ffff81a7-a401-4491-aa4f-56045ddedde5","role":"authenticated","email":"ann@example.com","email_confirmed_at":"2026-11-22T00:44:45.785675216Z",
		"last_sign_in_at":"2026-11-22T00:44:45.803274264Z","user_metadata":{"full_name":"Ann"},"created_at":"2026-11-22T00:44:45.757027Z","updated_at":"2026-11-22T00:44:45.81472Z"}}`)
	s, err := accountsAt(t, url).SignIn(t.Context(), ann, password)
	if err != nil {
		t.Fatal(err)
	}
	at := func(nanos int) time.Time { return time.Date(2026, 11, 22, 0, 44, 45, nanos, time.UTC) }
	if !s.ExpiresAt.Equal(time.Unix(1795311885, 0)) || !s.Account.LastSignInAt.Equal(at(803274264)) || !s.Account.CreatedAt.Equal(at(757027000)) || !s.Account.UpdatedAt.Equal(at(814720000)) {
		t.Errorf("%+v", s)
	}
}

// A mail that was not sent for another reason than a mail just sent is told.
func TestAProjectWithoutMailsLeftSaysSo(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{Auth: supabasetest.AuthOptions{ConfirmEmail: true}})
	fake.Break(supabasetest.Fault{Do: supabasetest.MailsSpent})
	_, err := signUp(t.Context(), a, ann)
	wantCode(t, "SignUp", err, core.CodeRateLimited, core.Busy)
	wantCode(t, "Recover", a.Recover(t.Context(), ann, returning(strings.Repeat("v", 43))), core.CodeRateLimited, core.Busy)
	wantCode(t, "Resend", a.Resend(t.Context(), ann), core.CodeRateLimited, core.Busy)
	if after := core.AsError(err).After; after != time.Minute {
		t.Errorf("wait %s", after)
	}
}
