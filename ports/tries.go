package ports

import "context"

// Try is one try of a password. Neither field is kept as it is.
type Try struct {
	Account string // what was typed as the account's address, or its id
	Client  string // where the try came from
}

// TryEnd is what came of a try.
type TryEnd int

// The ends. A try that nobody settles counts as wrong.
const (
	TryRight     TryEnd = iota // the password was right: the client is known from here on
	TryUndecided               // the password was not looked at: the try did not happen
)

// Tries counts tries of passwords under the account, the client and the pair,
// in one place for all processes, and holds back those that come too often. A
// client that an account was signed in to from is held by its own tries alone,
// so that a stranger locks nobody out.
type Tries interface {
	// Begin counts a try, before the password is looked at: of many at once no
	// more pass than of many in a row. CodeRateLimited, with how long to wait,
	// says that this one is not to be made.
	Begin(ctx context.Context, t Try) error

	// Settle takes back what Begin counted, where the try was not a wrong one.
	Settle(ctx context.Context, t Try, end TryEnd) error
}
