package pdftext

import (
	"bytes"

	"github.com/insurance-navigator/navigator/core"
)

// The signs of an archive: the end of its directory, which stands within its
// last bytes, and an entry of it.
const (
	zipEnd       = "PK\x05\x06"
	zipEntry     = "PK\x01\x02"
	zipEndWithin = 1<<16 + 22
)

// ends looks at what stands before the PDF and behind it.
func (s *surveyor) ends() error {
	head := make([]byte, min(s.size, headerWithin))
	if n, err := s.file.ReadAt(head, 0); n < len(head) {
		return readFault(err)
	}
	if at := bytes.Index(head, []byte(pdfHeader)); at > 0 {
		s.mark(core.MarkHeaderOffset)
	}
	if isWebPage(head) {
		s.mark(core.MarkPolyglotHTML)
	}
	if err := s.tail(); err != nil {
		return err
	}
	return s.archive()
}

// tail looks at what stands behind the PDF's last word.
func (s *surveyor) tail() error {
	const word = "%%EOF"
	at, err := s.last(word)
	if err != nil || at < 0 {
		return err
	}
	return s.each(at+int64(len(word)), s.size, func(p piece) error {
		if len(bytes.Trim(p.data[p.begin:p.end], "\x00\t\n\f\r ")) > 0 {
			s.mark(core.MarkTrailingData)
		}
		if isWebPage(p.data[p.begin:]) {
			s.mark(core.MarkPolyglotHTML)
		}
		return nil
	})
}

// archive looks for the signs of one, the rarer first.
func (s *surveyor) archive() error {
	is, err := s.contains(max(0, s.size-zipEndWithin), zipEnd)
	if is && err == nil {
		is, err = s.contains(0, zipEntry)
	}
	if is && err == nil {
		s.mark(core.MarkPolyglotZIP)
	}
	return err
}

// isWebPage reports whether a browser would show the bytes as a page.
func isWebPage(data []byte) bool {
	lower := bytes.ToLower(data)
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<svg"} {
		if bytes.Contains(lower, []byte(tag)) {
			return true
		}
	}
	return false
}
