package httpapi

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
)

// UploadLimits is every limit that a client can meet. One that nobody holds is
// null.
type UploadLimits struct {
	MaxFileSizeBytes  int64    `json:"max_file_size_bytes"`
	MaxFileSizeMB     float64  `json:"max_file_size_mb" doc:"The same in units of 1,048,576 bytes"`
	MaxPages          int      `json:"max_pages"`
	MaxConcurrentJobs *int     `json:"max_concurrent_jobs_per_user" nullable:"true" doc:"null: documents beyond what is worked on wait in the queue and are never refused"`
	MaxUploadsPerDay  *int     `json:"max_uploads_per_day_per_user" nullable:"true" doc:"New documents in any 24 hours; duplicates and retries do not count, deleting gives nothing back. null: no bound"`
	Types             []string `json:"supported_mime_types" nullable:"false"`
	SignedURLTTL      float64  `json:"signed_url_ttl_seconds" doc:"For the file of an announced upload to be sent"`
	LinkTTL           float64  `json:"file_link_ttl_seconds" doc:"For a file to be read at the address of get-document-link"`
	MaxOpenUploads    int      `json:"max_announced_uploads" doc:"Announced uploads of one user whose file is awaited"`
	MinRate           int64    `json:"min_upload_bytes_per_second"`
	GraceSeconds      float64  `json:"upload_grace_seconds" doc:"Before that rate counts"`
	MaxSeconds        int      `json:"max_upload_seconds"`
	MaxNameBytes      int      `json:"max_filename_bytes" doc:"Longer names are cut"`
	MaxPolicyBytes    int      `json:"max_policy_id_bytes"`
	MaxFormBytes      int64    `json:"max_form_bytes" doc:"Of an upload's form, without the file"`
	MaxParts          int      `json:"max_form_parts"`
	Description       string   `json:"limits_description"`

	MaxRequests     int     `json:"max_requests_at_once" doc:"Of all callers in one process; beyond it the answer is 503 with Retry-After"`
	MaxTransfers    int     `json:"max_transfers_at_once" doc:"Of these, uploads and downloads of whole files; beyond it they are answered 503 with Retry-After, and other requests are served"`
	MinDownloadRate int64   `json:"min_download_bytes_per_second" doc:"That a client takes of an answer, on average"`
	DownloadGrace   float64 `json:"download_grace_seconds" doc:"Before that rate counts"`

	MaxBodyBytes   int64   `json:"max_json_body_bytes"`
	BodySeconds    float64 `json:"max_json_body_seconds"`
	MaxHeaderBytes int     `json:"max_header_bytes"`

	MinPassword int `json:"min_password_characters"`
	MaxPassword int `json:"max_password_bytes"`

	MaxAPIKeys int     `json:"max_api_keys_per_user" doc:"That have not expired"`
	APIKeyLife float64 `json:"max_api_key_seconds" doc:"Longest life of an API key, in whole days"`

	MaxQuery       int `json:"max_query_characters"`
	MaxResults     int `json:"max_search_results"`
	DefaultResults int `json:"default_search_results"`
	MaxTypes       int `json:"max_search_types"`
	MaxTypeLength  int `json:"max_search_type_characters"`
	MaxPage        int `json:"max_page_size"`
	DefaultPage    int `json:"default_page_size"`
	MaxBatch       int `json:"max_batch_ids" doc:"Of a batch, and of the documents that a search is narrowed to"`

	MaxSearches       int     `json:"max_searches_at_once" doc:"Of all callers in the database of one process; beyond it a search waits for its turn"`
	SearchWaitSeconds float64 `json:"max_search_wait_seconds" doc:"For that turn; then the answer is 503 with Retry-After"`

	MaxIntakes        int     `json:"max_intakes_at_once" doc:"Uploads in the database of one process; those beyond it wait for their turn"`
	IntakeWaitSeconds float64 `json:"max_intake_wait_seconds" doc:"Of the next upload for that turn; beyond it the answer to a new one is 503 with Retry-After, before its file is read"`

	QuestionSeconds float64 `json:"max_question_seconds" doc:"For a question to be embedded; then it is searched by its words"`
	QuoteSeconds    float64 `json:"max_quote_seconds" doc:"For a file's text to be read for a quote; then it is quoted by its pages"`

	KeySeconds    float64 `json:"idempotency_key_seconds" doc:"For which an answer is replayed under its Idempotency-Key"`
	LeaseSeconds  float64 `json:"idempotency_lease_seconds" doc:"After which a run under a key counts as lost"`
	MaxKeptAnswer int     `json:"max_replayed_answer_bytes" doc:"Larger answers are sent and not kept"`

	MaxStreams    int     `json:"max_event_streams" doc:"Event streams of one user that are open at once"`
	StreamSeconds float64 `json:"max_event_stream_seconds" doc:"After which a stream ends and the client comes back"`
	Heartbeat     float64 `json:"event_heartbeat_seconds" doc:"At most so long is a stream silent"`
	StreamRetry   float64 `json:"event_retry_seconds" doc:"That a client waits before it comes back"`
	StreamWrite   float64 `json:"max_event_write_seconds" doc:"That a client has to take one event"`

	Rates []RateLimit `json:"rates" nullable:"false" doc:"Each operation is under one of them; its x-rate-limit in the OpenAPI document names it"`

	Retention []KeptFor `json:"retention" nullable:"false" doc:"How long each kind of thing is kept; what belongs to a document goes with it"`
}

// KeptFor is how long a kind of thing is kept.
type KeptFor struct {
	Kind    string   `json:"kind" example:"webhook_log"`
	Seconds *float64 `json:"seconds" doc:"null: until its owner deletes it"`
	About   string   `json:"about" doc:"What it is, and since when the time counts"`
}

