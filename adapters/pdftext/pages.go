package pdftext

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// maxRestarts bounds how often one document may break its instance before the
// rest of its pages are given up.
const maxRestarts = 5

// scanShare is how much of a page without text pictures must cover for it to
// count as a scan: more than a logo does.
const scanShare = 0.05

// readTime bounds the reading of one document, whatever its caller waits for:
// a file that takes longer is ended for good and not tried again.
const readTime = 75 * time.Second

// Pages reads a document's text as markdown: one Page a page, numbered from 1,
// blank ones with empty text. Formats without pages have those that their own
// page breaks make, or else pages of about 4,000 characters. A page that cannot
// be read has Failed set, also one that shows a picture of text and none.
//
// Errors: *core.Error with a file_* code, needs_ocr or parse_timeout; the
// wrapped error of ctx when that ends first.
func (e *Engine) Pages(ctx context.Context, r io.ReaderAt, size int64) ([]core.Page, error) {
	kind, err := sniff(r, size)
	if err != nil {
		return nil, err
	}
	if kind != TypePDF {
		return e.otherPages(ctx, kind, r, size)
	}
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	bounded, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	reader := pdfReader{engine: e, file: r, size: size}
	pages, err := reader.read(bounded)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return nil, core.Fail(core.CodeParseTimeout, err)
	}
	return pages, err
}

// pdfReader reads one PDF, with a new instance after each trap.
type pdfReader struct {
	engine   *Engine
	file     io.ReaderAt
	size     int64
	texts    []pageText
	failed   map[int]core.Code // by page index
	restarts int
}

func (p *pdfReader) read(ctx context.Context) ([]core.Page, error) {
	p.failed = map[int]core.Code{}
	for {
		done, err := p.session(ctx)
		if err != nil {
			return nil, typed(err)
		}
		if done {
			break
		}
	}
	return p.markdown()
}

// session opens the file in a fresh instance and reads on from the first page
// not read. It reports whether the last page was reached.
func (p *pdfReader) session(ctx context.Context) (bool, error) {
	in, err := p.engine.start(ctx)
	if err != nil {
		return false, err
	}
	defer in.close()
	doc, err := in.open(p.file, p.size)
	if err != nil {
		return false, err
	}
	if err := p.engine.checkPages(doc.pages); err != nil {
		return false, err
	}
	for len(p.texts) < doc.pages {
		text, err := doc.readPage(len(p.texts))
		if ctx.Err() != nil || in.file.fault != nil {
			return false, err
		}
		p.texts = append(p.texts, text)
		if err == nil {
			continue
		}
		p.failed[len(p.texts)-1] = core.CodePageFailed
		if errors.Is(err, errPage) {
			continue // PDFium said no in good order
		}
		return p.restart(doc.pages), nil
	}
	return true, nil
}

// restart counts a trap. After too many it gives up the pages left.
func (p *pdfReader) restart(pages int) bool {
	p.restarts++
	if p.restarts <= maxRestarts {
		return len(p.texts) == pages
	}
	for len(p.texts) < pages {
		p.failed[len(p.texts)] = core.CodePageFailed
		p.texts = append(p.texts, pageText{})
	}
	return true
}

// markdown lays the pages out. A file whose pages hold no words is a scan when
// pictures cover a page, broken when none could be read, and blank otherwise.
func (p *pdfReader) markdown() ([]core.Page, error) {
	if len(p.failed) == len(p.texts) {
		return nil, core.Fail(core.CodeFileBroken, errPage)
	}
	look := styleOf(p.texts)
	pages := make([]core.Page, len(p.texts))
	words, scans := 0, 0
	for i, text := range p.texts {
		pages[i] = core.Page{Number: i + 1, Failed: string(p.failed[i])}
		words += len(text.words)
		switch {
		case text.cut:
			pages[i].Failed = string(core.CodePageCut)
		case len(text.words) > 0:
			pages[i].Text = layout(text, look)
		case text.drawn.something():
			scans++
			pages[i].Failed = string(core.CodeNeedsOCR)
		}
	}
	if words == 0 && scans > 0 {
		return nil, core.Fail(core.CodeNeedsOCR, nil)
	}
	return pages, nil
}

// checkPages holds a page count against the limit.
func (e *Engine) checkPages(pages int) error {
	switch {
	case pages <= 0:
		return core.Fail(core.CodeFileBroken, errPage)
	case pages > e.maxPages:
		return core.Fail(core.CodeFileTooManyPages, nil)
	}
	return nil
}
