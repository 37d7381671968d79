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

// open reads the file into the instance and opens it.
func (in *instance) open(r io.ReaderAt, size int64) (*document, error) {
	at, err := in.alloc(int(size))
	if err != nil {
		return nil, err
	}
	if n, err := r.ReadAt(in.bytes(at, int(size)), 0); n < int(size) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	scratch, err := in.alloc(scratchSize)
	if err != nil {
		return nil, err
	}
	handle, err := in.call("FPDF_LoadMemDocument", uint64(at), uint64(size), 0)
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

// typed turns what the sandbox reports about a file into a *core.Error. The
// caller's context and faults in reading the file stay what they are.
func typed(err error) error {
	if errors.Is(err, errTrap) || errors.Is(err, errNoMemory) {
		return core.Fail(core.CodeFileBroken, err)
	}
	return err
}
