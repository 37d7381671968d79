package core

import (
	"errors"
	"slices"
	"time"
)

// Verdict is what becomes of a job whose stage returned an error.
type Verdict string

// The verdicts.
const (
	VerdictRetry  Verdict = "retry"  // run again, as often as the stage's tries allow; then the document fails
	VerdictSnooze Verdict = "snooze" // run again; no try is counted, but the time is
	VerdictPause  Verdict = "pause"  // the queue rests until the service accepts us again; nothing is counted
	VerdictFail   Verdict = "fail"   // the document fails now
)

// Service is something outside that a stage needs.
type Service string

// The services.
const (
	ServiceParser   Service = "parser"
	ServiceEmbedder Service = "embedder"
	ServiceStorage  Service = "storage"
	ServiceAccounts Service = "accounts"
	ServiceDatabase Service = "database"
	ServiceScanner  Service = "scanner"
)

// Needs lists the services, beside the database, without which a stage can do
// nothing. A queue rests for a service that each of its stages needs.
func (s Stage) Needs() []Service {
	switch s {
	case Parse:
		return []Service{ServiceParser, ServiceStorage}
	case Receive, Forget:
		return []Service{ServiceParser}
	case Embed, Reembed:
		return []Service{ServiceEmbedder}
	case Arrive:
		return []Service{ServiceStorage}
	case Purge:
		return []Service{ServiceStorage, ServiceParser}
	}
	return nil
}

// Ruling is a row of the table of verdicts.
type Ruling struct {
	Verdict Verdict
	Accused Service // the service at fault; empty where none is
	// Wait is the time before the next run: the least one of a snooze and of a
	// pause, and the first one of a retry, which doubles to Most.
	Wait, Most time.Duration
}

// rulings is what each kind of error comes to. Every kind that is not here
// fails the document.
var rulings = map[Kind]Ruling{
	Transient: {Verdict: VerdictRetry, Wait: time.Second, Most: time.Minute},
	Busy:      {Verdict: VerdictSnooze, Wait: 15 * time.Second},
	Paused:    {Verdict: VerdictPause, Wait: time.Minute},
}

// accused says whom a code accuses: the service was away, would not have us, or
// answered what cannot be right. A code that is not here is nobody's fault
// outside, or the document's own.
var accused = map[Code]Service{
	CodeParserUnavailable: ServiceParser,
	CodeParserBusy:        ServiceParser,
	CodeParserKey:         ServiceParser,
	CodeParserCredits:     ServiceParser,

	CodeEmbedderUnavailable: ServiceEmbedder,
	CodeEmbedderBusy:        ServiceEmbedder,
	CodeEmbedderKey:         ServiceEmbedder,
	CodeEmbedderCredits:     ServiceEmbedder,
	CodeBadVectors:          ServiceEmbedder,

	CodeStorageUnavailable:  ServiceStorage,
	CodeStorageDenied:       ServiceStorage,
	CodeAccountsUnavailable: ServiceAccounts,
	CodeDatabaseUnavailable: ServiceDatabase,
	CodeScanUnavailable:     ServiceScanner,
}

// Rule is the one table from errors to verdicts: by the error's kind, which an
// adapter may have set apart from its code's usual one, and by the service that
// the code accuses. A Paused error that accuses nobody is put off: there is
// nobody to be asked whether it is over.
func Rule(e *Error) Ruling {
	ruling, ok := rulings[e.Kind]
	if !ok {
		return Ruling{Verdict: VerdictFail, Accused: accused[e.Code]}
	}
	ruling.Accused = accused[e.Code]
	if ruling.Verdict == VerdictPause && ruling.Accused == "" {
		ruling.Verdict = VerdictSnooze
	}
	return ruling
}

// Outage reports whether the error shows that the service it accuses does not
// work: it was away, or its answer was no answer. A refusal, and a request to
// come later, come from one that works.
func Outage(err error) (Service, bool) {
	var e *Error
	if !errors.As(err, &e) || errors.Is(err, ErrUnasked) {
		return "", false
	}
	outages := []Code{CodeParserUnavailable, CodeEmbedderUnavailable, CodeStorageUnavailable, CodeAccountsUnavailable, CodeScanUnavailable}
	return accused[e.Code], slices.Contains(outages, e.Code)
}

// ErrUnasked says, in an error's chain, that the outside was not asked at all:
// the call has had no effect there.
var ErrUnasked = errors.New("the outside was not asked")

// Settled reports whether it is certain that a call which ended so had no
// effect outside: it was not made, or refused before anything was done.
func Settled(err error) bool {
	var e *Error
	switch {
	case errors.Is(err, ErrUnasked):
		return true
	case !errors.As(err, &e):
		return false
	}
	return e.Kind == Paused || e.Kind == Busy && e.Code == CodeParserBusy
}
