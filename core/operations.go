package core

import (
	"strings"
	"time"
	"unicode"
)

// Pause is something that rests by an operator's will.
type Pause struct {
	What     string    `json:"what"` // PauseIntake, or PauseQueue of a queue
	Since    time.Time `json:"since"`
	Operator string    `json:"operator,omitempty"`
	Reason   string    `json:"reason,omitempty"` // for operators alone
}

// PauseIntake is the name of the pause of uploads.
const PauseIntake = "intake"

// PauseQueue is the name of a queue's pause.
func PauseQueue(queue string) string { return "queue:" + queue }

// Queue is the queue that rests; ok is false for the intake.
func (p Pause) Queue() (queue string, ok bool) { return strings.CutPrefix(p.What, "queue:") }

// Code is the code of what rests.
func (p Pause) Code() Code {
	if p.What == PauseIntake {
		return CodeIntakePaused
	}
	return CodeQueuePaused
}

// ServiceOperator is who lets a queue rest when no person does: the service,
// which a provider refuses, with the code as the reason. It lets the queue go on
// when the provider takes us again; a person's pause it leaves alone.
const ServiceOperator = "service"

// Audit says who does something, and why.
type Audit struct {
	Operator string // 1 to 64 bytes
	Reason   string // up to 200 bytes: a ticket or a few words, never about a person
}

// The bounds of an Audit.
const (
	MaxOperator = 64
	MaxReason   = 200
)

// Fault says what of the audit cannot be kept; "" when it can.
func (a Audit) Fault() string {
	switch {
	case a.Operator == "" || len(a.Operator) > MaxOperator || unprintable(a.Operator):
		return "the operator's name: 1 to 64 printable bytes"
	case a.Operator == ServiceOperator:
		return "the operator's name: " + ServiceOperator + " is what the service calls itself"
	case len(a.Reason) > MaxReason || unprintable(a.Reason):
		return "the reason: up to 200 printable bytes"
	}
	return ""
}

func unprintable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Whereabouts says what a document is waiting for.
type Whereabouts string

// The whereabouts. Orphaned is the one that should not be: the sweeper gives
// such a document a job again.
const (
	AwaitsFile   Whereabouts = "awaiting_upload"  // announced, its file has not come
	InQueue      Whereabouts = "queued"           // its job waits for a worker
	HeldBack     Whereabouts = "paused"           // its job's queue is paused
	AtWork       Whereabouts = "running"          // a living process works on it
	Adrift       Whereabouts = "lost"             // its process is dead: the rescue comes
	Snoozing     Whereabouts = "snoozing"         // its job waits to be tried again
	AtProvider   Whereabouts = "waiting_provider" // the parser has it; a callback or a poll is next
	Orphaned     Whereabouts = "orphaned"         // it has no job
	BeingDeleted Whereabouts = "deleting"         // its purge is under way
	Failed       Whereabouts = "failed"           // its attempt ended with a reason
	AtEnd        Whereabouts = "ended"            // complete, or cancelled
)

// JobState is what a queue does with a job that will still run.
type JobState struct {
	There   bool // false: there is no such job
	Running bool
	Alive   bool // of a running one: its process has a heartbeat
	Due     bool // of a waiting one: it may be taken now
	Paused  bool // its queue is
}

// WhereaboutsOf tells where a document with a status is, by the live job of
// its attempt; polls says that a poll of the parser is planned.
func WhereaboutsOf(status Status, job JobState, polls bool) Whereabouts {
	switch {
	case status.Failed():
		return Failed
	case status == Complete || status == Cancelled:
		return AtEnd
	case !job.There && status == ParseQueued && polls:
		return AtProvider
	case !job.There:
		return Orphaned
	case job.Running && !job.Alive:
		return Adrift
	case status == Deleting:
		return BeingDeleted
	case job.Running:
		return AtWork
	case job.Paused:
		return HeldBack
	case !job.Due:
		return Snoozing
	}
	return InQueue
}
