package llamaparsetest

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// reasons maps what the extractor says of a file to the service's words.
var reasons = map[core.Code]string{
	core.CodeFileEncrypted:    "PDF_IS_PROTECTED",
	core.CodeFileBroken:       "PDF_IS_BROKEN",
	core.CodeFileEmpty:        "NO_DATA_FOUND_IN_FILE",
	core.CodeNeedsOCR:         "NO_DATA_FOUND_IN_FILE",
	core.CodeParseEmpty:       "NO_DATA_FOUND_IN_FILE",
	core.CodeFileTooLarge:     "DOCUMENT_TOO_LARGE",
	core.CodeFileTooManyPages: "TOO_MANY_PAGES",
	core.CodeFileUnsupported:  "UNSUPPORTED_FILE_TYPE",
}

// outcome is the job's pages, or the word for why there are none.
func (s *Server) outcome(j *job) ([]core.Page, string) {
	spoil := s.Faults.spoil()
	if spoil.code != "" {
		return nil, spoil.code
	}
	s.mu.Lock()
	_, stored := s.files[j.file.id]
	s.mu.Unlock()
	if !stored {
		return nil, "SOURCE_FILE_GONE"
	}
	if !slices.Contains(supported, strings.ToLower(path.Ext(j.file.name))) {
		return nil, "UNSUPPORTED_FILE_TYPE"
	}
	pages, err := s.opts.Extractor.Pages(j.ctx, j.file.content, j.file.content.size)
	if err != nil {
		reason, known := reasons[core.AsError(err).Code]
		if !known {
			reason = "INTERNAL_ERROR"
		}
		return nil, reason
	}
	pages = spoil.apply(slices.Clone(pages))
	if !slices.ContainsFunc(pages, func(p core.Page) bool { return p.Failed != "" || strings.TrimSpace(p.Text) != "" }) {
		return nil, "NO_DATA_FOUND_IN_FILE"
	}
	if j.tooManyFailed(pages) {
		return nil, "PAGE_FAILURE_RATIO_EXCEEDED"
	}
	return pages, ""
}

// tooManyFailed holds the share of failed pages against what the request allows.
func (j *job) tooManyFailed(pages []core.Page) bool {
	ratio := j.request.Control.Conditions.Ratio
	if ratio == nil {
		return false
	}
	bad := 0
	for _, p := range pages {
		if p.Failed != "" {
			bad++
		}
	}
	return float64(bad) > *ratio*float64(len(pages))
}

// spoiler is the faults of a job's pages, read at once.
type spoiler struct {
	code      string
	failPages []int
	cutPages  []int
	summary   string
}

func (f *Faults) spoil() spoiler {
	f.mu.Lock()
	defer f.mu.Unlock()
	return spoiler{f.failCode, f.failPages, f.cutPages, f.summary}
}

func (x spoiler) apply(pages []core.Page) []core.Page {
	if x.summary != "" {
		return []core.Page{{Number: 1, Text: x.summary}}
	}
	for i := range pages {
		if slices.Contains(x.cutPages, pages[i].Number) {
			pages[i].Text = cut(pages[i].Text)
		}
		if slices.Contains(x.failPages, pages[i].Number) {
			pages[i] = core.Page{Number: pages[i].Number, Failed: string(core.CodePageFailed)}
		}
	}
	return pages
}

// cut makes 64 KB of a page's text by repeating it.
func cut(text string) string {
	const limit = 64 << 10
	if strings.TrimSpace(text) == "" {
		text = "text "
	}
	long := strings.Repeat(text+"\n", limit/(len(text)+1)+1)
	return strings.ToValidUTF8(long[:limit], "?")
}

// expansions are the words expand may hold.
var expansions = []string{
	"text", "text_full", "markdown", "markdown_full", "items", "metadata", "forms", "job_metadata", "usage",
	"text_content_metadata", "markdown_content_metadata", "items_content_metadata", "metadata_content_metadata",
	"forms_content_metadata", "raw_words_content_metadata", "xlsx_content_metadata", "output_pdf_content_metadata",
	"images_content_metadata",
}

