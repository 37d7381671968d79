package postgres

import (
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

// The statements of a search, for a look at their plans: of a few words, and of
// as many as count.
var (
	ExactSQL           = fewTermsSQL.exact
	ExactManySQL       = mostTermsSQL.exact
	ApproximateSQL     = fewTermsSQL.approximate
	ApproximateManySQL = mostTermsSQL.approximate
)

// SearchSettings hold for all of them.
const SearchSettings = searchSettings

// SearchArgs is the parameters of all of them; terms is tsquery[].
func SearchArgs(who ports.Principal, q ports.Query, terms string) []any {
	return searchArgs(who, q, terms)
}

// SetApproximateAbove changes from how many chunks on the optional index is used.
func (l *Library) SetApproximateAbove(chunks int) { l.approximateAbove = chunks }

// AuditRules names the rules that have a query here.
func AuditRules() (names []string) {
	for name := range auditSQL {
		names = append(names, name)
	}
	return names
}

// SetPrompt changes what a callback waits for a connection.
func (s *Store) SetPrompt(wait time.Duration) { s.prompt = wait }

// DeadAfter is when a connection whose other end is gone counts as broken.
const DeadAfter = deadAfter
