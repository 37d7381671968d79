package core

import (
	"strconv"
	"strings"
	"time"
)

// Document is what a stage knows of the document in hand: one attempt of it.
// It carries no text and no vectors; a stage reads those where it needs them.
type Document struct {
	ID      ID
	User    ID
	Job     ID        // the attempt's own id (upload_jobs.job_id)
	Attempt int       // 1 is the first
	Opened  time.Time // when the attempt was
	Turn    int       // steps kept in this attempt; with Attempt it is the fence
	Status  Status

	Generation int // that its chunks are made for

	Key         string // where the bytes lie in storage; stored once, never computed again
	Name        string // for people; never in logs, job args, metrics or paths
	ContentType string // by content, not by the client's word
	Size        int64  // bytes
	SHA256      [32]byte
	Pages       int // counted at upload; 0 for formats without pages

	Submitting    bool          // an earlier run asked the parser and its answer is unknown
	ProviderJob   string        // the parser's id of this attempt's job
	ProviderFile  string        // the parser's id of the copy it holds
	ParseDeadline time.Time     // of the parser's job under way; zero where none is
	Announced     bool          // a callback has come for that job
	Outside       time.Duration // that the providers took of this attempt so far

	Rank int64 // its place in every queue, the lowest first
	Lane Lane
}

// Inspection is what the upload door learns of a file from its bytes alone.
type Inspection struct {
	Type      string // MIME type by content
	Pages     int    // 0 for formats without pages
	Encrypted bool
	Marks     []Mark // what is in it beside pages, as SortMarks leaves them
}

// Page is one page of a parsed document as markdown. A page with Failed set
// has no text the parser vouches for.
type Page struct {
	Number int    // 1-based
	Text   string // markdown; empty means blank
	Failed string // error code; empty when the page was read
}

// PageState is what became of a page.
type PageState string

// The states of a page.
const (
	PageParsed PageState = "parsed"
	PageBlank  PageState = "blank"
	PageFailed PageState = "failed"
)

// State is what became of the page.
func (p Page) State() PageState {
	switch {
	case p.Failed != "":
		return PageFailed
	case strings.TrimSpace(p.Text) == "":
		return PageBlank
	default:
		return PageParsed
	}
}

// Piece is one chunk as the chunker cuts it, without its vector.
type Piece struct {
	Ordinal  int      // 0-based, without gaps
	Text     string   // what is shown
	Context  string   // what is embedded above Text and never shown; empty for none
	Headings []string // the section path, outermost first
	PageFrom int      // 1-based, inclusive
	PageTo   int      // 1-based, inclusive
	Tokens   int      // of Input, by the counter the chunker was given
}

// Input is what is embedded of the piece.
func (p Piece) Input() string { return input(p.Context, p.Text) }

func input(context, text string) string {
	if context == "" {
		return text
	}
	return context + "\n\n" + text
}

// Vector is one chunk's embedding.
type Vector struct {
	Chunk ID
	Value []float32 // Dimensions long, of unit length
}

// Dimensions is the length of every vector (text-embedding-3-small's own).
const Dimensions = 1536

// PagePolicy is how much of a document may fail before all of it does.
type PagePolicy struct {
	MaxFailedShare float64 // 0.05 means one page in twenty
}

// Receipt balances a file's pages: each is parsed, blank or failed. It is
// written by Validate, and complete is refused without it.
type Receipt struct {
	Expected int   `json:"expected"` // pages of the file, or the parser's count for formats without pages
	Parsed   int   `json:"parsed"`
	Blank    []int `json:"blank"`
	Failed   []int `json:"failed"`
	Cut      []int `json:"cut"` // pages whose text the parser cut at its size limit; counted as failed too
}

// Balanced reports whether every expected page is accounted for exactly once.
func (r Receipt) Balanced() bool {
	return r.Expected > 0 && r.Parsed+len(r.Blank)+len(r.Failed) == r.Expected
}

// Made is what a stage made, to be kept whole or not at all.
type Made interface{ made() }

// Queued says the parser took the document.
type Queued struct {
	ProviderJob  string
	ProviderFile string
	Ready        bool // the result can be fetched at once; nothing will call back
}

// Lost says that the parser's job ended without a text, for no fault of the
// document: it is gone there, or broke down. The document is to be handed over
// once more within its attempt.
type Lost struct{}

// Text is the parsed document.
type Text struct {
	Pages   []Page
	Parser  string // name and version, for the record
	Credits float64
	Charge  *Charge // what the parse has cost; nil where it cost nothing, or the parser does not say
	Standby bool    // read by the standby, for the parser was away
}

// Checked is the page receipt of a validated parse, and what its text is marked
// with.
type Checked struct {
	Receipt Receipt
	Marks   []Mark // of TextMarks
}

// Pieces is the chunked document.
type Pieces struct {
	Chunker    string // name@version: part of every chunk's id
	Pieces     []Piece
	Generation int // the chunks are made for; 0 is the first
}

// Vectors is one batch of embeddings.
type Vectors struct {
	Model  string
	Items  []Vector
	More   bool // chunks remain without a vector: the same stage runs again
	Tokens int  // billed by the provider
}

func (Queued) made()  {}
func (Lost) made()    {}
func (Text) made()    {}
func (Checked) made() {}
func (Pieces) made()  {}
func (Vectors) made() {}

// Step is one stage's work on one document, ready to keep.
type Step struct {
	Document Document
	Leg      Leg
	Made     Made          // nil where the stage makes nothing
	Outside  time.Duration // that the providers took of the stage's run
}

// Job is what the queue carries: ids and numbers, never content.
type Job struct {
	Stage    Stage
	Document ID
	Attempt  int
	Turn     int  // AnyTurn where the sender cannot know it
	Hint     bool // a callback announced the result: look again soon if it is not there yet

	Rank int64 // the document's; 0 takes RankNow

	// Trace is the document's place in its trace, as a traceparent of W3C Trace
	// Context; empty: that of whoever sends the job.
	Trace string
}

// AnyTurn lets a job run whatever the turn; the status alone fences it.
const AnyTurn = -1

// ChunkSpace is the namespace of chunk ids.
var ChunkSpace = ID{0x5d, 0x0c, 0x1f, 0x5e, 0x3b, 0x52, 0x4b, 0x6e, 0x9a, 0x0e, 0x71, 0x54, 0xd2, 0xc4, 0x8e, 0x11}

// ChunkID is the chunk's id for ever: the same document cut by the same
// chunker gives the same ids, so that a repeated step writes nothing twice.
func ChunkID(document ID, chunker string, ordinal int) ID {
	return DerivedID(ChunkSpace, document.String()+":"+chunker+":"+strconv.Itoa(ordinal))
}

// Pending is one chunk that still lacks its vector.
type Pending struct {
	Chunk   ID
	Text    string
	Context string   // embedded above Text; empty for none
	Tokens  int      // of Input
	Digest  [32]byte // SHA-256 of Input
}

// Input is what is embedded of the chunk.
func (p Pending) Input() string { return input(p.Context, p.Text) }
