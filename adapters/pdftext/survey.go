package pdftext

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// names are the words of PDF that stand for active content, each in the key or
// the type of an object. They are looked for in all bytes: a hostile file may
// lie about where its objects are, and an object has to be named somewhere.
var names = map[string]core.Mark{
	"JavaScript": core.MarkJavaScript, "OpenAction": core.MarkOpenAction, "Launch": core.MarkLaunch,
	"EmbeddedFile": core.MarkEmbeddedFile, "FileAttachment": core.MarkEmbeddedFile,
	"RichMedia": core.MarkRichMedia, "Rendition": core.MarkRichMedia, "Movie": core.MarkRichMedia, "Sound": core.MarkRichMedia,
	"SubmitForm": core.MarkSubmitForm, "ImportData": core.MarkSubmitForm,
	"GoToR": core.MarkRemoteGoTo, "GoToE": core.MarkRemoteGoTo, "URI": core.MarkURI, "XFA": core.MarkXFA,
}

// ofStreams are the words in what describes a stream, and whether they stand for
// a filter that can make much of little.
var ofStreams = map[string]bool{
	"ObjStm": false, "Filter": false, "DecodeParms": false,
	"FlateDecode": true, "Fl": true, "LZWDecode": true, "LZW": true, "RunLengthDecode": true, "RL": true, "BrotliDecode": true,
}

// initials are the bytes that all those words begin with, and that of an escape:
// nearly every other name, and what looks like one, is told apart by them.
var initials = func() (first [256]bool) {
	first['#'] = true
	for name := range names {
		first[name[0]] = true
	}
	for name := range ofStreams {
		first[name[0]] = true
	}
	return first
}()

// survey looks through a PDF's bytes, and through the objects that are packed
// in streams, for what is in it beside pages. Nothing is parsed or followed, so
// that no damage or disguise ends it early. The file is read once, piece by
// piece, and a second time where one of its parts points back.
//
// Errors: CodeFileBomb, those of reading the file, and the wrapped error of ctx.
func survey(ctx context.Context, file io.ReaderAt, size int64, pieceBytes int) ([]core.Mark, error) {
	s := &surveyor{ctx: ctx, view: newView(file, size, pieceBytes), pieceBytes: pieceBytes}
	if err := s.each(0, size, s.look); err != nil {
		return nil, err
	}
	if err := s.ends(); err != nil {
		return nil, err
	}
	return s.found, nil
}

type surveyor struct {
	*view
	ctx        context.Context //nolint:containedctx // it lives as long as the survey
	pieceBytes int
	found      []core.Mark
	described  int64 // where what describes the next stream begins

	unpacked, read int64 // bytes out of packed objects, and into the unpacking
	unpacker       unpacker
}

// look is at one piece of the file.
func (s *surveyor) look(p piece) error {
	if s.ctx.Err() != nil {
		return fmt.Errorf("look through the file: %w", context.Cause(s.ctx))
	}
	s.note(p.data[p.begin:], p.end-p.begin)
	return s.packed(p)
}

// note adds the marks of the names that begin in the first so many bytes.
func (s *surveyor) note(data []byte, own int) {
	eachName(data, own, func(_ int, name []byte) {
		if mark, ok := names[string(spelled(name))]; ok {
			s.mark(mark)
		}
	})
}

func (s *surveyor) mark(mark core.Mark) {
	if !slices.Contains(s.found, mark) {
		s.found = append(s.found, mark)
	}
}

// longestName is more bytes than any name of ours has, written in #xx.
const longestName = 64

// eachName tells every name that begins in the first so many bytes and may be one
// of ours: what stands between a slash and the next delimiter, and where the slash
// is. Longer ones are left out.
func eachName(data []byte, own int, tell func(at int, name []byte)) {
	for at := 0; ; at++ {
		next := bytes.IndexByte(data[at:own], '/')
		if next < 0 {
			return
		}
		at += next
		name := data[at+1:]
		if len(name) == 0 || !initials[name[0]] {
			continue
		}
		end := nameEnd(name[:min(len(name), longestName)])
		if end == longestName && len(name) > longestName {
			continue
		}
		if end > 1 {
			tell(at, name[:end])
		}
	}
}

// nameEnd is where the first delimiter stands, or the length where there is none.
func nameEnd(name []byte) int {
	for i, c := range name {
		if delimits[c] {
			return i
		}
	}
	return len(name)
}

// delimits says which bytes end a name: white space and PDF's brackets.
var delimits = func() (ends [256]bool) {
	for _, c := range []byte("\x00\t\n\f\r ()<>[]{}/%") {
		ends[c] = true
	}
	return ends
}()

// spelled replaces #xx by the byte it stands for.
func spelled(name []byte) []byte {
	if bytes.IndexByte(name, '#') < 0 {
		return name
	}
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if c, ok := escape(name[i:]); ok {
			out = append(out, c)
			i += 2
			continue
		}
		out = append(out, name[i])
	}
	return out
}

func escape(text []byte) (c byte, ok bool) {
	if len(text) < 3 || text[0] != '#' {
		return 0, false
	}
	high, low := strings.IndexByte(hexDigits, text[1]|0x20), strings.IndexByte(hexDigits, text[2]|0x20)
	if high < 0 || low < 0 {
		return 0, false
	}
	return byte(high<<4 | low), true //nolint:gosec // two digits of 16
}

const hexDigits = "0123456789abcdef"
