package openai

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// room reads what the service says is left of its limits; nil where it does not
// say it of both. Of tokens it may count by project, too: the lesser counts.
func room(header http.Header) *core.Room {
	requests, ok := share(header, "Requests")
	tokens, told := share(header, "Tokens")
	if !ok || !told {
		return nil
	}
	if ofProject, ok := share(header, "Project-Tokens"); ok {
		tokens = min(tokens, ofProject)
	}
	return &core.Room{Requests: requests, Tokens: tokens}
}

// Limit is one of the service's limits, in its own words.
type Limit struct {
	Resource string // requests, tokens or project_tokens
	Most     float64
	Left     float64
	Reset    time.Time // when it is whole again; zero where it does not say
}

// limits reads what an answer says of the limits: those it says nothing of, or
// half, are left out.
func limits(header http.Header, now time.Time) (list []Limit) {
	for _, name := range rateNames {
		most, known := amount(header, "X-Ratelimit-Limit-"+name)
		left, told := amount(header, "X-Ratelimit-Remaining-"+name)
		if !known || !told {
			continue
		}
		limit := Limit{Resource: strings.ReplaceAll(strings.ToLower(name), "-", "_"), Most: most, Left: left}
		if reset, ok := resetOf(header, name); ok {
			limit.Reset = now.Add(reset)
		}
		list = append(list, limit)
	}
	return list
}

// share is what is left of one limit, 0 to 1.
func share(header http.Header, name string) (float64, bool) {
	limit, err := strconv.ParseFloat(header.Get("X-Ratelimit-Limit-"+name), 64)
	if err != nil || !(limit > 0) {
		return 0, false
	}
	left, err := strconv.ParseFloat(header.Get("X-Ratelimit-Remaining-"+name), 64)
	if err != nil || !(left >= 0) {
		return 0, false
	}
	return min(left/limit, 1), true
}
