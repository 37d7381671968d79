package pdftext

import (
	"bytes"
	"context"
	"fmt"
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

// survey looks through a PDF's bytes, and through the objects that are packed
// in streams, for what is in it beside pages. Nothing is parsed or followed, so
// that no damage or disguise ends it early.
//
// Errors: CodeFileBomb, and the wrapped error of ctx.
func survey(ctx context.Context, data []byte) ([]core.Mark, error) {
	s := &surveyor{ctx: ctx, data: data}
	s.note(data)
	s.ends()
	if err := s.packed(); err != nil {
		return nil, err
	}
	return s.found, nil
}

type surveyor struct {
	ctx   context.Context //nolint:containedctx // it lives as long as the survey
	data  []byte
	found []core.Mark

	unpacked, read int64 // bytes out of packed objects, and into the unpacking
	unpacker       unpacker
}

// note adds the marks of the names that stand in some bytes.
func (s *surveyor) note(data []byte) {
	eachName(data, func(name string) {
		if mark, ok := names[name]; ok {
			s.found = append(s.found, mark)
			if len(s.found) > 1000 { // a hostile file names them by the million
				s.found = core.SortMarks(s.found)
			}
		}
	})
}

// longestName is more bytes than any name of ours has, written in #xx.
const longestName = 64

// eachName tells every name in some bytes: what stands between a slash and the
// next delimiter, with its escapes spelled out. Longer ones are left out.
func eachName(data []byte, tell func(string)) {
	for {
		at := bytes.IndexByte(data, '/')
		if at < 0 {
			return
		}
		data = data[at+1:]
		end := bytes.IndexAny(data[:min(len(data), longestName)], delimiters)
		if end < 0 && len(data) > longestName {
			continue
		}
		if end < 0 {
			end = len(data)
		}
		if end > 1 {
			tell(spelled(data[:end]))
		}
	}
}

// delimiters end a name: white space and PDF's brackets.
const delimiters = "\x00\t\n\f\r ()<>[]{}/%"

// spelled replaces #xx by the byte it stands for.
func spelled(name []byte) string {
	if bytes.IndexByte(name, '#') < 0 {
		return string(name)
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
	return string(out)
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

// The bounds of what is packed in a file's object streams: far above what 2,000
// pages have, and far below what would be felt.
const (
	maxObjectBytes = 64 << 20 // bytes
	maxExpands     = 2        // filters of one stream that make it larger
)

// errUnpacks says why a file is refused, for the log.
var errUnpacks = fmt.Errorf("its objects unpack to more than %d bytes", maxObjectBytes)

// packed looks into every stream that may hold objects.
func (s *surveyor) packed() error {
	for rest := s.data; ; {
		at := bytes.Index(rest, []byte("stream"))
		if at < 0 {
			return nil
		}
		if s.ctx.Err() != nil {
			return fmt.Errorf("look through the file: %w", context.Cause(s.ctx))
		}
		before, body := rest[:at], rest[at+len("stream"):]
		if !bytes.HasSuffix(before, []byte("end")) {
			if err := s.stream(before, body); err != nil {
				return err
			}
		}
		rest = body
	}
}

// stream looks at one stream: before it, behind the last one, stands what
// describes it.
func (s *surveyor) stream(before, body []byte) error {
	filters := expands(before)
	if filters > maxExpands {
		return core.Fail(core.CodeFileBomb, fmt.Errorf("a stream is packed more than %d times", maxExpands))
	}
	described := map[string]bool{}
	eachName(before, func(name string) {
		if name == "ObjStm" || name == "Filter" || name == "DecodeParms" {
			described[name] = true
		}
	})
	if !described["ObjStm"] {
		return nil
	}
	return s.objects(body, described, filters)
}

// expands counts the filters of a stream, in the object that describes it, that
// can make much of little.
func expands(before []byte) (n int) {
	if at := bytes.LastIndex(before, []byte("obj")); at >= 0 {
		before = before[at:]
	}
	eachName(before, func(name string) {
		switch name {
		case "FlateDecode", "Fl", "LZWDecode", "LZW", "RunLengthDecode", "RL", "BrotliDecode":
			n++
		}
	})
	return n
}

// objects looks into a stream of objects. One that is packed otherwise than by
// deflate, or twice, or damaged, is told as not looked into.
func (s *surveyor) objects(body []byte, described map[string]bool, filters int) error {
	body = bytes.TrimPrefix(bytes.TrimPrefix(body, []byte("\r")), []byte("\n"))
	read, unpacked, err := s.unpacker.unpack(body, maxObjectBytes-s.unpacked, s.note)
	s.unpacked, s.read = s.unpacked+unpacked, s.read+read
	if s.unpacked >= maxObjectBytes || s.read > 2*int64(len(s.data))+maxObjectBytes {
		return core.Fail(core.CodeFileBomb, errUnpacks)
	}
	if (err != nil && described["Filter"]) || described["DecodeParms"] || filters > 1 {
		s.found = append(s.found, core.MarkUnreadable)
	}
	return nil
}
