package openai

import (
	"net/http"
	"strconv"

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
