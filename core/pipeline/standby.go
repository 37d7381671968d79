package pipeline

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Standby is a parser that has another one beside it, which reads a document's
// own text layer without any outside service. That one takes over a document
// when the parser has been away for longer than After, and then only a document
// that it reads whole: every page, none of them a picture. A scan waits. Which
// parser read a document is told by its text.
type Standby struct {
	Outside
	Reader fetcher
	After  time.Duration        // 0: never
	Away   func() time.Duration // for how long nothing but outages was heard of the parser
}

// Outside is what the line asks of a parser.
type Outside interface {
	submitter
	fetcher
	forgetter
}

// Submit is ports.Parser's. What the parser was handed and may have begun is
// given up: its callback finds the document read, and Forget stops it.
func (s Standby) Submit(ctx context.Context, sub core.Submission) (core.Queued, error) {
	queued, err := s.Outside.Submit(ctx, sub)
	if !s.due(err) {
		return queued, err
	}
	if _, broken := io.Copy(io.Discard, sub.Body); broken != nil { // the bytes are proved as they are read
		return core.Queued{}, core.Fail(core.CodeStorageUnavailable, broken)
	}
	return s.takeOver(ctx, sub.Document, err)
}

// Find is ports.Parser's.
func (s Standby) Find(ctx context.Context, doc core.Document) (core.Queued, bool, error) {
	queued, found, err := s.Outside.Find(ctx, doc)
	if !s.due(err) {
		return queued, found, err
	}
	queued, err = s.takeOver(ctx, doc, err)
	return queued, err == nil, err
}

func (s Standby) takeOver(ctx context.Context, doc core.Document, away error) (core.Queued, error) {
	if _, err := s.read(ctx, doc, away); err != nil {
		return core.Queued{}, err
	}
	return core.Queued{ProviderJob: core.StandbyJob + doc.Job.String(), Ready: true}, nil
}

// Fetch is ports.Parser's. A document that the parser has, and which it went
// away with, is taken over likewise.
func (s Standby) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	if tookOver(doc) {
		text, err := s.Reader.Fetch(ctx, doc)
		text.Standby = true
		return text, err
	}
	text, err := s.Outside.Fetch(ctx, doc)
	if !s.due(err) {
		return text, err
	}
	return s.read(ctx, doc, err)
}

// read is the document's text where the standby reads all of it, and else the
// parser's own error: a document that waits for the parser waits on.
func (s Standby) read(ctx context.Context, doc core.Document, away error) (core.Text, error) {
	text, err := s.Reader.Fetch(ctx, doc)
	if err != nil || !whole(text.Pages, doc.Pages) {
		if ctx.Err() != nil {
			return core.Text{}, err
		}
		return core.Text{}, away
	}
	text.Standby = true
	return text, nil
}

// whole reports whether the receipt of the pages balances without a page that
// could not be read.
func whole(pages []core.Page, expected int) bool {
	receipt, err := balance(pages, expected)
	return err == nil && receipt.Balanced() && receipt.Parsed > 0 && len(receipt.Failed) == 0
}

// due reports whether the parser is away, and has been for too long.
func (s Standby) due(err error) bool {
	if err == nil || s.After <= 0 || core.AsError(err).Code != core.CodeParserUnavailable {
		return false
	}
	return s.Away() >= s.After
}

func tookOver(doc core.Document) bool { return strings.HasPrefix(doc.ProviderJob, core.StandbyJob) }

// Forget is ports.Parser's. Of a document that was taken over the parser may
// have a job whose start was never answered: it is looked for and stopped.
func (s Standby) Forget(ctx context.Context, doc core.Document) error {
	if !tookOver(doc) {
		return s.Outside.Forget(ctx, doc)
	}
	doc.ProviderJob = ""
	queued, found, err := s.Outside.Find(ctx, doc)
	if err != nil {
		return err
	}
	if found {
		doc.ProviderJob, doc.ProviderFile, doc.Status = queued.ProviderJob, queued.ProviderFile, core.ParseQueued
	}
	return s.Outside.Forget(ctx, doc)
}
