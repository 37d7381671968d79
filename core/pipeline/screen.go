package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/insurance-navigator/navigator/core"
)

// Screening looks at a stored file for malware right before it is handed to a
// parser, whichever way it came and whatever attempt it is. It stands there and
// not at the door, so that an upload need not wait for the scanner, a retry is
// looked at by today's signatures, and so are files that were stored while there
// was no scanner. What the scanner and then the parser read are the same bytes:
// each read ends with their digest compared.
type Screening struct {
	Scanner scanner // nil: files are not looked at
	// Found is told of malware, before the document fails for it; may be nil.
	Found func(ctx context.Context, doc core.Document, signature string)
}

type scanner interface {
	Scan(ctx context.Context, body io.Reader) (signature string, err error)
}

var errUnread = errors.New("the scanner answered before it had the whole file")

// pass is nil for a file in which nothing is found. While the scanner is away
// the document waits, as long as one may.
func (s Screening) pass(ctx context.Context, blobs opener, doc core.Document) error {
	if s.Scanner == nil {
		return nil
	}
	body, checked, err := uploaded(ctx, blobs, doc)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	signature, err := s.Scanner.Scan(ctx, checked)
	switch {
	case checked.differs.Load():
		return core.Fail(core.CodeFileChanged, err)
	case err == nil && signature == "" && checked.left > 0:
		return waits(errUnread)
	case err != nil:
		return waits(err)
	case signature == "":
		return nil
	}
	if s.Found != nil {
		s.Found(ctx, doc, signature)
	}
	return core.Fail(core.CodeFileInfected, nil)
}

// waits is the error of a scanner that is away: it counts as no try, and the
// parser was not asked.
func waits(err error) error {
	if errors.Is(err, context.Canceled) { // the process ends
		return err
	}
	e := core.AsError(err)
	return core.Wait(core.CodeScanUnavailable, e.After, fmt.Errorf("%w: %w", core.ErrUnasked, err))
}

// Clearing removes the stored file of a document in which malware was found. It
// may run again.
type Clearing struct {
	Store condemning
	Blobs deleter
}

type condemning interface {
	// Condemned is where the file of such a document lies; "" for any other
	// document, and for one that a legal hold keeps.
	Condemned(ctx context.Context, id core.ID) (key string, err error)
}

// Run clears one document.
func (c Clearing) Run(ctx context.Context, id core.ID) error {
	key, err := c.Store.Condemned(ctx, id)
	if err != nil || key == "" {
		return err
	}
	return c.Blobs.Delete(ctx, key)
}
