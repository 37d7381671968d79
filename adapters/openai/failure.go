package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"

	sdk "github.com/sashabaranov/go-openai"

	"github.com/insurance-navigator/navigator/core"
)

// Causes without anything of the outside in them.
var (
	errTooMuch     = errors.New("more than one request may hold")
	errUnexplained = errors.New("refused without a known reason")
	errFloats      = errors.New("numbers where base64 was asked for")
	errEncoding    = errors.New("encoding_format is not taken")
	errDimensions  = errors.New("dimensions is not taken")
	errBroken      = errors.New("answer cannot be read")
	errTimeout     = errors.New("no answer in time")
	errTransport   = errors.New("request failed on the way")
	errPaced       = errors.New("the rates are used up")
)

// outOfMoney are the codes of a 429 that waiting does not cure. Some services
// put the word into the type and another into the code.
var outOfMoney = map[string]bool{
	"insufficient_quota":                true,
	"credit_balance_exhausted":          true,
	"organization_spend_limit_exceeded": true,
	"project_spend_limit_exceeded":      true,
	"organization_usage_limit_exceeded": true,
	"billing_hard_limit_reached":        true,
}

// refusal is the part of an error answer that is safe to keep: the message is
// left out, because services quote keys and texts in it.
type refusal struct {
	status     int
	code, kind string // the body's code and type; empty unless plain words
}

func (r refusal) Error() string { return fmt.Sprintf("status %d %s", r.status, r.code) }

// failure turns the library's error into one of ours. It returns the caller's
// own context error when that is what ended the request, and nil for a plain
// 200 without an error.
func failure(ctx context.Context, a *answer, err error) error {
	switch {
	case err == nil && a.status == http.StatusOK:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("openai: %w", ctx.Err())
	case a.status == 0:
		return core.Fail(core.CodeEmbedderUnavailable, transportCause(err))
	case a.status < http.StatusBadRequest:
		return unreadable(err)
	}
	return refused(a, bodyOf(err))
}

// bodyOf is the error that the service wrote. Of a body in no known shape the
// whole is the message.
func bodyOf(err error) (body sdk.APIError) {
	var found *sdk.APIError
	var other *sdk.RequestError
	switch {
	case errors.As(err, &found):
		body = *found
	case errors.As(err, &other):
		body.Message = string(other.Body)
	}
	return body
}

func transportCause(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errTimeout
	case errors.As(err, &op):
		return op
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	}
	return errTransport
}

// unreadable is an answer that is no error and no vectors either.
func unreadable(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Value == "array" && strings.HasSuffix(wrongType.Field, "embedding") {
		return core.Fail(core.CodeEmbedderUnavailable, errFloats)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return core.Fail(core.CodeEmbedderUnavailable, errTimeout)
	}
	return core.Fail(core.CodeEmbedderUnavailable, errBroken)
}

func refused(a *answer, body sdk.APIError) error {
	r := refusal{status: a.status, code: word(body.Code), kind: word(body.Type)}
	switch {
	case a.status == http.StatusTooManyRequests && !r.isMoney():
		return core.Wait(core.CodeEmbedderBusy, wait(a.header, r.kind), r)
	case a.status == http.StatusTooManyRequests, a.status == http.StatusPaymentRequired:
		return core.Fail(core.CodeEmbedderCredits, r)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusNotFound:
		return core.Fail(core.CodeEmbedderKey, r) // 404: the model or the address; a human has to look, too
	case a.status >= http.StatusInternalServerError, a.status == http.StatusRequestTimeout, a.status == http.StatusConflict:
		e := core.Fail(core.CodeEmbedderUnavailable, r)
		if after, ok := retryAfter(a.header); ok {
			e.After = min(after, maxWait)
		}
		return e
	}
	return r.request(body)
}

func (r refusal) isMoney() bool { return outOfMoney[r.code] || outOfMoney[r.kind] }

// tooLongInput matches the message that names the one input at fault. Halving
// would only pay for the others: the batch cannot succeed.
var tooLongInput = regexp.MustCompile(`'input\[\d+\]': maximum input length`)

// tooMuch matches, in lower case, what OpenAI and services like it say of a
// request with too many tokens or inputs.
var tooMuch = regexp.MustCompile(`max(imum)? (allowed )?(\d+ tokens per request|batch size|context length|input length)|array too long|too many (inputs|tokens)`)

// request is a refusal of what was asked. What the service does not name is
// taken for the fault of one text, which halving finds.
func (r refusal) request(body sdk.APIError) error {
	message := strings.ToLower(body.Message)
	param := ""
	if body.Param != nil {
		param = *body.Param
	}
	about := func(field string) bool { return param == field || strings.Contains(message, field) }
	cause := errUnexplained
	switch {
	case tooLongInput.MatchString(message):
		return core.Fail(core.CodeInputTooLong, r)
	case r.status == http.StatusRequestEntityTooLarge, r.code == "max_tokens_per_request",
		r.code == "context_length_exceeded", r.code == "array_above_max_length", tooMuch.MatchString(message):
		cause = errTooMuch
	case about("encoding_format"):
		cause = errEncoding
	case about("dimensions"):
		cause = errDimensions
	case r.status != http.StatusBadRequest && r.status != http.StatusUnprocessableEntity:
		return core.Fail(core.CodeEmbedderRefused, r)
	}
	return core.Fail(core.CodeEmbedderRefused, errors.Join(cause, r))
}

var plainWord = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// word is a code or type when it is one, and empty for anything else.
func word(value any) string {
	if s, ok := value.(string); ok && plainWord.MatchString(s) {
		return s
	}
	return ""
}
