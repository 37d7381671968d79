package ports

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Submission is what a parser needs to start on a document.
type Submission = core.Submission

// Parser turns a stored file into pages of markdown. A job is started once,
// and its result is fetched once it is ready.
type Parser interface {
	Holdings

	// Submit hands the file over and starts the job. The job may be ready, and
	// the callback sent, before Submit returns. An error whose outcome is
	// unknown (a lost answer) is Transient: call Find before submitting again.
	Submit(ctx context.Context, s Submission) (core.Queued, error)

	// Find looks for a job that an earlier Submit of this attempt started; ok
	// is false when there is none. Where doc.ProviderJob is set, that job was
	// lost: only one that was started after it counts.
	Find(ctx context.Context, doc core.Document) (q core.Queued, ok bool, err error)

	// Fetch asks for the result of doc.ProviderJob. CodeParseNotReady (Busy)
	// says it is still at work; CodeParseGone (Transient) that the job is
	// unknown there; Permanent codes that the document cannot be read;
	// CodeParseFailed and CodeParseTimeout, where Transient, that another job
	// may do better.
	Fetch(ctx context.Context, doc core.Document) (core.Text, error)

	// Forget deletes the copies the parser holds of the document; what is gone
	// already is no error.
	Forget(ctx context.Context, doc core.Document) error
}

// Holdings is what a parser holds, asked for with the key: files and jobs, page
// by page. A parser that works in this process holds nothing.
type Holdings interface {
	// ListFiles gives a page of the files that pass the filter. after is empty
	// for the first page, then the Next of the page before.
	ListFiles(ctx context.Context, f FileFilter, after string) (Page[HeldFile], error)

	// ListJobs gives a page of the jobs that pass the filter, in the same way.
	ListJobs(ctx context.Context, f JobFilter, after string) (Page[HeldJob], error)

	// Healthy makes one cheap authenticated call.
	Healthy(ctx context.Context) error
}

// HeldFile is one file that a parser holds.
type HeldFile struct {
	ID      string
	Attempt core.ID   // that it was uploaded for; zero where it is not marked as ours
	At      time.Time // last changed; zero where the parser does not tell
}

// HeldJob is one job that a parser knows.
type HeldJob struct {
	ID      string
	Attempt core.ID // that it was started for; zero where it is not marked as ours
	State   JobState
	At      time.Time // started; zero where the parser does not tell
}

// FileFilter narrows a list of files. What is zero holds nothing back.
type FileFilter struct {
	IDs     []string
	Attempt core.ID
}

// JobFilter narrows a list of jobs. What is zero holds nothing back.
type JobFilter struct {
	IDs   []string
	State JobState
	From  time.Time // started then or later
	To    time.Time // started then or earlier
}

// JobState is how far a parser's job is.
type JobState string

// The states of a job.
const (
	JobPending   JobState = "pending"
	JobRunning   JobState = "running"
	JobCompleted JobState = "completed"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
	JobUnknown   JobState = "unknown" // a word that is not on record
)

// Ended reports whether the job will not change any more.
func (s JobState) Ended() bool {
	return s == JobCompleted || s == JobFailed || s == JobCancelled
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // asks for the page behind it; empty at the end
}

// maxPages bounds a list that is read to its end.
const maxPages = 200

var errLongList = errors.New("list without end")

// ReadAll reads a list to its end. One that does not end is
// CodeParserUnavailable: part of a list is no answer.
func ReadAll[T any](list func(after string) (Page[T], error)) (all []T, err error) {
	after := ""
	for range maxPages {
		page, err := list(after)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		after = page.Next
	}
	return nil, core.Fail(core.CodeParserUnavailable, errLongList)
}
