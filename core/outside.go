package core

import (
	"context"
	"io"
	"time"
)

// TokenCounter counts the tokens of a text as the embedding model does.
type TokenCounter interface {
	Count(text string) int
}

// TextExtractor reads a file's pages without any outside service. It returns
// one Page for each page of the file, blank ones included, and *Error for a
// file that cannot be read.
type TextExtractor interface {
	Pages(ctx context.Context, r io.ReaderAt, size int64) ([]Page, error)
}

// Inspector looks at a file's bytes without reading its text. It returns
// *Error with a file_* code for a file that is not to be taken.
type Inspector interface {
	Inspect(ctx context.Context, r io.ReaderAt, size int64) (Inspection, error)
}

// Submission is what a parser needs to start on a document.
type Submission struct {
	Document Document
	Body     io.Reader // exactly Document.Size bytes; read once
	// Callback is where the parser reports, the attempt id in its path; empty
	// where no callback is wanted and the reconciler polls alone.
	Callback string
	// Secret signs the callback (HMAC-SHA256); Token is the header's value for
	// senders that do not sign. Both belong to the attempt alone.
	Secret string
	Token  string
}

// StandbyJob begins the job ids of documents that the standby took over from the
// parser, which does not know them.
const StandbyJob = "standby-"

// Blob is what the storage knows of an object.
type Blob struct {
	Key         string
	Size        int64
	ContentType string
	WrittenAt   time.Time // by the storage's clock; zero where it did not say
}

// Embedding is the answer for one batch of texts.
type Embedding struct {
	Vectors [][]float32 // in the order of the texts; Dimensions long, unit length
	Model   string
	Tokens  int   // billed by the provider
	Room    *Room // what is left of the provider's limits; nil where it says nothing
}

// MaxHandovers is how often a document is handed to the parser in one attempt:
// each time is billed.
const MaxHandovers = 3
