package pdftext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
)

// The types this package reads, as sniffed from content.
const (
	TypePDF  = "application/pdf"
	TypeText = "text/plain"
)

// maxFile bounds what is read into memory; the upload door is stricter.
const maxFile = 64 << 20

const sniffLength = 4096

// sniff tells a file's type from its first bytes, never from its name.
func sniff(r io.ReaderAt, size int64) (string, error) {
	if size == 0 {
		return "", core.Fail(core.CodeFileEmpty, nil)
	}
	if size > maxFile {
		return "", core.Fail(core.CodeFileTooLarge, nil)
	}
	head := make([]byte, min(size, sniffLength))
	if n, err := r.ReadAt(head, 0); n < len(head) && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the file: %w", err)
	}
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return TypePDF, nil
	case isText(head):
		return TypeText, nil
	}
	return "", core.Fail(core.CodeFileUnsupported, nil)
}

// isText reports whether the bytes are UTF-8 without control characters but
// those of plain text. The last character may be cut.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return len(head) < utf8.UTFMax && !utf8.FullRune(head)
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			return false
		}
		head = head[n:]
	}
	return true
}
