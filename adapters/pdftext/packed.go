package pdftext

import (
	"bytes"
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
)

// The bounds of what is packed in a file's object streams: far above what 2,000
// pages have, and far below what would be felt.
const (
	maxObjectBytes = 64 << 20 // bytes
	maxExpands     = 2        // filters of one stream that make it larger
)

// errUnpacks says why a file is refused, for the log.
var errUnpacks = fmt.Errorf("its objects unpack to more than %d bytes", maxObjectBytes)

// The words around a stream.
const (
	streamWord = "stream"
	endWord    = "end" // before it: the stream is over
)

// packed looks into every stream that may hold objects.
func (s *surveyor) packed(p piece) error {
	to := min(p.end+len(streamWord)-1, len(p.data)) // it begins within the piece's own bytes
	for from := p.begin; ; {
		next := bytes.Index(p.data[from:to], []byte(streamWord))
		if next < 0 {
			return nil
		}
		if s.ctx.Err() != nil {
			return fmt.Errorf("look through the file: %w", context.Cause(s.ctx))
		}
		at := from + next
		before := p.data[max(int(s.described-p.at), 0):at]
		if !bytes.HasSuffix(before, []byte(endWord)) {
			if err := s.stream(p, at); err != nil {
				return err
			}
		}
		from = at + len(streamWord)
		s.described = p.at + int64(from)
	}
}

// stream looks at one stream. What describes it stands before it, behind the
// last one, which may be in an earlier piece.
func (s *surveyor) stream(p piece, at int) error {
	var d description
	if begin := int(s.described - p.at); begin >= 0 {
		d.take(piece{data: p.data[begin:at], end: at - begin})
	} else if err := s.again(s.described, p.at+int64(at), d.take); err != nil {
		return err
	}
	if d.filters > maxExpands {
		return core.Fail(core.CodeFileBomb, fmt.Errorf("a stream is packed more than %d times", maxExpands))
	}
	if !d.objects {
		return nil
	}
	return s.objects(p.at+int64(at+len(streamWord)), d)
}

// again shows a stretch of the file that lies behind.
func (s *surveyor) again(from, to int64, take func(piece)) error {
	return newView(s.file, s.size, s.pieceBytes).each(from, to, func(p piece) error {
		take(p)
		return nil
	})
}

// description is what is said of a stream before it.
type description struct {
	objects, filtered, tuned bool // it holds objects; it is packed; its packing has settings
	filters                  int  // that can make much of little
}

// take reads a piece of it. Filters count from the last object on.
func (d *description) take(p piece) {
	const object = "obj"
	data, own := p.data[p.begin:], p.end-p.begin
	last := bytes.LastIndex(data[:min(own+len(object)-1, len(data))], []byte(object))
	if last >= 0 {
		d.filters = 0
	}
	eachName(data, own, func(at int, name []byte) {
		word := string(spelled(name))
		d.objects, d.filtered, d.tuned = d.objects || word == "ObjStm", d.filtered || word == "Filter", d.tuned || word == "DecodeParms"
		if ofStreams[word] && at > last {
			d.filters++
		}
	})
}

// objects looks into a stream of objects. One that is packed otherwise than by
// deflate, or twice, or damaged, is told as not looked into.
func (s *surveyor) objects(at int64, d description) error {
	read, unpacked, err := s.unpacker.unpack(&tape{file: s.file, at: at, size: s.size}, maxObjectBytes-s.unpacked, func(data []byte) { s.note(data, len(data)) })
	s.unpacked, s.read = s.unpacked+unpacked, s.read+read
	switch {
	case s.unpacker.tape.fault != nil:
		return s.unpacker.tape.fault
	case s.unpacked >= maxObjectBytes || s.read > 2*s.size+maxObjectBytes:
		return core.Fail(core.CodeFileBomb, errUnpacks)
	case err != nil && d.filtered, d.tuned, d.filters > 1:
		s.mark(core.MarkUnreadable)
	}
	return nil
}
