// Package client speaks the service's HTTP API for one person: typed calls,
// problems as errors with words, tries again where that cannot do harm. It
// keeps no session of its own; a Tokens hands it what to send.
package client
