package llamaparse

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Lists are read to their end, but not for ever.
const (
	listSize = 100
	listMax  = 100 // pages of a list
)

var errLongList = errors.New("llamaparse: list without end")

// Job is one parse job as the service lists it.
type Job struct {
	ID           string         `json:"id"`
	Status       string         `json:"status"`
	ErrorCode    string         `json:"error_code"`
	ErrorMessage string         `json:"error_message"`
	Created      string         `json:"created_at"`
	Metadata     map[string]any `json:"user_metadata"`
	Usage        struct {
		Credits float64 `json:"credits"`
	} `json:"usage"`
}

// ended reports whether the job will not change any more.
func (j Job) ended() bool {
	switch stateOf(j.Status) {
	case StatusCompleted, StatusPartial, StatusFailed, StatusCancelled:
		return true
	default:
		return false
	}
}

// jobAnswer is a job at the top of the answer or wrapped in "job": the service
// does both, by route.
type jobAnswer struct {
	Job
	Wrapped *Job `json:"job"`
}

func (a jobAnswer) job() Job {
	if a.Wrapped != nil {
		return *a.Wrapped
	}
	return a.Job
}

// File is one file the service holds.
type File struct {
	ID       string `json:"id"`
	External string `json:"external_file_id"` // the attempt's id
	Modified string `json:"last_modified_at"`
}

// ListJobs lists the project's jobs made at or after since.
func (p *Parser) ListJobs(ctx context.Context, since time.Time) ([]Job, error) {
	query := url.Values{"created_at_on_or_after": {since.UTC().Format(time.RFC3339)}}
	return list[Job](ctx, p, p.conf.Paths.Parse, query)
}

// ListFiles lists the files uploaded under an external id; all files of the
// project when it is empty.
func (p *Parser) ListFiles(ctx context.Context, external string) ([]File, error) {
	query := url.Values{}
	if external != "" {
		query.Set("external_file_id", external)
	}
	files, err := list[File](ctx, p, p.conf.Paths.Files, query)
	if err != nil || external == "" {
		return files, err
	}
	kept := files[:0]
	for _, f := range files {
		if f.External == external { // a filter that was ignored must not cost others their files
			kept = append(kept, f)
		}
	}
	return kept, nil
}

func list[T any](ctx context.Context, p *Parser, path string, query url.Values) ([]T, error) {
	var all []T
	query.Set("page_size", strconv.Itoa(listSize))
	for range listMax {
		var answer struct {
			Items []T    `json:"items"`
			Next  string `json:"next_page_token"`
		}
		if err := p.do(ctx, call{method: http.MethodGet, path: path, query: query}, &answer); err != nil {
			return nil, err
		}
		all = append(all, answer.Items...)
		if answer.Next == "" {
			return all, nil
		}
		query.Set("page_token", answer.Next)
	}
	return nil, core.Fail(core.CodeParserUnavailable, errLongList)
}

// SameID compares two of the service's ids: some routes and callbacks leave
// out the prefix that names the kind.
func SameID(a, b string) bool { return a != "" && bare(a) == bare(b) }

func bare(id string) string {
	id = strings.TrimPrefix(strings.ToLower(id), "pjb-")
	return strings.TrimPrefix(id, "dfl-")
}
