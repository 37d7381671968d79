package httpapi

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

type statusOutput struct{ Body DocumentStatus }

// DocumentStatus is where a document stands.
type DocumentStatus struct {
	DocumentID  string           `json:"document_id" format:"uuid"`
	JobID       string           `json:"job_id" format:"uuid" doc:"The attempt's id"`
	Filename    string           `json:"filename"`
	Status      documentStatus   `json:"status"`
	Stage       documentStage    `json:"stage" doc:"What works on it, or what failed; done when nothing does"`
	Progress    int              `json:"progress" minimum:"0" maximum:"100" doc:"Percent; after a failure the last good value"`
	NextStep    nextStep         `json:"next_step" doc:"What happens without anybody's doing"`
	Attempt     int              `json:"attempt" doc:"1 for the first"`
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	BytesLen    int64            `json:"bytes_len"`
	Mime        string           `json:"mime"`
	Pages       int              `json:"pages" doc:"0 for formats without pages"`
	FailedPages []int            `json:"failed_pages" nullable:"false" doc:"Pages that could not be read, from 1"`
	Parser      string           `json:"parser,omitempty" doc:"Who read the text: name and version; not there before it is read"`
	Standby     bool             `json:"standby,omitempty" doc:"There and true where the parser was away and the service read the file's own text layer: layout and tables may be poorer"`
	Marks       []documentMark   `json:"marks" nullable:"false"`
	Chunks      ChunkCount       `json:"chunks"`
	Timings     map[string]int64 `json:"timings" doc:"Milliseconds spent in each status of this attempt"`
	LastError   *LastError       `json:"last_error" doc:"null unless the attempt failed"`
	WaitingFor  *Waiting         `json:"waiting_for,omitempty" doc:"Only there while the document waits for something besides its turn"`
}

// ChunkCount is how much of a document can be searched.
type ChunkCount struct {
	Done  int `json:"done" doc:"Chunks with their vector"`
	Total int `json:"total" doc:"Chunks of the document; 0 before it is cut"`
}

// LastError is why an attempt failed, for its owner.
type LastError struct {
	Code    problemCode `json:"code"`
	Message string      `json:"message"`
	Advice  string      `json:"advice"`
	Page    int         `json:"page,omitempty" doc:"The page at fault, from 1"`
}

func (a *api) status(ctx context.Context, in *DocumentInput) (*statusOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	standing, err := a.standing(ctx, callerOf(ctx), id, lookEvery)
	if err != nil {
		return nil, err
	}
	body := statusBody(standing)
	body.WaitingFor = a.waiting(ctx, standing)
	return &statusOutput{Body: body}, nil
}

func statusBody(s ports.Standing) DocumentStatus {
	body := DocumentStatus{
		DocumentID: s.Document.String(), JobID: s.Job.String(), Filename: s.Name,
		Status: documentStatus(s.Status), Stage: stageOf(s.Status, s.Trouble), Progress: progressOf(s),
		NextStep: nextStepFor(s),
		Attempt:  s.Attempt, CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
		BytesLen: s.Size, Mime: s.ContentType, Pages: s.Pages, FailedPages: []int{},
		Parser: s.Parser, Standby: s.Standby, Marks: marksOf(s.Marks),
		Chunks: ChunkCount{Done: s.Embedded, Total: s.Chunks}, Timings: map[string]int64{},
	}
	if s.Receipt != nil {
		body.FailedPages = append(body.FailedPages, s.Receipt.Failed...)
	}
	for status, d := range s.Timings {
		body.Timings[string(status)] = d.Milliseconds()
	}
	if t := s.Trouble; t != nil {
		body.LastError = &LastError{Code: problemCode(t.Code), Message: t.Message, Advice: t.Advice, Page: t.Page}
	}
	if s.Reserved && s.Status == core.Uploaded {
		body.Stage = documentStage(core.AwaitingFile)
	}
	return body
}

// Document is where a document stands, with the addresses of what there is of
// it.
type Document struct {
	DocumentStatus
	Links Links `json:"links"`
}

// Links is the addresses of a document's parts, relative to the service's.
type Links struct {
	Self   string `json:"self" example:"/documents/0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"`
	Status string `json:"status" example:"/documents/0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f/status"`
	Chunks string `json:"chunks" example:"/documents/0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f/chunks"`
	File   string `json:"file" example:"/documents/0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f/file"`
}

func documentOf(s ports.Standing) Document {
	self := pathDocuments + "/" + s.Document.String()
	return Document{
		DocumentStatus: statusBody(s),
		Links:          Links{Self: self, Status: self + "/status", Chunks: self + "/chunks", File: self + "/file"},
	}
}

// progressOf is the share of the way behind the last good status.
func progressOf(s ports.Standing) int {
	if s.Reserved {
		return 0
	}
	if p := s.Status.Progress(); p > 0 {
		return p
	}
	return s.LastGood.Progress()
}
