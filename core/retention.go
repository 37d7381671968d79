package core

import (
	"slices"
	"time"
)

// Kept is a kind of thing that is kept for a time.
type Kept string

// The kinds. What belongs to a document goes with it, whatever its age.
const (
	KeptDocuments Kept = "documents"
	KeptEvents    Kept = "events"
	KeptDeletions Kept = "deletions"
	KeptHolds     Kept = "holds"
	KeptCallbacks Kept = "webhook_log"
	KeptKeys      Kept = "idempotency_keys"
	KeptSessions  Kept = "sessions"
	KeptMails     Kept = "mails"
	KeptUnused    Kept = "unconfirmed_accounts"
	KeptEnded     Kept = "ended_sessions"
	KeptTries     Kept = "sign_in_tries"
	KeptUploads   Kept = "uploads"
	KeptInstances Kept = "instances"
	KeptJobs      Kept = "jobs"
	KeptDiscarded Kept = "jobs_discarded"
)

// Forever is the time of what nobody removes but its owner.
const Forever time.Duration = 0

const (
	day   = 24 * time.Hour
	years = 8766 * time.Hour // with its share of the leap day
)

// Retention is how long a kind is kept, and from when on.
type Retention struct {
	Kind    Kept
	Setting string        // the environment variable; empty where there is none
	For     time.Duration // Forever, or the age from which it is removed
	Least   time.Duration // that the setting may be; Forever passes always
	About   string        // what it is, and from when the time counts
}

// DefaultRetention is the retention clock: every kind, in the order in which a
// round removes them, with the time that holds where nothing is set.
func DefaultRetention() []Retention {
	return []Retention{
		{KeptDocuments, "RETAIN_DOCUMENTS", Forever, 30 * day, "a document with its file, text, chunks and vectors: since the upload"},
		{KeptEvents, "RETAIN_EVENTS", 6 * years, 6 * years, "what happened to a document, in words of the Line: since its deletion; a document's own stay with it"},
		{KeptDeletions, "RETAIN_DELETIONS", 6 * years, 6 * years, "tombstones and receipts: since the deletion; not shorter than the events, and longer than any backup"},
		{KeptHolds, "RETAIN_HOLDS", 6 * years, 6 * years, "legal holds: since they were lifted"},
		{KeptCallbacks, "RETAIN_WEBHOOK_LOG", 90 * day, 7 * day, "that a callback came, without its body: since it came"},
		{KeptKeys, "", 24 * time.Hour, 0, "sealed answers under idempotency keys: since the request"},
		{KeptSessions, "", time.Hour, 0, "sessions of local accounts: since their last refresh token expired"},
		{KeptMails, "", 2 * day, 0, "mails of local accounts, without their text: since they were asked for"},
		{KeptUnused, "", 7 * day, 0, "local accounts that nobody confirmed or signed in to: since the last sign-up with their address"},
		{KeptEnded, "", 8 * day, 0, "that a session kept elsewhere was ended: since then, longer than any of its tokens lives"},
		{KeptTries, "", 90 * day, 0, "digests under which tries of passwords were counted: since the last one"},
		{KeptUploads, "RETAIN_UPLOADS", 30 * day, day, "announced uploads: since they ended and nothing can be sent to their address"},
		{KeptInstances, "RETAIN_INSTANCES", 7 * day, time.Hour, "processes that are no more: since their last sign of life"},
		{KeptJobs, "RETAIN_JOBS", 24 * time.Hour, time.Hour, "River's rows of jobs that were done or cancelled: since then"},
		{KeptDiscarded, "RETAIN_JOBS_DISCARDED", 7 * day, day, "River's rows of jobs that were given up: since then"},
	}
}

// RetentionOf finds a kind in a clock; zero where it is not in it.
func RetentionOf(clock []Retention, kind Kept) Retention {
	i := slices.IndexFunc(clock, func(r Retention) bool { return r.Kind == kind })
	if i < 0 {
		return Retention{}
	}
	return clock[i]
}

// Hold is a legal hold: while it stands neither the owner nor the retention
// clock can delete what it covers.
type Hold struct {
	ID       ID         `json:"hold_id"`
	Document ID         `json:"document_id,omitzero"` // zero: every document of the owner, later ones too
	User     ID         `json:"user_id"`
	Reason   string     `json:"reason"` // a code that leads to the case, never about a person
	Operator string     `json:"operator"`
	SetAt    time.Time  `json:"set_at"`
	LiftedAt *time.Time `json:"lifted_at,omitempty"`
	LiftedBy string     `json:"lifted_by,omitempty"`
}
