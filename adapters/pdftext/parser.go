package pdftext

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.Parser = (*Parser)(nil)

// Parser is a ports.Parser that needs no outside service: it reads the stored
// file itself, and its result is ready as soon as it is asked for.
type Parser struct {
	engine *Engine
	blobs  opener
	spool  string
}

type opener interface {
	Open(ctx context.Context, key string) (io.ReadCloser, core.Blob, error)
}

// NewParser makes a Parser over the storage that holds the documents. Files
// being read lie in the folder spool, unlinked at once.
func NewParser(engine *Engine, blobs opener, spool string) *Parser {
	return &Parser{engine: engine, blobs: blobs, spool: spool}
}

// jobPrefix marks the ids of this parser's jobs.
const jobPrefix = "pdftext-"

func job(doc core.Document) core.Queued {
	return core.Queued{ProviderJob: jobPrefix + doc.Job.String(), Ready: true}
}

// Submit proves the stored bytes by reading them through; there is nothing to
// hand over.
func (p *Parser) Submit(_ context.Context, s core.Submission) (core.Queued, error) {
	if _, err := io.Copy(io.Discard, s.Body); err != nil {
		return core.Queued{}, core.Fail(core.CodeStorageUnavailable, err)
	}
	return job(s.Document), nil
}

// Find is Submit's answer once more.
func (p *Parser) Find(_ context.Context, doc core.Document) (core.Queued, bool, error) {
	return job(doc), true, nil
}

// Fetch reads the stored file's pages.
func (p *Parser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	body, _, err := p.blobs.Open(ctx, doc.Key)
	if core.HasCode(err, core.CodeFileMissing) {
		return core.Text{}, core.Fail(core.CodeFileMissing, err)
	}
	if err != nil {
		return core.Text{}, err
	}
	defer body.Close() //nolint:errcheck // it was only read
	file, err := spooled(p.spool, body, doc.Size)
	if err != nil {
		return core.Text{}, err
	}
	defer file.Close() //nolint:errcheck // unlinked already
	pages, err := p.engine.Pages(ctx, file, doc.Size)
	if err != nil {
		return core.Text{}, final(err)
	}
	return core.Text{Pages: pages, Parser: "pdftext/pdfium"}, nil
}

// final makes a fault of the file the end of the attempt: the file will be the
// same at the next try.
func final(err error) error {
	e := core.AsError(err)
	if e.Kind != core.Invalid {
		return err
	}
	return &core.Error{Code: e.Code, Kind: core.Permanent, Page: e.Page, Err: err}
}

// spooled copies the body to an unlinked temporary file of exactly size bytes.
func spooled(folder string, body io.Reader, size int64) (*os.File, error) {
	file, err := os.CreateTemp(folder, "read-*")
	if err != nil {
		return nil, core.Fail(core.CodeInternal, err)
	}
	_ = os.Remove(file.Name())
	n, err := io.Copy(file, io.LimitReader(body, size+1))
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes in place of %d", n, size)
	}
	if err != nil {
		_ = file.Close()
		return nil, core.Fail(core.CodeStorageUnavailable, err)
	}
	return file, nil
}

// Forget has nothing to forget.
func (p *Parser) Forget(context.Context, core.Document) error { return nil }

// ListFiles answers that nothing is held: the files lie in our own storage.
func (p *Parser) ListFiles(context.Context, ports.FileFilter, string) (ports.Page[ports.HeldFile], error) {
	return ports.Page[ports.HeldFile]{}, nil
}

// ListJobs answers that nothing is held: a file is read when it is asked for.
func (p *Parser) ListJobs(context.Context, ports.JobFilter, string) (ports.Page[ports.HeldJob], error) {
	return ports.Page[ports.HeldJob]{}, nil
}

// Healthy has nothing to ask.
func (p *Parser) Healthy(context.Context) error { return nil }
