package pdftext

import (
	"context"
	"io"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// inspectTime bounds the opening of a file; the slowest real ones take
// milliseconds.
const inspectTime = 3 * time.Second

// Inspect looks at a file's type, page count, encryption and active content
// without reading its text. Encrypted is set for a file that has restrictions and yet opens;
// one that wants a password is file_encrypted.
//
// Errors: *core.Error with a file_* code, file_broken also for a file that
// takes too long to open; the wrapped error of ctx when that ends first.
func (e *Engine) Inspect(ctx context.Context, r io.ReaderAt, size int64) (core.Inspection, error) {
	kind, err := sniff(r, size)
	if err != nil {
		return core.Inspection{}, err
	}
	if kind != TypePDF {
		return core.Inspection{Type: kind, Marks: []core.Mark{}}, nil
	}
	if err := e.enter(ctx); err != nil {
		return core.Inspection{}, err
	}
	defer e.leave()
	bounded, cancel := context.WithTimeout(ctx, inspectTime)
	defer cancel()
	found, err := e.inspectPDF(bounded, r, size)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return core.Inspection{}, core.Fail(core.CodeFileBroken, err)
	}
	return found, typed(err)
}

func (e *Engine) inspectPDF(ctx context.Context, r io.ReaderAt, size int64) (core.Inspection, error) {
	found, err := survey(ctx, r, size, viewSize) // before anything is unpacked in earnest
	if err != nil {
		return core.Inspection{}, err
	}
	in, err := e.start(ctx)
	if err != nil {
		return core.Inspection{}, err
	}
	defer in.close()
	doc, err := in.open(r, size)
	if err != nil {
		return core.Inspection{}, err
	}
	if err := e.checkPages(doc.pages); err != nil {
		return core.Inspection{}, err
	}
	return doc.told(found)
}

// told is what an open file tells of itself, beside what was found in its bytes.
func (d *document) told(found []core.Mark) (core.Inspection, error) {
	encrypted, err := d.encrypted()
	if err != nil {
		return core.Inspection{}, err
	}
	marks, err := d.marks()
	if err != nil {
		return core.Inspection{}, err
	}
	if encrypted {
		marks = append(marks, core.MarkRestricted)
	}
	return core.Inspection{Type: TypePDF, Pages: d.pages, Encrypted: encrypted, Marks: core.SortMarks(append(marks, found...))}, nil
}
