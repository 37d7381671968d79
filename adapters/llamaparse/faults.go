package llamaparse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// longestWait caps what a Retry-After may ask for.
const longestWait = time.Hour

// verdict is what an answer of the service means to the pipeline.
type verdict struct {
	code core.Code
	kind core.Kind
}

// byStatus holds every HTTP status that means something of its own. Other 4xx
// are a refusal; everything else is an outage.
var byStatus = map[int]verdict{
	http.StatusUnauthorized:     {core.CodeParserKey, core.Paused},
	http.StatusForbidden:        {core.CodeParserKey, core.Paused},
	http.StatusPaymentRequired:  {core.CodeParserCredits, core.Paused},
	http.StatusTooManyRequests:  {core.CodeParserBusy, core.Busy},
	http.StatusNotFound:         {core.CodeParserUnavailable, core.Transient}, // the file is gone or the address wrong: the document is not at fault
	http.StatusMethodNotAllowed: {core.CodeParserUnavailable, core.Transient},
	http.StatusRequestTimeout:   {core.CodeParserUnavailable, core.Transient},
	http.StatusConflict:         {core.CodeParserUnavailable, core.Transient}, // the state there is to be read again
	http.StatusTooEarly:         {core.CodeParserUnavailable, core.Transient},
}

var (
	refusal = verdict{core.CodeParserRefused, core.Permanent}
	outage  = verdict{core.CodeParserUnavailable, core.Transient}
)

// byFailure holds the reasons a job gives for having failed. The kinds stand
// here because the words for an upload are Invalid, and here nobody is asked.
var byFailure = map[string]verdict{
	"PDF_IS_PROTECTED":      {core.CodeFileEncrypted, core.Permanent},
	"PDF_IS_BROKEN":         {core.CodeFileBroken, core.Permanent},
	"NO_DATA_FOUND_IN_FILE": {core.CodeParseEmpty, core.Permanent},
	"DOCUMENT_TOO_LARGE":    {core.CodeFileTooLarge, core.Permanent},
	"TOO_MANY_PAGES":        {core.CodeFileTooManyPages, core.Permanent},
	"UNSUPPORTED_FILE_TYPE": {core.CodeFileUnsupported, core.Permanent},
	"TIMEOUT":               {core.CodeParseTimeout, core.Transient},
	"EXPIRED":               {core.CodeParseTimeout, core.Transient},
}

// unexplained is a failed job that gives no known reason: worth another try.
var unexplained = verdict{core.CodeParseFailed, core.Transient}

// statusError is the cause kept of a refused call: never the service's words.
type statusError struct {
	status int
	gone   gone
}

func (e statusError) Error() string { return fmt.Sprintf("llamaparse: HTTP %d", e.status) }

// gone tells the kinds of 404 apart.
type gone int

const (
	goneOther  gone = iota // no job, no file, no such address
	goneResult             // the job is there and its result not yet
)

// refused turns an answer that is not 2xx into an error.
func refused(resp *http.Response) error {
	words := detailOf(resp.Body)
	v := verdictOf(resp.StatusCode, words)
	cause := statusError{status: resp.StatusCode}
	if strings.HasPrefix(words, "result not found") {
		cause.gone = goneResult
	}
	e := &core.Error{Code: v.code, Kind: v.kind, Err: cause}
	if wait, ok := retryAfter(resp.Header, time.Now()); ok && v.kind != core.Permanent {
		e.After = wait
		if resp.StatusCode == http.StatusServiceUnavailable {
			e.Kind = core.Busy // it said when to come back: that costs no try
		}
	}
	return e
}

func verdictOf(status int, words string) verdict {
	v, known := byStatus[status]
	switch {
	case status == http.StatusTooManyRequests && strings.Contains(words, "maximum number of"):
		return verdict{core.CodeParserCredits, core.Paused} // a limit of the plan, not of the minute
	case known:
		return v
	case status >= 400 && status < 500:
		return refusal
	default:
		return outage
	}
}

// detailOf reads the error's own words, lower-case, to tell cases apart. The
// field is a text, or a list of validation errors, which needs no reading.
func detailOf(body io.Reader) string {
	var answer struct {
		Detail json.RawMessage `json:"detail"`
	}
	if json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&answer) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(answer.Detail, &text) != nil {
		return ""
	}
	return strings.ToLower(text)
}

// retryAfter reads Retry-After-Ms and Retry-After, in seconds or as a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return clamp(ms / 1000)
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return clamp(seconds)
	}
	if at, err := http.ParseTime(value); err == nil {
		return clamp(at.Sub(now).Seconds())
	}
	return 0, false
}

// clamp holds a wait within 0 and longestWait; what is no number is no wait.
func clamp(seconds float64) (time.Duration, bool) {
	switch {
	case seconds != seconds:
		return 0, false
	case seconds <= 0:
		return 0, true
	case seconds >= longestWait.Seconds():
		return longestWait, true
	default:
		return time.Duration(seconds * float64(time.Second)), true
	}
}

// broken is a call without a usable answer: its outcome is unknown.
func broken(ctx context.Context, cause error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("llamaparse: %w", err)
	}
	e := core.Fail(core.CodeParserUnavailable, cause)
	var op *net.OpError
	e.Paid = !errors.As(cause, &op) || op.Op != "dial" // it may have been served
	return e
}

// jobFailure reads why a job failed. The reason stands in a field of its own
// or somewhere within the message; the message itself is not kept.
func jobFailure(code, message string) error {
	words := strings.FieldsFunc(code+" "+message, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' })
	for _, word := range words {
		if v, ok := byFailure[word]; ok {
			return &core.Error{Code: v.code, Kind: v.kind}
		}
	}
	return &core.Error{Code: unexplained.code, Kind: unexplained.kind}
}
