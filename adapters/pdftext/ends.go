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
func (s *surveyor) ends() {
	head := s.data[:min(len(s.data), headerWithin)]
	if at := bytes.Index(head, []byte(pdfHeader)); at > 0 {
		s.found = append(s.found, core.MarkHeaderOffset)
	}
	var tail []byte
	if at := bytes.LastIndex(s.data, []byte("%%EOF")); at >= 0 {
		tail = s.data[at+len("%%EOF"):]
	}
	if len(bytes.Trim(tail, "\x00\t\n\f\r ")) > 0 {
		s.found = append(s.found, core.MarkTrailingData)
	}
	if isWebPage(head) || isWebPage(tail) {
		s.found = append(s.found, core.MarkPolyglotHTML)
	}
	last := s.data[max(0, len(s.data)-zipEndWithin):]
	if bytes.Contains(last, []byte(zipEnd)) && bytes.Contains(s.data, []byte(zipEntry)) {
		s.found = append(s.found, core.MarkPolyglotZIP)
	}
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
