package httpapi

import (
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// WatchedPage is a part of all documents, the newest first.
type WatchedPage struct {
	Documents  []WatchedDocument `json:"documents" nullable:"false" doc:"As operators see them"`
	NextCursor *string           `json:"next_cursor" nullable:"true" doc:"Leads to the next page; null at the end"`
}

// WatchedDocument is a document as operators see it.
type WatchedDocument struct {
	DocumentID string         `json:"document_id" format:"uuid"`
	OwnerID    string         `json:"owner_id" format:"uuid" doc:"The account it belongs to"`
	Status     documentStatus `json:"status"`
	Since      time.Time      `json:"since" doc:"In this status"`
	Attempt    int            `json:"attempt" doc:"1 for the first"`
	BytesLen   int64          `json:"bytes_len"`
	Mime       string         `json:"mime"`
	Pages      int            `json:"pages" doc:"0 for formats without pages"`
	Code       string         `json:"code,omitempty" doc:"Why it failed"`
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

func watchedOf(w ports.Watched) WatchedDocument {
	return WatchedDocument{
		DocumentID: w.Document.String(), OwnerID: w.Owner.String(), Status: documentStatus(w.Status), Since: w.Since.UTC(), Attempt: w.Attempt,
		BytesLen: w.Size, Mime: w.ContentType, Pages: w.Pages, Code: string(w.Code), CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
}

// DocumentStory is what the database knows of one document, for operators.
type DocumentStory struct {
	DocumentID string          `json:"document_id" format:"uuid"`
	OwnerID    string          `json:"owner_id" format:"uuid" doc:"The account it belongs to"`
	Status     documentStatus  `json:"status"`
	Since      time.Time       `json:"since" doc:"In this status"`
	Where      string          `json:"where" doc:"What it waits for: queued, running, snoozing, waiting_provider, orphaned and the like" example:"waiting_provider"`
	Attempt    int             `json:"attempt" doc:"1 for the first"`
	Code       string          `json:"code,omitempty" doc:"Why it failed, or why its job waits"`
	CreatedAt  time.Time       `json:"created_at"`
	BytesLen   int64           `json:"bytes_len"`
	Mime       string          `json:"mime"`
	Held       bool            `json:"legal_hold" doc:"Nobody can delete it"`
	Moves      []StoryMove     `json:"events" nullable:"false" doc:"What happened, in its order"`
	Job        *StoryJob       `json:"job,omitempty" doc:"That will still run, or else the last one; not there when none is kept"`
	Callbacks  []StoryCallback `json:"callbacks" nullable:"false" doc:"Of the parser"`
	Pages      StoryPages      `json:"pages" doc:"Parsed pages by what became of them"`
	Chunks     StoryChunks     `json:"chunks" doc:"Chunks of the document"`
	Deadline   *time.Time      `json:"deadline" nullable:"true" doc:"Of parsing; null where there is none"`
	NextPoll   *time.Time      `json:"next_poll" nullable:"true" doc:"Of the parser; null where none is planned"`
}

// StoryMove is one change of status.
type StoryMove struct {
	At       time.Time `json:"at" doc:"When"`
	Attempt  int       `json:"attempt" doc:"1 for the first"`
	Was      string    `json:"was,omitempty" doc:"The status before"`
	Status   string    `json:"status"`
	LastedMS int64     `json:"lasted_ms" doc:"In the status before, in milliseconds"`
	Code     string    `json:"code,omitempty" doc:"Why, of a failed end"`
}

// StoryJob is the document's job in its queue.
type StoryJob struct {
	Stage    string    `json:"stage" doc:"What it does"`
	State    string    `json:"state" doc:"The queue's word"`
	Queue    string    `json:"queue" doc:"Where it stands"`
	Paused   bool      `json:"queue_paused" doc:"Its queue rests"`
	Run      int       `json:"run" doc:"Times it was begun"`
	Runs     int       `json:"runs_allowed" doc:"Times it may be"`
	Snoozes  int       `json:"snoozes" doc:"Times it was put off"`
	Lost     int       `json:"runs_lost" doc:"With their processes"`
	At       time.Time `json:"scheduled_at" doc:"When it is due"`
	Alive    bool      `json:"process_alive" doc:"The process that took it last has a heartbeat"`
	LastCode string    `json:"last_code,omitempty" doc:"Of the last run that did not end well"`
}

// StoryCallback is one callback of the parser.
type StoryCallback struct {
	At         time.Time `json:"at" doc:"When it came first"`
	Event      string    `json:"event" doc:"The parser's word"`
	Outcome    string    `json:"outcome" doc:"What became of it"`
	Deliveries int       `json:"deliveries" doc:"Times it came"`
}

// StoryPages counts parsed pages.
type StoryPages struct {
	Parsed int `json:"parsed" doc:"With text"`
	Blank  int `json:"blank" doc:"Without"`
	Failed int `json:"failed" doc:"That could not be read"`
}

// StoryChunks counts chunks.
type StoryChunks struct {
	Stored   int `json:"stored" doc:"In the database"`
	Embedded int `json:"embedded" doc:"With their vector"`
	Expected int `json:"expected" doc:"By the attempt's own record"`
}

func storyOf(c ports.Case) DocumentStory {
	body := DocumentStory{
		DocumentID: c.Document.ID.String(), OwnerID: c.Document.User.String(), Status: documentStatus(c.Document.Status), Since: c.Since.UTC(),
		Where: string(c.Whereabouts()), Attempt: c.Document.Attempt, CreatedAt: c.Created.UTC(), BytesLen: c.Document.Size,
		Mime: c.Document.ContentType, Held: c.Held, Moves: make([]StoryMove, 0, len(c.Moves)), Callbacks: make([]StoryCallback, 0, len(c.Inbox)),
		Pages: StoryPages(c.Pages), Chunks: StoryChunks(c.Chunks), Deadline: momentOf(c.Deadline), NextPoll: momentOf(c.NextPoll),
		Code: string(c.Why()),
	}
	for _, m := range c.Moves {
		body.Moves = append(body.Moves, StoryMove{
			At: m.At.UTC(), Attempt: m.Attempt, Was: string(m.Was), Status: string(m.Status), LastedMS: m.Lasted.Milliseconds(), Code: string(m.Code),
		})
	}
	for _, i := range c.Inbox {
		body.Callbacks = append(body.Callbacks, StoryCallback{At: i.At.UTC(), Event: i.Event, Outcome: i.Outcome, Deliveries: i.Deliveries})
	}
	if j := c.Job; j != nil {
		body.Job = &StoryJob{
			Stage: j.Stage, State: j.State, Queue: j.Queue, Paused: j.Paused, Run: j.Run, Runs: j.Runs, Snoozes: j.Snoozes, Lost: j.Lost,
			At: j.At.UTC(), Alive: j.Alive, LastCode: j.LastCode,
		}
	}
	return body
}

// QueueReport is the load of every queue.
type QueueReport struct {
	Queues []QueueState `json:"queues" nullable:"false" doc:"In the order of the line"`
}

// QueueState is how much a queue has to do.
type QueueState struct {
	Queue         string     `json:"queue" doc:"Its name"`
	Waiting       int        `json:"waiting" doc:"May be taken now"`
	Snoozing      int        `json:"snoozing" doc:"For later, or for the next try"`
	Running       int        `json:"running" doc:"Being worked on"`
	Lost          int        `json:"lost" doc:"Running, and their process is dead"`
	OldestSeconds float64    `json:"oldest_seconds" doc:"That a job has been waiting to be taken"`
	PausedSince   *time.Time `json:"paused_since" nullable:"true" doc:"null while it works"`
}

func queueOf(l ports.QueueLoad) QueueState {
	state := QueueState{
		Queue: l.Queue, Waiting: l.Waiting, Snoozing: l.Snoozing, Running: l.Running, Lost: l.Lost, OldestSeconds: l.Oldest.Seconds(),
	}
	if l.Paused != nil {
		state.PausedSince = momentOf(l.Paused.Since)
	}
	return state
}

// FailureReport is what failed.
type FailureReport struct {
	Counts   []FailureSum     `json:"counts" nullable:"false" doc:"By code and stage, the most frequent first"`
	Failures []FailedDocument `json:"failures" nullable:"false" doc:"The longest ago first"`
}

// FailureSum is how many failed at a stage with a code.
type FailureSum struct {
	Code   string    `json:"code"`
	Stage  string    `json:"stage" doc:"Where"`
	Count  int       `json:"count" doc:"How many"`
	Oldest time.Time `json:"oldest" doc:"When the first of them failed"`
	Newest time.Time `json:"newest" doc:"When the last of them failed"`
}

// FailedDocument is a document that failed.
type FailedDocument struct {
	DocumentID string         `json:"document_id" format:"uuid"`
	OwnerID    string         `json:"owner_id" format:"uuid" doc:"The account it belongs to"`
	Attempt    int            `json:"attempt" doc:"1 for the first"`
	Status     documentStatus `json:"status"`
	Code       string         `json:"code"`
	Stage      string         `json:"stage" doc:"Where"`
	At         time.Time      `json:"at" doc:"When"`
}

func failureReport(list []ports.Failure, counts []ports.FailureCount) FailureReport {
	body := FailureReport{Counts: make([]FailureSum, 0, len(counts)), Failures: make([]FailedDocument, 0, len(list))}
	for _, c := range counts {
		body.Counts = append(body.Counts, FailureSum{Code: string(c.Code), Stage: string(c.Stage), Count: c.Count, Oldest: c.Oldest.UTC(), Newest: c.Newest.UTC()})
	}
	for _, f := range list {
		body.Failures = append(body.Failures, FailedDocument{
			DocumentID: f.Document.String(), OwnerID: f.Owner.String(), Attempt: f.Attempt, Status: documentStatus(f.Status),
			Code: string(f.Code), Stage: string(f.Stage), At: f.At.UTC(),
		})
	}
	return body
}

// ActReport is what operators did.
type ActReport struct {
	Operations []OperatorAct `json:"operations" nullable:"false" doc:"The newest first"`
}

// OperatorAct is one thing that an operator did.
type OperatorAct struct {
	At         time.Time `json:"at" doc:"When"`
	Operator   string    `json:"operator" doc:"A name given at a terminal, or an account's id"`
	Action     string    `json:"action" doc:"What was done" example:"read"`
	What       string    `json:"what" doc:"To what" example:"documents"`
	Reason     string    `json:"reason,omitempty" doc:"Why, where it was said"`
	DocumentID string    `json:"document_id,omitempty" doc:"Where it was about one document"`
}

func actOf(act ports.Act) OperatorAct {
	body := OperatorAct{At: act.At.UTC(), Operator: act.Operator, Action: act.Action, What: act.What, Reason: act.Reason}
	if act.Document != (core.ID{}) {
		body.DocumentID = act.Document.String()
	}
	return body
}
