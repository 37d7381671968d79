package pdftext

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// unpacker undoes deflate, again and again in the same memory.
type unpacker struct {
	tape   *tape // that is read last
	ahead  *bufio.Reader
	reader io.ReadCloser
	window [64 << 10]byte
}

// unpack tells what the packed bytes hold that lie on from a stream's word, up to
// a bound, in pieces that overlap by the length of a name. It counts the bytes on
// both sides. Before an error, which says that what follows is damaged, all is
// told that came out.
func (u *unpacker) unpack(from *tape, bound int64, tell func([]byte)) (read, unpacked int64, err error) {
	began := from.at
	if err := u.begin(from); err != nil {
		return u.read(began), 0, err
	}
	kept := 0
	for err == nil && unpacked < bound {
		var n int
		n, err = u.reader.Read(u.window[kept:])
		unpacked += int64(n)
		piece := u.window[:kept+n]
		tell(piece)
		kept = copy(u.window[:], piece[max(0, len(piece)-longestName-1):])
	}
	if errors.Is(err, io.EOF) || errors.Is(err, zlib.ErrChecksum) { // a wrong sum is common, and nothing is missing
		err = nil
	}
	return u.read(began), unpacked, err
}

// read is how many bytes were taken from the tape.
func (u *unpacker) read(began int64) int64 { return u.tape.at - began - int64(u.ahead.Buffered()) }

// begin is behind the line's end that follows a stream's word.
func (u *unpacker) begin(from *tape) (err error) {
	if u.ahead == nil {
		u.ahead = bufio.NewReader(nil)
	}
	u.tape = from
	u.ahead.Reset(from)
	for _, end := range []byte("\r\n") {
		if next, _ := u.ahead.Peek(1); bytes.Equal(next, []byte{end}) {
			_, _ = u.ahead.Discard(1) // it is there
		}
	}
	if u.reader == nil {
		u.reader, err = zlib.NewReader(u.ahead)
		return err
	}
	return u.reader.(zlib.Resetter).Reset(u.ahead, nil) //nolint:forcetypeassert // zlib's own promise
}
