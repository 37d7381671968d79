package llamaparse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// TokenHeader carries the attempt's token in a callback.
const TokenHeader = "X-Callback-Token"

// extensions names a file for the service by its type alone: it goes by the
// ending, and the owner's own name for the file is none of its business.
var extensions = map[string]string{
	"application/pdf": "pdf",
	"text/plain":      "md", // the service does not list .txt; plain text is markdown without marks
	"text/html":       "html",
	"text/markdown":   "md",
	"image/png":       "png",
	"image/jpeg":      "jpg",
	"image/tiff":      "tiff",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
}

// jobRequest is the body of a new job; the service refuses fields it does not know.
type jobRequest struct {
	FileID     string            `json:"file_id"`
	Tier       string            `json:"tier"`
	Version    string            `json:"version"`
	NoCache    bool              `json:"disable_cache"` // health data is not to be kept for others' hits
	ClientName string            `json:"client_name"`
	Metadata   map[string]string `json:"user_metadata"` // how Find knows the job again
	Control    control           `json:"processing_control"`
	Output     *output           `json:"output_options,omitempty"`
	Webhooks   []webhook         `json:"webhook_configurations,omitempty"`
}

type control struct {
	Timeouts struct {
		Base int `json:"base_in_seconds"`
		Page int `json:"extra_time_per_page_in_seconds"`
	} `json:"timeouts"`
	Conditions *conditions `json:"job_failure_conditions,omitempty"`
}

type conditions struct {
	AllowedPageFailureRatio float64 `json:"allowed_page_failure_ratio"`
}

type output struct {
	Images   []string `json:"images_to_save"`
	Markdown struct {
		Tables struct {
			AsMarkdown bool `json:"output_tables_as_markdown"` // HTML tables would hide the rows from the chunker
		} `json:"tables"`
	} `json:"markdown"`
}

type webhook struct {
	URL     string            `json:"webhook_url"`
	Events  []string          `json:"webhook_events"`
	Headers map[string]string `json:"webhook_headers,omitempty"`
	Secret  string            `json:"webhook_signing_secret,omitempty"`
	Format  string            `json:"webhook_output_format"`
}

// Submit implements ports.Parser: it uploads the file and starts the job. A
// file whose job was refused for certain is deleted again; one whose job's
// outcome is unknown stays for Find, and Forget sweeps it.
func (p *Parser) Submit(ctx context.Context, s ports.Submission) (core.Queued, error) {
	if err := p.takeTurn(ctx); err != nil {
		return core.Queued{}, err
	}
	file, err := p.uploadedBefore(ctx, s.Document)
	if err != nil {
		return core.Queued{}, err
	}
	if file != "" {
		queued, err := p.handOver(ctx, s, file)
		if err == nil || unless(err, http.StatusNotFound, http.StatusGone) != nil {
			return queued, err
		} // it was listed and is gone: the file is sent as if it had not been
	}
	if file, err = p.upload(ctx, s); err != nil {
		return core.Queued{}, err
	}
	return p.handOver(ctx, s, file)
}

// uploadedBefore finds the attempt's file where an earlier run may have sent it
// and never heard so; empty where there is none. The service keeps what came
// whole, and nothing else.
func (p *Parser) uploadedBefore(ctx context.Context, doc core.Document) (string, error) {
	if !doc.Submitting || doc.ProviderJob != "" {
		return "", nil
	}
	return p.newestFile(ctx, doc)
}

// handOver starts the attempt's job on a file that the service has.
func (p *Parser) handOver(ctx context.Context, s ports.Submission, file string) (core.Queued, error) {
	started, err := p.start(ctx, s, file)
	if err != nil {
		p.discard(ctx, file, err)
		return core.Queued{}, err
	}
	return core.Queued{ProviderJob: started.ID, ProviderFile: file, Ready: jobState(started.Status).Ended()}, nil
}

// takeTurn keeps the submissions of this process SubmitEvery apart.
func (p *Parser) takeTurn(ctx context.Context) error {
	if p.conf.SubmitEvery == 0 {
		return nil
	}
	p.pace.Lock()
	now := time.Now()
	turn := p.next
	if turn.Before(now) {
		turn = now
	}
	p.next = turn.Add(p.conf.SubmitEvery)
	p.pace.Unlock()
	timer := time.NewTimer(turn.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return broken(ctx, ctx.Err())
	}
}

