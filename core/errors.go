package core

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Kind says what is to be done about an error.
type Kind int

// The kinds of error. An edge maps each to one HTTP status or one queue verdict.
const (
	Transient Kind = iota // try again; counts as a try
	Busy                  // the outside is busy: wait, does not count as a try
	Paused                // money or a key: wait for a human, does not count as a try
	Permanent             // trying again cannot help
	NotFound              // there is no such thing, or it is another's
	Conflict              // it is there already, or moved on meanwhile
	Invalid               // the caller's input is at fault
	Denied                // the caller may not
)

var kindNames = [...]string{"transient", "busy", "paused", "permanent", "not_found", "conflict", "invalid", "denied"}

// String is the kind's word in logs and metrics.
func (k Kind) String() string {
	if k >= 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Error is an error with words inside. Its text is the code alone: it may be
// stored in the queue and in logs, so it never holds what the outside said.
type Error struct {
	Code  Code
	Kind  Kind
	After time.Duration // Busy, Paused: when to look again; 0 leaves it to the caller
	Page  int           // the page at fault, where one is; 1-based
	Paid  bool          `json:"-"` // the outside may have billed the call: its answer was lost or useless
	Err   error         `json:"-"` // the cause, for errors.Is within the process; never printed
}

// Error is the code.
func (e *Error) Error() string { return string(e.Code) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fail makes an error of a code, with the code's own kind.
func Fail(code Code, cause error) *Error {
	return &Error{Code: code, Kind: code.Kind(), Err: cause}
}

// Wait makes a Busy error that asks to be tried again after d.
func Wait(code Code, d time.Duration, cause error) *Error {
	return &Error{Code: code, Kind: Busy, After: d, Err: cause}
}

// AsError finds the *Error in a chain. Any other error becomes CodeInternal,
// transient: an unknown fault is tried again and never shown.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeInternal, Kind: Transient, Err: err}
}

// HasCode reports whether err carries the code.
func HasCode(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// ErrStale says the document moved on without this step: nothing was written,
// and there is nothing left to do.
var ErrStale = errors.New("stale step")

// ErrEarly says the step's turn has not come: the status it starts from is
// still ahead. The step is to be run again shortly.
var ErrEarly = errors.New("early step")

// Trouble is what a document's failed attempt tells its owner.
type Trouble struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
	Page    int    `json:"page,omitempty"`
	Stage   Stage  `json:"stage"`
}

// TroubleOf is the owner's reading of an error at a stage.
func TroubleOf(stage Stage, err error) Trouble {
	e := AsError(err)
	words := e.Code.words()
	return Trouble{Code: e.Code, Message: words.message, Advice: words.advice, Page: e.Page, Stage: stage}
}

// Format prints the code alone whatever the verb, of a pointer and of a value:
// %+v and %#v would else print the cause.
func (e Error) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		_, _ = fmt.Fprintf(f, "core.Error{Code: %q, Kind: %s}", string(e.Code), e.Kind)
	case verb == 'q':
		_, _ = fmt.Fprintf(f, "%q", string(e.Code))
	default:
		_, _ = io.WriteString(f, string(e.Code))
	}
}
