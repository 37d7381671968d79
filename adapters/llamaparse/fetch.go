package llamaparse

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// pageLimit is where a page's text is taken for cut: the service ends a page
// at 64 KB and says nothing.
const pageLimit = 65_000

var (
	errOtherJob = errors.New("llamaparse: answer of another job")
	errPages    = errors.New("llamaparse: page numbers that cannot be")
)

// result is the answer to a job's GET with its pages expanded.
type result struct {
	jobAnswer
	Markdown *pageList `json:"markdown"`
	Text     *pageList `json:"text"`
}

type pageList struct {
	Pages []resultPage `json:"pages"`
}

// resultPage is one page of either expansion; a failed page has no text.
type resultPage struct {
	Number   int     `json:"page_number"`
	Markdown *string `json:"markdown"`
	Text     *string `json:"text"`
	Success  *bool   `json:"success"`
}

// Fetch implements ports.Parser. Pages come back in order of their numbers; a
// failed page has Failed set, a page cut by the service keeps its text beside.
func (p *Parser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	if !plausibleID(doc.ProviderJob) {
		return core.Text{}, core.Fail(core.CodeParseGone, nil)
	}
	var got result
	err := p.do(ctx, call{
		method: http.MethodGet,
		path:   p.conf.Paths.Parse + "/" + doc.ProviderJob,
		query:  url.Values{"expand": {p.expansion(), "usage"}},
		limit:  p.conf.ResultLimit,
	}, &got)
	if err != nil {
		return core.Text{}, fetchError(err)
	}
	return p.read(doc.ProviderJob, got)
}

// expansion asks for the pages one by one: the joined text has no page numbers.
func (p *Parser) expansion() string {
	if p.conf.Tier == TierFast {
		return "text"
	}
	return "markdown"
}

// fetchError tells a result that is not there yet from a job that is unknown.
func fetchError(err error) error {
	var status statusError
	if !errors.As(err, &status) || status.status != http.StatusNotFound {
		return err
	}
	if status.gone == goneResult {
		return core.Fail(core.CodeParseNotReady, status)
	}
	return core.Fail(core.CodeParseGone, status)
}

// read turns the service's answer into the parsed document or the reason why
// there is none.
func (p *Parser) read(asked string, got result) (core.Text, error) {
	job := got.job()
	if !SameID(job.ID, asked) {
		return core.Text{}, core.Fail(core.CodeParserUnavailable, errOtherJob)
	}
	switch stateOf(job.Status) {
	case StatusCompleted, StatusPartial:
		return p.text(job, got)
	case StatusFailed:
		return core.Text{}, jobFailure(job.ErrorCode, job.ErrorMessage)
	case StatusCancelled:
		return core.Text{}, core.Fail(core.CodeParseCancelled, nil)
	default:
		return core.Text{}, core.Fail(core.CodeParseNotReady, nil)
	}
}

func (p *Parser) text(job Job, got result) (core.Text, error) {
	list := got.Markdown
	if p.conf.Tier == TierFast {
		list = got.Text
	}
	if list == nil {
		return core.Text{}, core.Fail(core.CodeParseNotReady, nil) // completed, and its pages not yet in reach
	}
	if len(list.Pages) == 0 {
		return core.Text{}, core.Fail(core.CodeParseEmpty, nil)
	}
	pages, err := pagesOf(list.Pages)
	if err != nil {
		return core.Text{}, err
	}
	return core.Text{Pages: pages, Parser: p.Name(), Credits: job.Usage.Credits}, nil
}

// pagesOf sorts the pages and refuses numbers below one or given twice. Gaps
// are left for the page receipt to find.
func pagesOf(list []resultPage) ([]core.Page, error) {
	pages := make([]core.Page, len(list))
	for i, page := range list {
		pages[i] = page.page()
	}
	slices.SortStableFunc(pages, func(a, b core.Page) int { return cmp.Compare(a.Number, b.Number) })
	for i, page := range pages {
		if page.Number < 1 || (i > 0 && page.Number == pages[i-1].Number) {
			return nil, core.Fail(core.CodeParseFailed, errPages)
		}
	}
	return pages, nil
}

func (r resultPage) page() core.Page {
	text := r.Markdown
	if text == nil {
		text = r.Text
	}
	if text == nil || (r.Success != nil && !*r.Success) {
		return core.Page{Number: r.Number, Failed: string(core.CodePageFailed)}
	}
	page := core.Page{Number: r.Number, Text: clean(*text)}
	if len(*text) >= pageLimit {
		page.Failed = string(core.CodePageCut)
	}
	return page
}

// clean makes a text the database can hold: valid UTF-8 without NUL.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(text, "\x00", "")
}
