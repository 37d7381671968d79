package httpapi

import (
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
)

// Limits is every bound the doors hold. They are enforced from here, shown in
// the OpenAPI document and served at GET /api/upload-pipeline/upload/limits.
type Limits struct {
	MaxFileBytes int64    // of an uploaded file
	MaxPages     int      // of an uploaded file; formats without pages are not counted
	Types        []string // MIME types by content that are taken
	MaxNameBytes int      // of a file's displayed name; longer ones are cut

	MaxFormBytes   int64         // of all else in an upload: fields, part headers, boundaries
	MaxParts       int           // of an upload's multipart body
	MaxPolicyBytes int           // of the policy_id field
	UploadTime     time.Duration // from the first byte to the last, whatever the rate
	UploadGrace    time.Duration // before the rate counts
	MinUploadRate  int64         // bytes a second on average, after the grace

	MaxRequests     int           // in hand at once in a process, streams and probes apart
	MaxTransfers    int           // of these, uploads and downloads of whole files: the rest is for who only asks
	DownloadGrace   time.Duration // for an answer to be taken, before the rate counts
	MinDownloadRate int64         // bytes a second on average that a client takes, after the grace

	MaxHeaderBytes   int           // names and values of a request's headers
	MaxBodyBytes     int64         // of a JSON body
	MaxCallbackBytes int64         // of a callback's body
	BodyTime         time.Duration // for a JSON body or a callback to arrive
	AnswerTime       time.Duration // for a request to be answered; uploads and streams have times of their own
	CallbackTime     time.Duration // for a callback to be answered; its sender comes again

	MaxQuery       int // characters of a search query
	MaxResults     int // passages of one search
	DefaultResults int // passages where the client names no limit
	MaxTypes       int // MIME types that a search is narrowed to
	MaxTypeLength  int // characters of one of them

	MaxSearches int           // in the database at once in a process; fewer than the connections of its pool
	SearchWait  time.Duration // for a search's turn there

	MaxIntakes int           // uploads in the database at once in a process
	IntakeWait time.Duration // of the next of them for its turn, beyond which no other is let in

	QuestionTime time.Duration // for the embedder to answer a question; then it is searched by its words
	QuoteTime    time.Duration // for a file's text to be read for a quote; then it is quoted by its pages

	MaxPage     int // documents or chunks of one page of a list
	DefaultPage int // the same where the client names no limit
	MaxBatch    int // documents asked for at once

	MinPassword int // characters of a new password
	MaxPassword int // bytes of any password

	MaxAPIKeys int           // of one user, that have not expired
	APIKeyLife time.Duration // of an API key at most, in whole days

	Rates          []Rule        // how often each kind of request may come
	UploadsPerDay  int           // new documents of one user in any 24 hours; 0 is no bound, and stays 0
	UploadTTL      time.Duration // for the file of an announced upload to be sent
	LinkTTL        time.Duration // for a file to be read at the address of get-document-link
	MaxOpenUploads int           // announced uploads of one user whose file is awaited

	CleanupTime time.Duration // for taking back what a failed upload left behind, and for claiming and keeping under a key

	KeyLife       time.Duration // for which the answer under an Idempotency-Key is replayed
	KeyLease      time.Duration // after which a run under a key counts as lost; it has half of it to end by itself
	MaxKeptAnswer int           // bytes of an answer's body that is kept; larger ones are sent and not kept

	MaxStreams      int           // event streams that one user has open in a process
	MaxStreamTime   time.Duration // of one event stream; the client comes back
	StreamTick      time.Duration // between two looks for news; at most one status event in it
	StreamIdleTick  time.Duration // the same where nothing has happened for a while
	StreamPollTime  time.Duration // for one look
	StreamHeartbeat time.Duration // between two signs of life
	StreamWriteTime time.Duration // for a client to take one event
	StreamRetry     time.Duration // that a client waits before it comes back

	Retention []core.Retention // how long each kind of thing is kept
}

// uploadsPerDay is production's quota.
const uploadsPerDay = 30

