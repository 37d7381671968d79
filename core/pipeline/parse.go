package pipeline

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"hash"
	"io"
	"sync/atomic"

	"github.com/insurance-navigator/navigator/core"
)

// Parsing hands a document to the parser. The attempt was committed before: a
// callback may arrive before Submit returns, and a lost answer is looked for
// before the document is handed over again.
type Parsing struct {
	Blobs  opener
	Parser submitter
	Screen Screening
	// Callback says where the parser of this attempt is to report, and the
	// attempt's secrets; all empty means it is polled alone.
	Callback func(attempt core.ID) (address, secret, token string)
}

type opener interface {
	Open(ctx context.Context, key string) (io.ReadCloser, core.Blob, error)
}

type submitter interface {
	Submit(ctx context.Context, s core.Submission) (core.Queued, error)
	Find(ctx context.Context, doc core.Document) (core.Queued, bool, error)
}

// Name is parse.
func (Parsing) Name() core.Stage { return core.Parse }

// Make submits the stored bytes, which must be those that were uploaded, and
// which the screening lets pass.
func (p Parsing) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	if doc.Submitting {
		queued, found, err := p.Parser.Find(ctx, doc)
		if err != nil || found {
			return queued, err
		}
	}
	if err := p.Screen.pass(ctx, p.Blobs, doc); err != nil {
		return nil, err
	}
	body, whole, err := uploaded(ctx, p.Blobs, doc)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // it was only read
	submission := core.Submission{Document: doc, Body: whole}
	submission.Callback, submission.Secret, submission.Token = p.Callback(doc.Job)
	queued, err := p.Parser.Submit(ctx, submission)
	if whole.differs.Load() { // final, whatever the parser's adapter made of it
		return nil, core.Fail(core.CodeFileChanged, err)
	}
	if err != nil {
		return nil, err
	}
	return queued, nil
}

// uploaded opens the stored file, to be read as what was uploaded.
func uploaded(ctx context.Context, blobs opener, doc core.Document) (io.Closer, *checkedReader, error) {
	body, blob, err := blobs.Open(ctx, doc.Key)
	if err != nil {
		return nil, nil, missing(err)
	}
	if blob.Size != doc.Size {
		_ = body.Close()
		return nil, nil, core.Fail(core.CodeFileChanged, nil)
	}
	return body, checked(body, doc.Size, doc.SHA256), nil
}

// missing makes the absence of a stored file final: nothing else stands in
// for the user's own bytes.
func missing(err error) error {
	if core.HasCode(err, core.CodeFileMissing) {
		return core.Fail(core.CodeFileMissing, err)
	}
	return err
}

func checked(from io.Reader, size int64, sum [32]byte) *checkedReader {
	return &checkedReader{from: from, hash: sha256.New(), want: sum, left: size}
}

// errChanged ends a read whose bytes are not the uploaded ones.
var errChanged = errors.New("stored bytes differ from the uploaded ones")

// checkedReader passes bytes on and fails, in place of the last of them, when
// their digest is not the expected one: a wrong file never arrives whole.
type checkedReader struct {
	from    io.Reader
	hash    hash.Hash
	want    [32]byte
	left    int64
	differs atomic.Bool // an HTTP transport reads on another goroutine
}

// Read is io.Reader.
func (r *checkedReader) Read(p []byte) (int, error) {
	if r.differs.Load() {
		return 0, errChanged
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.from.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	r.hash.Write(p[:n])
	short := errors.Is(err, io.EOF) && r.left > 0
	if short || (r.left == 0 && subtle.ConstantTimeCompare(r.hash.Sum(nil), r.want[:]) != 1) {
		r.differs.Store(true)
		return 0, errChanged
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
