package pdftext

import (
	"errors"
	"fmt"
	"io"

	"github.com/insurance-navigator/navigator/core"
)

// PDFium's reasons for not opening a file (FPDF_GetLastError).
const (
	pdfiumPassword = 4
	pdfiumSecurity = 5
)

// document is an open PDF inside an instance.
type document struct {
	*instance
	handle  uint64
	pages   int
	scratch uint32 // room for the answers of geometry calls
}

const scratchSize = 64

// open opens the file in the instance.
func (in *instance) open(r io.ReaderAt, size int64) (*document, error) {
	in.file.from, in.file.size = r, size
	scratch, err := in.alloc(scratchSize)
	if err != nil {
		return nil, err
	}
	copy(in.bytes(scratch, scratchSize), guestName+"\x00")
	handle, err := in.call("FPDF_LoadDocument", uint64(scratch), 0)
	if err != nil {
		return nil, err
	}
	if handle == 0 {
		return nil, in.openFault()
	}
	pages, err := in.number("FPDF_GetPageCount", handle)
	if err != nil {
		return nil, err
	}
	return &document{instance: in, handle: handle, pages: pages, scratch: scratch}, nil
}

// openFault is why the last open failed.
func (in *instance) openFault() error {
	reason, err := in.number("FPDF_GetLastError")
	if err != nil {
		return err
	}
	if reason == pdfiumPassword || reason == pdfiumSecurity {
		return core.Fail(core.CodeFileEncrypted, nil)
	}
	return core.Fail(core.CodeFileBroken, fmt.Errorf("pdfium reason %d", reason))
}

// encrypted reports whether the file has a security handler. It may have one
// and still open without a password: printing or copying is then restricted.
func (d *document) encrypted() (bool, error) {
	revision, err := d.number("FPDF_GetSecurityHandlerRevision", d.handle)
	return revision >= 0, err
}

// marks is what PDFium tells of a file's content. It sees into encrypted files.
func (d *document) marks() (found []core.Mark, err error) {
	for _, ask := range []struct {
		function string
		mark     core.Mark
		from     int // the least answer that says so
	}{
		{"FPDFDoc_GetJavaScriptActionCount", core.MarkJavaScript, 1},
		{"FPDFDoc_GetAttachmentCount", core.MarkEmbeddedFile, 1},
		{"FPDF_GetFormType", core.MarkXFA, formXFA},
	} {
		n, err := d.number(ask.function, d.handle)
		if err != nil {
			return nil, err
		}
		if n >= ask.from {
			found = append(found, ask.mark)
		}
	}
	return found, nil
}

// formXFA is PDFium's word for a form of the XFA kind; there are two of them.
const formXFA = 2

// typed turns what the sandbox reports about a file into a *core.Error. The
// caller's context and faults in reading the file stay what they are.
func typed(err error) error {
	if errors.Is(err, errTrap) || errors.Is(err, errNoMemory) {
		return core.Fail(core.CodeFileBroken, err)
	}
	return err
}