// DefaultLimits is the limits of production.
func DefaultLimits() Limits {
	return Limits{
		MaxFileBytes: 25 << 20,
		MaxPages:     2000,
		Types:        []string{"application/pdf"},
		MaxNameBytes: 255,

		MaxFormBytes:   1 << 20,
		MaxParts:       100,
		MaxPolicyBytes: 200,
		UploadTime:     120 * time.Second,
		UploadGrace:    10 * time.Second,
		MinUploadRate:  50 << 10,

		MaxRequests:     512,
		MaxTransfers:    384,
		DownloadGrace:   30 * time.Second,
		MinDownloadRate: 10 << 10,

		MaxHeaderBytes:   64 << 10,
		MaxBodyBytes:     64 << 10,
		MaxCallbackBytes: 1 << 20,
		BodyTime:         10 * time.Second,
		AnswerTime:       time.Minute, // twice what the database gives a statement
		CallbackTime:     10 * time.Second,

		MaxQuery:       2000,
		MaxResults:     50,
		DefaultResults: 5,
		MaxTypes:       10,
		MaxTypeLength:  127,

		MaxSearches: 8,
		SearchWait:  2 * time.Second,

		MaxIntakes: 3,
		IntakeWait: 2 * time.Second,

		QuestionTime: 8 * time.Second,
		QuoteTime:    10 * time.Second,

		MaxPage:     100,
		DefaultPage: 20,
		MaxBatch:    100,

		MinPassword: 12,
		MaxPassword: 72, // what every provider of accounts takes

		MaxAPIKeys: 20,
		APIKeyLife: 365 * 24 * time.Hour,

		Rates:         defaultRules(uploadsPerDay),
		UploadsPerDay: uploadsPerDay,

		UploadTTL:      15 * time.Minute,
		LinkTTL:        5 * time.Minute,
		MaxOpenUploads: 100,

		CleanupTime: 15 * time.Second,

		KeyLife:       24 * time.Hour,
		KeyLease:      5 * time.Minute,
		MaxKeptAnswer: 64 << 10,

		MaxStreams:      100,
		MaxStreamTime:   30 * time.Minute,
		StreamTick:      250 * time.Millisecond,
		StreamIdleTick:  time.Second,
		StreamPollTime:  10 * time.Second,
		StreamHeartbeat: 12 * time.Second,
		StreamWriteTime: 5 * time.Second,
		StreamRetry:     2 * time.Second,

		Retention: core.DefaultRetention(),
	}
}

// orDefaults fills what was left zero, so that no bound is ever off by mistake.
func (l Limits) orDefaults() Limits {
	d := DefaultLimits()
	fill(&l.MaxFileBytes, d.MaxFileBytes)
	fill(&l.MaxPages, d.MaxPages)
	fill(&l.MaxNameBytes, d.MaxNameBytes)
	fill(&l.MaxFormBytes, d.MaxFormBytes)
	fill(&l.MaxParts, d.MaxParts)
	fill(&l.MaxPolicyBytes, d.MaxPolicyBytes)
	fill(&l.UploadTime, d.UploadTime)
	fill(&l.UploadGrace, d.UploadGrace)
	fill(&l.MinUploadRate, d.MinUploadRate)
	fill(&l.MaxRequests, d.MaxRequests)
	fill(&l.MaxTransfers, d.MaxTransfers)
	fill(&l.DownloadGrace, d.DownloadGrace)
	fill(&l.MinDownloadRate, d.MinDownloadRate)
	fill(&l.MaxHeaderBytes, d.MaxHeaderBytes)
	fill(&l.MaxBodyBytes, d.MaxBodyBytes)
	fill(&l.MaxCallbackBytes, d.MaxCallbackBytes)
	fill(&l.BodyTime, d.BodyTime)
	fill(&l.AnswerTime, d.AnswerTime)
	fill(&l.CallbackTime, d.CallbackTime)
	fill(&l.MaxQuery, d.MaxQuery)
	fill(&l.MaxResults, d.MaxResults)
	fill(&l.DefaultResults, d.DefaultResults)
	fill(&l.MaxTypes, d.MaxTypes)
	fill(&l.MaxTypeLength, d.MaxTypeLength)
	fill(&l.MaxSearches, d.MaxSearches)
	fill(&l.SearchWait, d.SearchWait)
	fill(&l.MaxIntakes, d.MaxIntakes)
	fill(&l.IntakeWait, d.IntakeWait)
	fill(&l.QuestionTime, d.QuestionTime)
	fill(&l.QuoteTime, d.QuoteTime)
	fill(&l.MaxPage, d.MaxPage)
	fill(&l.DefaultPage, d.DefaultPage)
	fill(&l.MaxBatch, d.MaxBatch)
	fill(&l.MinPassword, d.MinPassword)
	fill(&l.MaxPassword, d.MaxPassword)
	fill(&l.MaxAPIKeys, d.MaxAPIKeys)
	fill(&l.APIKeyLife, d.APIKeyLife)
	fill(&l.UploadTTL, d.UploadTTL)
	fill(&l.LinkTTL, d.LinkTTL)
	fill(&l.MaxOpenUploads, d.MaxOpenUploads)
	fill(&l.CleanupTime, d.CleanupTime)
	fill(&l.KeyLife, d.KeyLife)
	fill(&l.KeyLease, d.KeyLease)
	fill(&l.MaxKeptAnswer, d.MaxKeptAnswer)
	fill(&l.MaxStreams, d.MaxStreams)
	fill(&l.MaxStreamTime, d.MaxStreamTime)
	fill(&l.StreamTick, d.StreamTick)
	fill(&l.StreamIdleTick, d.StreamIdleTick)
	fill(&l.StreamPollTime, d.StreamPollTime)
	fill(&l.StreamHeartbeat, d.StreamHeartbeat)
	fill(&l.StreamWriteTime, d.StreamWriteTime)
	fill(&l.StreamRetry, d.StreamRetry)
	l.Rates = withRules(l.Rates)
	if len(l.Types) == 0 {
		l.Types = d.Types
	}
	if len(l.Retention) == 0 {
		l.Retention = d.Retention
	}
	return l
}

func fill[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Rules is the limits that a file is held to by its bytes, whichever way it
// came.
func (l Limits) Rules() intake.Rules {
	l = l.orDefaults()
	return intake.Rules{MaxBytes: l.MaxFileBytes, MaxPages: l.MaxPages, Types: l.Types}
}
