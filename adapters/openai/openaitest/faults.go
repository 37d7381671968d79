package openaitest

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is one thing that goes wrong.
type FaultKind string

// Refusals: nothing is charged. All but the first three 429 need a human.
const (
	RateLimitRequests FaultKind = "rate_limit_requests"
	RateLimitTokens   FaultKind = "rate_limit_tokens"
	SlowDown          FaultKind = "slow_down"
	InsufficientQuota FaultKind = "insufficient_quota"
	CreditBalance     FaultKind = "credit_balance_exhausted"
	OrganizationSpend FaultKind = "organization_spend_limit_exceeded"
	ProjectSpend      FaultKind = "project_spend_limit_exceeded"
	OrganizationUsage FaultKind = "organization_usage_limit_exceeded"
	BillingHardLimit  FaultKind = "billing_hard_limit_reached"
	KeyRevoked        FaultKind = "invalid_api_key"
	RegionRefused     FaultKind = "unsupported_country_region_territory"
	ModelGone         FaultKind = "model_not_found"
	BadRequest        FaultKind = "invalid_request_error"
	TooManyTokens     FaultKind = "max_tokens_per_request"
	ServerError       FaultKind = "server_error"
	Overloaded        FaultKind = "server_is_overloaded"
	GatewayPage       FaultKind = "gateway_page"    // 502 in HTML
	GatewayTimeout    FaultKind = "gateway_timeout" // 504 in HTML
	DoorPage          FaultKind = "door_page"       // 403 in HTML, as a firewall sends it
	ConnectionCut     FaultKind = "connection_cut"
	Hang              FaultKind = "hang" // no answer until the client leaves
	Redirected        FaultKind = "redirect"
)

// Answers that are charged and wrong, or late.
const (
	NullVector     FaultKind = "null_vector"
	WrongDimension FaultKind = "wrong_dimension"
	NotANumber     FaultKind = "not_a_number"
	ZeroVector     FaultKind = "zero_vector"
	LongVector     FaultKind = "long_vector" // norm 2
	ShuffledIndex  FaultKind = "shuffled_index"
	DuplicateIndex FaultKind = "duplicate_index"
	EmptyData      FaultKind = "empty_data"
	TruncatedBody  FaultKind = "truncated_body"
	Slow           FaultKind = "slow" // the right answer, Delay later
)

// Fault orders a fault for coming requests. Orders are taken in the order they
// were given, one a request.
type Fault struct {
	Kind       FaultKind
	Skip       int           // requests that pass before the first
	Times      int           // how often; 0 is once, less than 0 for ever
	Health     bool          // strikes GET /v1/models/{id} in place of POST /v1/embeddings
	Match      string        // only requests with a text that holds this; "" is every request
	RetryAfter time.Duration // for refusals: the header; 0 sends none
	RetryForm  RetryForm     // of that header
	Reset      time.Duration // for refusals: the x-ratelimit-reset headers; 0 leaves them
	Delay      time.Duration // for Slow
}

// RetryForm is how Retry-After is written.
type RetryForm string

// The forms. The zero form is whole seconds.
const (
	RetryDate         RetryForm = "date"         // of HTTP
	RetryMilliseconds RetryForm = "milliseconds" // retry-after-ms beside the seconds
)

// Inject orders faults.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, f)
	}
}

// Heal takes every order back.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// take gives the fault that strikes a request with these inputs.
func (s *Server) take(health bool, inputs []input) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		f := &s.faults[i]
		if f.Health != health || f.Times == 0 || !f.matches(inputs) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			return Fault{}, false
		}
		if f.Times > 0 {
			f.Times--
		}
		return *f, true
	}
	return Fault{}, false
}

func (f *Fault) matches(inputs []input) bool {
	return f.Match == "" || slices.ContainsFunc(inputs, func(in input) bool { return strings.Contains(in.text, f.Match) })
}

// faultRefusals are the faults that are an error answer.
var faultRefusals = map[FaultKind]*refusal{
	RateLimitRequests: limitReached("requests", "requests per min (RPM)", tier1Requests),
	RateLimitTokens:   limitReached("tokens", "tokens per min (TPM)", tier1Tokens),
	SlowDown:          invalid(429, "Please slow down and keep a steady rate.").typed("rate_limit_error").coded("slow_down"),
	InsufficientQuota: noMoney(InsufficientQuota, "You exceeded your current quota, please check your plan and billing details."),
	CreditBalance:     noMoney(CreditBalance, "Your credit balance is exhausted."),
	OrganizationSpend: noMoney(OrganizationSpend, "Your organization has reached its spend limit."),
	ProjectSpend:      noMoney(ProjectSpend, "Your project has reached its spend limit."),
	OrganizationUsage: noMoney(OrganizationUsage, "Your organization has reached its usage limit."),
	BillingHardLimit:  noMoney(BillingHardLimit, "Billing hard limit has been reached."),
	KeyRevoked:        invalid(401, "Incorrect API key provided.").coded(string(KeyRevoked)),
	RegionRefused:     invalid(403, "Country, region, or territory not supported.").typed("request_forbidden").coded(string(RegionRefused)),
	ModelGone:         noModel("text-embedding-3-small"),
	BadRequest:        invalid(400, "The request is not valid."),
	TooManyTokens:     tooManyTokens(306_153, MaxTokens),
	ServerError:       invalid(500, "The server had an error while processing your request. Sorry about that!").typed("server_error"),
	Overloaded:        invalid(503, "The engine is currently overloaded, please try again later.").typed("server_error").coded(string(Overloaded)),
}

// faultPages are those that come from a machine before the service, in HTML.
var faultPages = map[FaultKind]int{
	GatewayPage: http.StatusBadGateway, GatewayTimeout: http.StatusGatewayTimeout, DoorPage: http.StatusForbidden,
}

func noMoney(kind FaultKind, message string) *refusal {
	return invalid(http.StatusTooManyRequests, "%s", message).typed(string(InsufficientQuota)).coded(string(kind))
}

// refuse carries a fault out that comes in place of an answer; false says that
// an answer is still to be written.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f Fault) bool {
	f.setWaits(w.Header())
	if refusal, ok := faultRefusals[f.Kind]; ok {
		refusal.write(w)
		return true
	}
	if status, ok := faultPages[f.Kind]; ok {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>", status, http.StatusText(status))
		return true
	}
	switch f.Kind {
	case Redirected:
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case ConnectionCut:
		panic(http.ErrAbortHandler)
	case Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Slow:
		return !pause(r, f.Delay)
	default:
		return false
	}
	return true
}

func (f Fault) setWaits(h http.Header) {
	if f.RetryAfter > 0 {
		seconds := strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds())))
		switch f.RetryForm {
		case RetryDate:
			seconds = time.Now().Add(f.RetryAfter).UTC().Format(http.TimeFormat)
		case RetryMilliseconds:
			h.Set("Retry-After-Ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
		}
		h.Set("Retry-After", seconds)
	}
	if f.Reset > 0 {
		for _, name := range []string{"Requests", "Tokens", "Project-Tokens"} {
			if name != "Project-Tokens" || h.Get("X-Ratelimit-Limit-"+name) != "" {
				h.Set("X-Ratelimit-Reset-"+name, f.Reset.String())
			}
		}
	}
}

// pause waits and reports whether the client is still there.
func pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
