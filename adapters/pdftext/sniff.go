package pdftext

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/insurance-navigator/navigator/core"
)

// The types this package reads, as sniffed from content.
const (
	TypePDF  = "application/pdf"
	TypeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	TypeHTML = "text/html"
	TypeText = "text/plain"
)

// maxFile bounds what is read into memory; the upload door is stricter.
const maxFile = 64 << 20

const sniffLength = 4096

// sniff tells a file's type from its bytes, never from its name.
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
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return sniffZip(r, size)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "", sniffCompound(r, size)
	case bytes.Contains(head[:min(len(head), headerWithin)], []byte(pdfHeader)):
		return TypePDF, anotherType(head)
	}
	text := decoded(trimCut(head))
	switch {
	case !isText(head, text):
		return "", core.Fail(core.CodeFileUnsupported, nil)
	case isHTML(text):
		return TypeHTML, nil
	}
	return TypeText, nil
}

// A PDF's header may stand anywhere within its first bytes.
const (
	pdfHeader    = "%PDF-"
	headerWithin = 1024
)

// otherTypes are the first bytes of programs, pictures and archives. A file that
// begins so is one of those to the system it is opened on, whatever follows.
var otherTypes = []string{
	"MZ", "\x7fELF", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "#!", "\x89PNG", "\xff\xd8\xff", "GIF8", "RIFF",
	"Rar!", "7z\xbc\xaf", "\x1f\x8b", "PK\x05\x06", "{\\rtf", "<?php",
}

// anotherType refuses a file that begins as something else.
func anotherType(head []byte) error {
	for _, magic := range otherTypes {
		if bytes.HasPrefix(head, []byte(magic)) {
			return core.Fail(core.CodeFileUnsupported, nil)
		}
	}
	return nil
}

// sniffZip tells a Word document from other archives.
func sniffZip(r io.ReaderAt, size int64) (string, error) {
	archive, err := openZip(r, size)
	if err != nil {
		return "", err
	}
	for _, file := range archive.File {
		if file.Name == docxBody {
			return TypeDOCX, encryptedEntry(file)
		}
	}
	return "", core.Fail(core.CodeFileUnsupported, nil)
}

func encryptedEntry(file *zip.File) error {
	if file.Flags&1 != 0 {
		return core.Fail(core.CodeFileEncrypted, nil)
	}
	return nil
}

// sniffCompound looks into the container of Word's former format, which also
// wraps a Word document that has a password.
func sniffCompound(r io.ReaderAt, size int64) error {
	data := make([]byte, min(size, 1<<20))
	if n, err := r.ReadAt(data, 0); n < len(data) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the file: %w", err)
	}
	name := strings.Join(strings.Split("EncryptedPackage", ""), "\x00")
	if bytes.Contains(data, []byte(name)) {
		return core.Fail(core.CodeFileEncrypted, nil)
	}
	return core.Fail(core.CodeFileUnsupported, nil)
}

// isHTML follows what browsers do, and takes XHTML for what it is.
func isHTML(text string) bool {
	if strings.HasPrefix(http.DetectContentType([]byte(text)), TypeHTML) {
		return true
	}
	return strings.HasPrefix(strings.TrimSpace(text), "<?xml") && strings.Contains(strings.ToLower(text), "<html")
}

// isText reports whether a file's head, decoded to text, holds no control
// characters but those of plain text. In Windows-1252 every byte stands for
// something, so there most characters must also be those of prose. A last
// character may be cut.
func isText(head []byte, text string) bool {
	letters, strange := 0, 0
	for i, r := range text {
		switch {
		case r == utf8.RuneError && i+3 >= len(text):
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f':
			return false
		case r == utf8.RuneError || r >= 0x7f && r < 0xa0:
			return false
		case r < 0x80:
			letters++
		default:
			strange++
		}
	}
	return encodingOf(trimCut(head)) != charmap.Windows1252 || letters > 3*strange
}

// trimCut takes a character's first bytes away where the head ends within it.
func trimCut(head []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(head); n++ {
		if tail := head[len(head)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return head[:len(head)-n]
			}
			break
		}
	}
	return head
}
