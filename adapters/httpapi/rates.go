package httpapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

// Scope is whose requests a rule counts together.
type Scope string

// The scopes.
const (
	PerUser    Scope = "user"            // the account that the access token speaks for; an API key is counted by itself
	PerAddress Scope = "address"         // the client's address; of IPv6 its /64
	PerAccount Scope = "account"         // the account that the request names, whoever sends it
	PerBoth    Scope = "account_address" // the same, from one address
)

// words is the scope for people.
func (s Scope) words() string { return strings.ReplaceAll(string(s), "_", " and ") }

// Rule is one row of the table of rates: Requests at once, and from then on as
// evenly as Requests in each Window.
type Rule struct {
	Name     string
	Scope    Scope
	Requests int
	Window   time.Duration // whole seconds
	About    string        // what it is for
}

// The rules' names.
const (
	ruleReads    = "reads"
	ruleStatus   = "status"
	ruleWrites   = "writes"
	ruleSearch   = "search"
	ruleAuth     = "auth"
	rulePassword = "password"
	rulePublic   = "public"
	ruleProbes   = "probes"

	ruleAccount    = "account"
	ruleAccountAll = "account-anywhere"
	ruleCallbacks  = "callbacks"
)

// defaultRules is the rates of production. A day's documents may each be asked
// after once a second: no client that waits for its uploads meets the rule.
func defaultRules(documents int) []Rule {
	return []Rule{
		{ruleReads, PerUser, 600, time.Minute, "reading documents, lists, files and the account"},
		{ruleStatus, PerUser, 60 * documents, time.Minute, "asking where a document stands"},
		{ruleWrites, PerUser, 120, time.Minute, "uploading, retrying and deleting"},
		{ruleSearch, PerUser, 60, time.Minute, "searching"},
		{ruleAuth, PerAddress, 20, time.Minute, "signing up, signing in, refreshing and asking for mails"},
		{rulePassword, PerUser, 10, time.Minute, "changing the password and deleting the account: the present password is not to be guessed"},
		{rulePublic, PerAddress, 300, time.Minute, "everything else that needs no token, and what is sent without a valid one"},
		{ruleProbes, PerAddress, 6000, time.Minute, "the platform's probes"},
		{ruleAccount, PerBoth, 10, 10 * time.Minute, "signing up or in and asking for mails with one e-mail address, from one address; beside the rule of the operation"},
		{ruleAccountAll, PerAccount, 100, 15 * time.Minute, "the same from everywhere"},
		{ruleCallbacks, PerAddress, 12_000, time.Minute, "callbacks of the parser, at the webhook"},
	}
}

// ruleOfRoute names the rule of the routes whose method does not tell it.
var ruleOfRoute = map[string]string{
	"GET /documents/{id}/status":   ruleStatus,
	"POST /documents/batch-status": ruleReads,
	"POST " + pathFinished:         ruleStatus,
	"POST /search":                 ruleSearch,
	"POST " + pathSearchAlias:      ruleSearch,
	"POST /auth/signup":            ruleAuth,
	"POST /auth/login":             ruleAuth,
	"POST /auth/refresh":           ruleAuth,
	"GET " + pathAuthorize:         ruleAuth,
	"POST " + pathExchange:         ruleAuth,
	"GET " + pathArrive:            ruleAuth,
	"POST " + pathRecover:          ruleAuth,
	"POST " + pathResend:           ruleAuth,
	confirmForm:                    ruleAuth,
	"PUT " + pathPassword:          rulePassword,
	"DELETE " + pathUser:           rulePassword,
	"POST " + pathSignUpAlias:      ruleAuth,
	"POST " + pathLoginAlias:       ruleAuth,
	"GET /livez":                   ruleProbes,
	"GET /readyz":                  ruleProbes,
}

// namesAccount is the routes whose body names an account by its e-mail address.
var namesAccount = map[string]bool{
	"POST /auth/signup": true, "POST /auth/login": true, "POST " + pathSignUpAlias: true, "POST " + pathLoginAlias: true,
	"POST " + pathRecover: true, "POST " + pathResend: true,
}

// ruleOfHook is the one rule of a route of the webhook.
func ruleOfHook(route string) string {
	switch name := ruleOfRoute[route]; {
	case name == ruleProbes:
		return name
	case strings.HasPrefix(route, "POST "):
		return ruleCallbacks
	default:
		return rulePublic
	}
}

// ruleOf is the one rule of a route. A route without a token cannot be counted
// by user, so it falls under an address rule, whatever its method.
func ruleOf(route string) string {
	name, listed := ruleOfRoute[route]
	switch {
	case listed:
		return name
	case publicSet()[route]:
		return rulePublic
	case strings.HasPrefix(route, "GET "):
		return ruleReads
	default:
		return ruleWrites
	}
}

// withRules fills in the rules that are missing or without a number, so that no
// route is ever without one.
func withRules(rules []Rule) []Rule {
	filled := defaultRules(uploadsPerDay)
	for i, d := range filled {
		for _, r := range rules {
			if r.Name == d.Name && r.Requests > 0 && r.Window >= time.Second {
				filled[i].Requests, filled[i].Window = r.Requests, r.Window.Round(time.Second)
			}
		}
	}
	return filled
}

// Raise is the limits with every rate made larger by a factor.
func (l Limits) Raise(factor int) Limits {
	raised := withRules(l.Rates)
	for i := range raised {
		raised[i].Requests *= max(factor, 1)
	}
	l.Rates = raised
	return l
}

func (r Rule) rate() ports.Rate {
	return ports.Rate{Name: r.Name, Requests: r.Requests, Window: r.Window}
}

// seconds is the window as headers and answers tell it.
func (r Rule) seconds() int { return int(r.Window / time.Second) }

// rateWords lists the rates for people.
func (l Limits) rateWords() string {
	words := make([]string, 0, len(l.Rates))
	for _, r := range l.Rates {
		words = append(words, fmt.Sprintf("%s: %d requests in %d seconds per %s (%s)", r.Name, r.Requests, r.seconds(), r.Scope.words(), r.About))
	}
	return "Rates, each operation under the one its x-rate-limit names: " + strings.Join(words, "; ") +
		". Beyond a rate the answer is 429 with Retry-After; RateLimit and RateLimit-Policy tell what is left."
}
