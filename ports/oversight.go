package ports

import (
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Case is everything the database knows of one document, for on-call: ids,
// numbers and words of ours, no name, no text.
type Case struct {
	Document core.Document
	Upload   core.UploadState // of a document that is only announced; else ""
	Since    time.Time        // in the status
	Marks    []core.Mark      // of its file and text
	Created  time.Time
	NextPoll time.Time // zero: none is planned
	Callback time.Time // first authentic one; zero: none
	Trouble  *core.Trouble

	Moves    []CaseMove
	Job      *CaseJob // that will still run, or else the last one; nil: none is kept
	Live     core.JobState
	Inbox    []CaseCallback
	Pages    CasePages
	Chunks   CaseChunks
	Receipt  *core.Receipt
	Deadline time.Time
	Held     bool      // by a legal hold, of its own or of its owner
	Now      time.Time // the database's
}

// CaseMove is one event.
type CaseMove struct {
	At      time.Time     `json:"at"`
	Attempt int           `json:"attempt"`
	Was     core.Status   `json:"was,omitempty"`
	Status  core.Status   `json:"status"`
	Lasted  time.Duration `json:"lasted_ns"` // in the status left
	Code    core.Code     `json:"code,omitempty"`
}

// CaseJob is one of River's jobs.
type CaseJob struct {
	ID        int64     `json:"id"`
	Stage     string    `json:"stage"`
	State     string    `json:"state"` // River's word
	Queue     string    `json:"queue"`
	Paused    bool      `json:"queue_paused"`
	Run       int       `json:"run"`
	Runs      int       `json:"runs_allowed"`
	Snoozes   int       `json:"snoozes"`
	Lost      int       `json:"runs_lost"` // with their processes
	At        time.Time `json:"scheduled_at"`
	Attempted time.Time `json:"attempted_at"` // zero: never
	Process   string    `json:"process"`      // that has it, or had it last
	Alive     bool      `json:"process_alive"`
	LastCode  string    `json:"last_code"` // of the last run that did not end well
}

// CaseCallback is one row of the inbox.
type CaseCallback struct {
	At         time.Time `json:"at"`
	Event      string    `json:"event"`
	Outcome    string    `json:"outcome"`
	Deliveries int       `json:"deliveries"`
}

// CasePages counts the parsed pages by what became of them.
type CasePages struct {
	Parsed int `json:"parsed"`
	Blank  int `json:"blank"`
	Failed int `json:"failed"`
}

// CaseChunks counts the chunks of the document's generation.
type CaseChunks struct {
	Stored   int `json:"stored"`
	Embedded int `json:"embedded"`
	Expected int `json:"expected"` // by the attempt's own record
}

// Whereabouts is what the document is waiting for.
func (c *Case) Whereabouts() core.Whereabouts {
	switch {
	case c.Upload == core.UploadAwaited:
		return core.AwaitsFile
	case c.Upload == core.UploadFailed || c.Upload == core.UploadExpired:
		return core.Failed
	case c.Upload != "":
		return core.AtEnd
	}
	return core.WhereaboutsOf(c.Document.Status, c.Live, !c.NextPoll.IsZero())
}

// Why is the code of what ended the document, or of what its job waits for;
// empty where all is well.
func (c *Case) Why() core.Code {
	switch {
	case c.Trouble != nil:
		return c.Trouble.Code
	case c.Job != nil && c.Live.There:
		return core.Code(c.Job.LastCode)
	}
	return ""
}

// Failures asks for documents whose present attempt failed. A field left empty
// bounds nothing.
type Failures struct {
	Code  core.Code
	Stage core.Stage
	Since time.Time // ended then or later
	Limit int
}

// Failure is a document that failed, without anything of what it says.
type Failure struct {
	Document core.ID     `json:"document_id"`
	Owner    core.ID     `json:"owner_id"`
	Attempt  int         `json:"attempt"`
	Status   core.Status `json:"status"`
	Code     core.Code   `json:"code"`
	Stage    core.Stage  `json:"stage"`
	At       time.Time   `json:"at"`
}

// FailureCount is how many failed at a stage with a code.
type FailureCount struct {
	Code   core.Code  `json:"code"`
	Stage  core.Stage `json:"stage"`
	Count  int        `json:"count"`
	Oldest time.Time  `json:"oldest"`
	Newest time.Time  `json:"newest"`
}

// QueueLoad is how much a queue has to do.
type QueueLoad struct {
	Queue    string        `json:"queue"`
	Paused   *core.Pause   `json:"paused"`
	Waiting  int           `json:"waiting"`  // may be taken now
	Snoozing int           `json:"snoozing"` // for later, or for the next try
	Running  int           `json:"running"`
	Lost     int           `json:"lost"`      // running, and their process is dead
	Oldest   time.Duration `json:"oldest_ns"` // that a job has been waiting to be taken
}
