package llamaparse

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// skew is how far the service's clock may lie behind ours.
const skew = 10 * time.Minute

// Find implements ports.Parser: it looks through the jobs made since the
// attempt began for the one that carries the attempt's id. Of several it takes
// the one that got furthest, the first made among equals.
func (p *Parser) Find(ctx context.Context, doc core.Document) (core.Queued, bool, error) {
	filter := ports.JobFilter{From: begun(doc.Job, time.Now())}
	jobs, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldJob], error) { return p.ListJobs(ctx, filter, after) })
	if err != nil {
		return core.Queued{}, false, err
	}
	best, ok := bestOf(candidates(jobs, doc))
	if !ok {
		return core.Queued{}, false, nil
	}
	file, err := p.newestFile(ctx, doc)
	if err != nil {
		return core.Queued{}, false, err
	}
	return core.Queued{ProviderJob: best.ID, ProviderFile: file, Ready: best.State.Ended()}, true, nil
}

// candidates are the attempt's jobs; where one was lost, those made after it. A
// lost job may be listed on, and be asked for in vain.
func candidates(jobs []ports.HeldJob, doc core.Document) (mine []ports.HeldJob) {
	var lost ports.HeldJob
	for _, j := range jobs {
		if SameID(j.ID, doc.ProviderJob) {
			lost = j
		}
	}
	for _, j := range jobs {
		if j.Attempt == doc.Job && plausibleID(j.ID) && !SameID(j.ID, doc.ProviderJob) && !j.At.Before(lost.At) {
			mine = append(mine, j)
		}
	}
	return mine
}

func bestOf(jobs []ports.HeldJob) (best ports.HeldJob, ok bool) {
	for i, j := range jobs {
		if i == 0 || better(j, best) {
			best, ok = j, true
		}
	}
	return best, ok
}

func better(a, b ports.HeldJob) bool {
	if ra, rb := rank(a), rank(b); ra != rb {
		return ra > rb
	}
	return a.At.Before(b.At)
}

func rank(j ports.HeldJob) int {
	switch j.State {
	case ports.JobCompleted:
		return 3
	case ports.JobFailed:
		return 1
	case ports.JobCancelled:
		return 0
	default:
		return 2
	}
}

// filesOf lists the uploads of the attempt.
func (p *Parser) filesOf(ctx context.Context, doc core.Document) ([]ports.HeldFile, error) {
	filter := ports.FileFilter{Attempt: doc.Job}
	return ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) { return p.ListFiles(ctx, filter, after) })
}

// newestFile is the last upload of the attempt, empty when there is none: the
// job's own answer does not name its file.
func (p *Parser) newestFile(ctx context.Context, doc core.Document) (string, error) {
	if doc.ProviderFile != "" && doc.ProviderJob == "" {
		return doc.ProviderFile, nil
	}
	files, err := p.filesOf(ctx, doc)
	if err != nil {
		return "", err
	}
	var newest ports.HeldFile
	for _, f := range files {
		if newest.ID == "" || !f.At.Before(newest.At) {
			newest = f
		}
	}
	return newest.ID, nil
}

// begun is when an attempt was made, read off its id (a UUIDv7), less the
// clocks' difference. Another kind of id says nothing: two days are searched.
func begun(attempt core.ID, now time.Time) time.Time {
	if attempt[6]>>4 != 7 {
		return now.Add(-48 * time.Hour)
	}
	var ms int64
	for _, b := range attempt[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).Add(-skew)
}

// Forget implements ports.Parser: it stops the attempt's job and deletes every
// copy of the file, those of lost submissions too. It does what it can, and
// returns the first error.
func (p *Parser) Forget(ctx context.Context, doc core.Document) error {
	var stopped error
	if doc.Status.Progress() <= core.ParseQueued.Progress() { // later the job has ended
		stopped = p.cancel(ctx, doc.ProviderJob)
	}
	deleted := p.deleteFile(ctx, doc.ProviderFile)
	swept := p.sweep(ctx, doc)
	for _, err := range []error{stopped, deleted, swept} {
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep deletes what was uploaded for the attempt and is not doc.ProviderFile.
func (p *Parser) sweep(ctx context.Context, doc core.Document) error {
	files, err := p.filesOf(ctx, doc)
	if err != nil {
		return err
	}
	for _, f := range files {
		if SameID(f.ID, doc.ProviderFile) {
			continue
		}
		if err := p.deleteFile(ctx, f.ID); err != nil {
			return err
		}
	}
	return nil
}

func (p *Parser) deleteFile(ctx context.Context, id string) error {
	if !plausibleID(id) {
		return nil
	}
	err := p.do(ctx, call{method: http.MethodDelete, path: p.conf.Paths.Files + "/" + id}, nil)
	return unless(err, http.StatusNotFound, http.StatusGone)
}

// cancel stops a job. One that has ended cannot be stopped, which the service
// says in ways it does not document.
func (p *Parser) cancel(ctx context.Context, id string) error {
	if !plausibleID(id) {
		return nil
	}
	err := p.do(ctx, call{method: http.MethodPost, path: p.conf.Paths.Parse + "/" + id + "/cancel"}, nil)
	return unless(err, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity)
}

// unless forgives an error that comes of one of the statuses.
func unless(err error, statuses ...int) error {
	var refused statusError
	if errors.As(err, &refused) {
		for _, status := range statuses {
			if refused.status == status {
				return nil
			}
		}
	}
	return err
}

// Offered reports whether the service still offers the pinned version of the
// tier; without it every job is refused.
func (p *Parser) Offered(ctx context.Context) (bool, error) {
	if p.conf.Version == "latest" {
		return true, nil
	}
	var offered map[string][]string
	if err := p.do(ctx, call{method: http.MethodGet, path: p.conf.Paths.Parse + "/versions"}, &offered); err != nil {
		return false, err
	}
	return slices.Contains(offered[p.conf.Tier], p.conf.Version), nil
}

// Healthy implements ports.Holdings: it lists one file, which needs the key.
func (p *Parser) Healthy(ctx context.Context) error {
	var answer struct {
		Items []File `json:"items"`
	}
	return p.do(ctx, call{method: http.MethodGet, path: p.conf.Paths.Files, query: url.Values{"page_size": {"1"}}}, &answer)
}