// upload streams the file with its exact length and returns its id there. The
// attempt's id travels as external_file_id.
func (p *Parser) upload(ctx context.Context, s ports.Submission) (string, error) {
	head, tail, kind, err := envelope(s.Document)
	if err != nil {
		return "", err
	}
	source := &source{from: s.Body, left: s.Document.Size}
	defer source.stop()
	var file File
	err = p.do(ctx, call{
		method: http.MethodPost,
		path:   p.conf.Paths.Files,
		stream: io.MultiReader(bytes.NewReader(head), source, bytes.NewReader(tail)),
		length: int64(len(head)) + s.Document.Size + int64(len(tail)),
		kind:   kind,
		wait:   p.conf.UploadTimeout,
	}, &file)
	if fault := source.fault(); fault != nil && ctx.Err() == nil {
		return "", fault
	}
	if err != nil {
		return "", err
	}
	if !plausibleID(file.ID) {
		return "", core.Fail(core.CodeParserUnavailable, errNoID)
	}
	return file.ID, nil
}

var errNoID = errors.New("llamaparse: answer without a usable id")

// envelope is what stands before and after the file's bytes in the form.
func envelope(doc core.Document) (head, tail []byte, kind string, err error) {
	media, _, _ := mime.ParseMediaType(doc.ContentType)
	extension, ok := extensions[media]
	if !ok {
		return nil, nil, "", &core.Error{Code: core.CodeFileUnsupported, Kind: core.Permanent}
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part := textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="document.` + extension + `"`},
		"Content-Type":        {media},
	}
	_ = w.WriteField("purpose", "parse") // a bytes.Buffer takes every write
	_ = w.WriteField("external_file_id", doc.Job.String())
	_, _ = w.CreatePart(part)
	head = bytes.Clone(form.Bytes())
	_ = w.Close()
	return head, form.Bytes()[len(head):], w.FormDataContentType(), nil
}

// start makes the job of an uploaded file.
func (p *Parser) start(ctx context.Context, s ports.Submission, file string) (Job, error) {
	var answer jobAnswer
	err := p.do(ctx, call{method: http.MethodPost, path: p.conf.Paths.Parse, body: p.jobRequest(s, file)}, &answer)
	if err != nil {
		return Job{}, err
	}
	started := answer.job()
	if !plausibleID(started.ID) {
		return Job{}, core.Fail(core.CodeParserUnavailable, errNoID)
	}
	return started, nil
}

func (p *Parser) jobRequest(s ports.Submission, file string) jobRequest {
	r := jobRequest{
		FileID: file, Tier: p.conf.Tier, Version: p.conf.Version,
		NoCache: true, ClientName: "insurance-navigator",
		Metadata: map[string]string{"document_id": s.Document.ID.String(), "job_id": s.Document.Job.String()},
	}
	r.Control.Timeouts.Base = int(p.conf.JobTimeout / time.Second)
	r.Control.Timeouts.Page = int(p.conf.PageTimeout / time.Second)
	if p.conf.MaxFailedShare > 0 {
		r.Control.Conditions = &conditions{p.conf.MaxFailedShare}
	}
	if p.conf.Tier != TierFast {
		r.Output = &output{Images: []string{}}
		r.Output.Markdown.Tables.AsMarkdown = true
	}
	if s.Callback != "" {
		r.Webhooks = []webhook{callbackOf(s)}
	}
	return r
}

// callbackOf is the one configuration of the callback: the service has used
// only the first of several.
func callbackOf(s ports.Submission) webhook {
	w := webhook{
		URL:    s.Callback,
		Events: []string{"parse.success", "parse.partial_success", "parse.error", "parse.cancelled"},
		Secret: s.Secret,
		Format: "json",
	}
	if s.Token != "" {
		w.Headers = map[string]string{TokenHeader: s.Token}
	}
	return w
}

// discard deletes an uploaded file that no job will use, as well as it can.
func (p *Parser) discard(ctx context.Context, file string, reason error) {
	var e *core.Error
	if !errors.As(reason, &e) || e.Kind == core.Transient {
		return
	}
	_ = p.deleteFile(ctx, file)
}

// plausibleID takes an id as it comes, as long as it can stand in an address.
func plausibleID(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= 128 && url.PathEscape(id) == id
}
