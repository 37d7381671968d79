package boot

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Report explains one document to on-call: ids, numbers, codes and times. It
// holds no name, no text and no address.
type Report struct {
	Document    core.ID                 `json:"document_id"`
	Owner       core.ID                 `json:"owner_id"`
	Attempt     int                     `json:"attempt"`
	AttemptID   core.ID                 `json:"attempt_id"`
	Status      core.Status             `json:"status"`
	Since       time.Time               `json:"since"`
	Where       core.Whereabouts        `json:"where"`
	Created     time.Time               `json:"created_at"`
	Held        bool                    `json:"legal_hold"`     // it can be deleted by nobody
	Code        core.Code               `json:"code,omitempty"` // why it failed, or why its job waits
	Now         time.Time               `json:"now"`            // by the database
	Moves       []postgres.CaseMove     `json:"events"`
	Job         *postgres.CaseJob       `json:"job"`
	Pause       *core.Pause             `json:"pause"` // of the job's queue
	Inbox       []postgres.CaseCallback `json:"callbacks"`
	Provider    Provider                `json:"provider"`
	Object      Object                  `json:"object"`
	Pages       postgres.CasePages      `json:"pages"`
	PagesOfFile int                     `json:"pages_of_file"`
	Receipt     *core.Receipt           `json:"receipt"`
	Marks       []core.Mark             `json:"marks"`
	Chunks      postgres.CaseChunks     `json:"chunks"`
	Deadline    *time.Time              `json:"deadline"`        // of parsing, or of the file's arrival
	NextPoll    *time.Time              `json:"next_poll"`       // of the parser
	Unknown     bool                    `json:"outcome_unknown"` // the parser was asked to take it, and no answer is kept: it is looked for before it is asked again
	Next        string                  `json:"next"`            // what happens by itself
	MayDo       []string                `json:"may_do"`          // what on-call can do
	Healthy     bool                    `json:"healthy"`         // nobody is needed
}

// Provider is what the parser says of the attempt now.
type Provider struct {
	JobID  string         `json:"job_id,omitempty"`
	FileID string         `json:"file_id,omitempty"`
	State  ports.JobState `json:"state,omitempty"` // of the job; "" where it was not asked
	Files  int            `json:"files"`           // copies that it holds
	Code   core.Code      `json:"code,omitempty"`  // why it does not say
}

// Object is the stored file.
type Object struct {
	Present  bool      `json:"present"`
	Size     int64     `json:"size"`
	Expected int64     `json:"expected_size"`
	Code     core.Code `json:"code,omitempty"` // why it cannot be seen
}

// askTime bounds each question to the outside.
const askTime = 10 * time.Second

// Explain reads what is known of a document, asks storage and parser, and says
// what happens next. Nothing is changed anywhere. CodeNotFound says that
// nothing of that id is kept.
func (o *Operator) Explain(ctx context.Context, id core.ID) (Report, error) {
	c, err := o.operations.Explain(ctx, id, o.config.DeadAfter)
	if err != nil {
		return Report{}, err
	}
	doc := c.Document
	r := Report{Document: doc.ID, Owner: doc.User, Attempt: doc.Attempt, AttemptID: doc.Job, Status: doc.Status, Since: c.Since,
		Where: c.Whereabouts(), Created: c.Created, Held: c.Held, Now: c.Now, Moves: c.Moves, Job: c.Job, Inbox: c.Inbox, Pages: c.Pages, PagesOfFile: doc.Pages,
		Receipt: c.Receipt, Marks: core.SortMarks(c.Marks), Chunks: c.Chunks, Deadline: at(c.Deadline), NextPoll: at(c.NextPoll), Unknown: doc.Submitting}
	blobs, err := o.config.blobs()
	if err != nil {
		return r, err
	}
	r.Object = lookAt(ctx, blobs, doc)
	if r.Provider, err = o.askParser(ctx, doc); err != nil {
		return r, err
	}
	r.Code = c.Why()
	if r.Where == core.HeldBack {
		if r.Pause, err = o.pauseOf(ctx, c.Job.Queue); err != nil {
			return r, err
		}
	}
	r.advise(o.config)
	return r, nil
}

// pauseOf finds who paused a queue and why; nil where it was resumed meanwhile.
func (o *Operator) pauseOf(ctx context.Context, queue string) (*core.Pause, error) {
	pauses, err := o.operations.Pauses(ctx)
	for _, p := range pauses {
		if p.What == core.PauseQueue(queue) {
			return &p, nil
		}
	}
	return nil, err
}

// at is null for no time.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func lookAt(ctx context.Context, blobs ports.Blobs, doc core.Document) Object {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	object := Object{Expected: doc.Size}
	blob, err := blobs.Stat(ctx, doc.Key)
	if err != nil {
		object.Code = core.AsError(err).Code
		return object
	}
	object.Present, object.Size = true, blob.Size
	return object
}

// askParser asks for the attempt's job and for its copies of the file. A
// parser that works in this process holds nothing, and is not asked.
func (o *Operator) askParser(ctx context.Context, doc core.Document) (Provider, error) {
	p := Provider{JobID: doc.ProviderJob, FileID: doc.ProviderFile}
	if o.config.Parser != "llamaparse" {
		return p, nil
	}
	holdings, err := o.config.Holdings()
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	files, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) {
		return holdings.ListFiles(ctx, ports.FileFilter{Attempt: doc.Job}, after)
	})
	if err != nil {
		p.Code = core.AsError(err).Code
		return p, nil
	}
	p.Files, p.State = len(files), ports.JobUnknown
	if doc.ProviderJob == "" {
		return p, nil
	}
	jobs, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldJob], error) {
		return holdings.ListJobs(ctx, ports.JobFilter{IDs: []string{doc.ProviderJob}}, after)
	})
	if err != nil {
		p.State, p.Code = "", core.AsError(err).Code
		return p, nil
	}
	for _, job := range jobs {
		if job.ID == doc.ProviderJob || job.Attempt == doc.Job {
			p.State = job.State
		}
	}
	return p, nil
}
