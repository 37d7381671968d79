package llamaparse

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// listSize is the rows of one page.
const listSize = 100

// Job is one parse job as the service describes it.
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

// held is the job as a list of the port has it.
func (j Job) held() ports.HeldJob {
	attempt, _ := j.Metadata["job_id"].(string)
	return ports.HeldJob{ID: j.ID, Attempt: idOf(attempt), State: jobState(j.Status), At: timeOf(j.Created)}
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

func (f File) held() ports.HeldFile {
	return ports.HeldFile{ID: f.ID, Attempt: idOf(f.External), At: timeOf(f.Modified)}
}

// idOf is the id that a text is, the zero one where it is none of ours.
func idOf(text string) core.ID {
	id, err := core.ParseID(text)
	if err != nil {
		return core.ID{}
	}
	return id
}

func timeOf(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// jobState reads a job's status, or an event's word, as the port has it.
func jobState(status string) ports.JobState {
	switch state := stateOf(status); state {
	case StatusPartial:
		return ports.JobCompleted
	default:
		return ports.JobState(state)
	}
}

// ListJobs implements ports.Holdings.
func (p *Parser) ListJobs(ctx context.Context, f ports.JobFilter, after string) (ports.Page[ports.HeldJob], error) {
	query := url.Values{"job_ids": f.IDs}
	if f.State != "" {
		query.Set("status", strings.ToUpper(string(f.State)))
	}
	if !f.From.IsZero() {
		query.Set("created_at_on_or_after", f.From.UTC().Format(time.RFC3339Nano))
	}
	if !f.To.IsZero() {
		query.Set("created_at_on_or_before", f.To.UTC().Format(time.RFC3339Nano))
	}
	return listed(ctx, p, p.conf.Paths.Parse, query, after, Job.held, func(j ports.HeldJob) bool {
		return among(f.IDs, j.ID) && (f.State == "" || f.State == j.State)
	})
}

// ListFiles implements ports.Holdings.
func (p *Parser) ListFiles(ctx context.Context, f ports.FileFilter, after string) (ports.Page[ports.HeldFile], error) {
	query := url.Values{}
	for _, id := range f.IDs {
		query.Add("file_ids", bare(id)) // a filter on UUIDs, by the service's description
	}
	if !f.Attempt.IsZero() {
		query.Set("external_file_id", f.Attempt.String())
	}
	return listed(ctx, p, p.conf.Paths.Files, query, after, File.held, func(h ports.HeldFile) bool {
		return among(f.IDs, h.ID) && (f.Attempt.IsZero() || f.Attempt == h.Attempt)
	})
}

func among(ids []string, id string) bool {
	return len(ids) == 0 || slices.ContainsFunc(ids, func(other string) bool { return SameID(other, id) })
}

// listed reads one page. The filter is held here too: one that was ignored
// there must not cost others their files.
func listed[S, T any](ctx context.Context, p *Parser, path string, query url.Values, after string, held func(S) T, passes func(T) bool) (ports.Page[T], error) {
	query.Set("page_size", strconv.Itoa(listSize))
	if after != "" {
		query.Set("page_token", after)
	}
	var answer struct {
		Items []S    `json:"items"`
		Next  string `json:"next_page_token"`
	}
	if err := p.do(ctx, call{method: http.MethodGet, path: path, query: query}, &answer); err != nil {
		return ports.Page[T]{}, err
	}
	page := ports.Page[T]{Next: answer.Next}
	for _, item := range answer.Items {
		if one := held(item); passes(one) {
			page.Items = append(page.Items, one)
		}
	}
	return page, nil
}

// SameID compares two of the service's ids: some routes and callbacks leave
// out the prefix that names the kind.
func SameID(a, b string) bool { return a != "" && bare(a) == bare(b) }

func bare(id string) string {
	id = strings.TrimPrefix(strings.ToLower(id), "pjb-")
	return strings.TrimPrefix(id, "dfl-")
}