// RateLimit is one rule of the table of rates.
type RateLimit struct {
	Name          string `json:"name"`
	Scope         string `json:"scope" enum:"user,address,account,account_address" doc:"Whose requests are counted together; of a user each API key by itself"`
	Requests      int    `json:"requests" doc:"At once, and then as evenly as so many in each window"`
	WindowSeconds int    `json:"window_seconds"`
	About         string `json:"applies_to"`
}

type limitsOutput struct{ Body UploadLimits }

func (a *api) uploadLimits(context.Context, *noInput) (*limitsOutput, error) {
	return &limitsOutput{Body: a.Limits.served()}, nil
}

// served is the table as it is answered and as the OpenAPI document carries it.
func (l Limits) served() UploadLimits {
	body := UploadLimits{
		SignedURLTTL: l.UploadTTL.Seconds(), LinkTTL: l.LinkTTL.Seconds(), MaxOpenUploads: l.MaxOpenUploads,
		MaxFileSizeBytes: l.MaxFileBytes, MaxFileSizeMB: float64(l.MaxFileBytes) / (1 << 20), MaxPages: l.MaxPages,
		Types: l.Types, MinRate: l.MinUploadRate, GraceSeconds: l.UploadGrace.Seconds(), MaxSeconds: int(l.UploadTime.Seconds()),
		MaxNameBytes: l.MaxNameBytes, MaxPolicyBytes: l.MaxPolicyBytes, MaxFormBytes: l.MaxFormBytes, MaxParts: l.MaxParts,
		Description: l.words() + l.quotaWords(),
		MaxRequests: l.MaxRequests, MaxTransfers: l.MaxTransfers, MinDownloadRate: l.MinDownloadRate, DownloadGrace: l.DownloadGrace.Seconds(),
		MaxBodyBytes: l.MaxBodyBytes, BodySeconds: l.BodyTime.Seconds(), MaxHeaderBytes: l.MaxHeaderBytes,
		MinPassword: l.MinPassword, MaxPassword: l.MaxPassword, MaxAPIKeys: l.MaxAPIKeys, APIKeyLife: l.APIKeyLife.Seconds(),
		MaxQuery: l.MaxQuery, MaxResults: l.MaxResults, DefaultResults: l.DefaultResults,
		MaxTypes: l.MaxTypes, MaxTypeLength: l.MaxTypeLength, QuestionSeconds: l.QuestionTime.Seconds(), QuoteSeconds: l.QuoteTime.Seconds(),
		MaxSearches: l.MaxSearches, SearchWaitSeconds: l.SearchWait.Seconds(),
		MaxIntakes: l.MaxIntakes, IntakeWaitSeconds: l.IntakeWait.Seconds(),
		MaxPage: l.MaxPage, DefaultPage: l.DefaultPage, MaxBatch: l.MaxBatch,
		KeySeconds: l.KeyLife.Seconds(), LeaseSeconds: l.KeyLease.Seconds(), MaxKeptAnswer: l.MaxKeptAnswer,
		MaxStreams: l.MaxStreams, StreamSeconds: l.MaxStreamTime.Seconds(), Heartbeat: l.StreamHeartbeat.Seconds(),
		StreamRetry: l.StreamRetry.Seconds(), StreamWrite: l.StreamWriteTime.Seconds(), Rates: []RateLimit{},
		Retention: keptFor(l.Retention),
	}
	if l.UploadsPerDay > 0 {
		body.MaxUploadsPerDay = &l.UploadsPerDay
	}
	for _, r := range l.Rates {
		body.Rates = append(body.Rates, RateLimit{r.Name, string(r.Scope), r.Requests, r.seconds(), r.About})
	}
	return body
}

func keptFor(clock []core.Retention) []KeptFor {
	list := make([]KeptFor, len(clock))
	for i, r := range clock {
		list[i] = KeptFor{Kind: string(r.Kind), About: r.About}
		if r.For != core.Forever {
			list[i].Seconds = new(r.For.Seconds())
		}
	}
	return list
}

// words says the upload's limits in one sentence, for people and for the
// OpenAPI document.
func (l Limits) words() string {
	return fmt.Sprintf("One file of at most %s and %d pages, of type %s by its content; "+
		"it has to arrive within %g seconds and, after the first %g, at %d bytes a second or more.",
		sizeWords(l.MaxFileBytes), l.MaxPages, strings.Join(l.Types, " or "),
		l.UploadTime.Seconds(), l.UploadGrace.Seconds(), l.MinUploadRate)
}

func (l Limits) quotaWords() string {
	if l.UploadsPerDay <= 0 {
		return ""
	}
	return fmt.Sprintf(" A user may add %d documents in any 24 hours; those that cannot be worked on at once wait in the queue.", l.UploadsPerDay)
}

// extensionRate names an operation's rule in the OpenAPI document.
const extensionRate = "x-rate-limit"

// extensionAccount names the rules that an operation is under beside that one,
// by the account that its body names.
const extensionAccount = "x-rate-limit-account"

// describeRates documents the headers of every operation's 429.
func describeRates(doc *huma.OpenAPI) {
	text := func(about string) *huma.Param {
		return &huma.Param{Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	headers := map[string]*huma.Param{
		headerPolicy: text("The rule: its name, its requests q, its window w in seconds"),
		headerRate:   text("Where the caller stands: the rule's name, requests remaining r, seconds t until all are there again"),
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && op.Responses["429"] != nil {
				op.Responses["429"].Headers = maps.Clone(headers)
			}
		}
	}
}