func (s *Server) getJob(r *http.Request) answer {
	expand := r.URL.Query()["expand"]
	for _, word := range expand {
		if !slices.Contains(expansions, word) {
			return unprocessable(wrong("Unknown expand value", word, "query", "expand"))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.findJob(r.PathValue("id"))
	if !ok {
		return refuse(http.StatusNotFound, jobNotFound)
	}
	if s.Faults.take(goneJob) {
		return refuse(http.StatusNotFound, jobNotFound)
	}
	if s.Faults.take(notFoundResult) {
		return refuse(http.StatusNotFound, resultNotFound)
	}
	if j.ended() && s.Faults.take(pendingAfterEvent) {
		early := *j
		early.status, early.failure = pending, ""
		return reply(http.StatusOK, map[string]any{"job": early.view()})
	}
	if j.request.Tier == "fast" && slices.ContainsFunc(expand, func(w string) bool { return strings.HasPrefix(w, "markdown") || w == "items" }) {
		return refuse(http.StatusBadRequest, "Markdown expansion is not available for FAST tier jobs.")
	}
	body := map[string]any{"job": j.view()}
	if j.status == completed {
		expandInto(body, expand, j.pages, s.Faults.take(shufflePages))
		s.linkInto(body, expand, r, j)
	}
	return reply(http.StatusOK, body)
}

// expandInto adds what was asked for; nothing else is there.
func expandInto(body map[string]any, expand []string, pages []core.Page, backwards bool) {
	if backwards {
		pages = slices.Clone(pages)
		slices.Reverse(pages)
	}
	for _, word := range expand {
		switch word {
		case "markdown":
			body[word] = map[string]any{"pages": views(pages, word)}
		case "text":
			body[word] = map[string]any{"pages": textViews(pages)}
		case "markdown_full":
			body[word] = joined(pages, "\n\n---\n\n")
		case "text_full":
			body[word] = joined(pages, "\n\n")
		case "items":
			body[word] = map[string]any{"pages": itemViews(pages)}
		case "metadata":
			body[word] = map[string]any{"pages": metadataViews(pages)}
		case "job_metadata":
			body[word] = map[string]any{}
		}
	}
}

// linkKeys are the keys of the links: not the words they are asked for by.
var linkKeys = map[string]string{"markdown_content_metadata": "md", "text_content_metadata": "fullText"}

// linkInto adds presigned addresses of the text.
func (s *Server) linkInto(body map[string]any, expand []string, r *http.Request, j *job) {
	links := map[string]any{}
	for _, word := range expand {
		if key, ok := linkKeys[word]; ok {
			links[key] = map[string]any{"size_bytes": len(joined(j.pages, "\n\n")), "exists": true, "presigned_url": s.presigned(r, j.id)["url"]}
		}
	}
	if len(links) > 0 {
		body["result_content_metadata"] = links
	}
}

func itemViews(pages []core.Page) []map[string]any {
	list := make([]map[string]any, len(pages))
	for i, p := range pages {
		if p.Failed != "" {
			list[i] = failedPage(p)
			continue
		}
		list[i] = map[string]any{"page_number": p.Number, "page_width": 612.0, "page_height": 792.0, "success": true,
			"items": []any{map[string]any{"type": "text", "value": p.Text, "md": p.Text}}}
	}
	return list
}

func failedPage(p core.Page) map[string]any {
	return map[string]any{"page_number": p.Number, "error": "The page could not be parsed", "success": false}
}

func views(pages []core.Page, key string) []map[string]any {
	list := make([]map[string]any, len(pages))
	for i, p := range pages {
		if p.Failed != "" {
			list[i] = failedPage(p)
			continue
		}
		list[i] = map[string]any{"page_number": p.Number, key: p.Text, "header": nil, "footer": nil, "success": true}
	}
	return list
}

// textViews has a page each, failed ones with what little was read: nothing.
func textViews(pages []core.Page) []map[string]any {
	list := make([]map[string]any, len(pages))
	for i, p := range pages {
		list[i] = map[string]any{"page_number": p.Number, "text": p.Text}
	}
	return list
}

func metadataViews(pages []core.Page) []map[string]any {
	list := make([]map[string]any, len(pages))
	for i, p := range pages {
		list[i] = map[string]any{"page_number": p.Number, "confidence": 0.95}
	}
	return list
}

func joined(pages []core.Page, between string) string {
	texts := make([]string, len(pages))
	for i, p := range pages {
		texts[i] = p.Text
	}
	return strings.Join(texts, between)
}
