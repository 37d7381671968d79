package pdftext

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// unpacker undoes deflate, again and again in the same memory.
type unpacker struct {
	reader io.ReadCloser
	window [64 << 10]byte
}

// unpack tells what the packed bytes hold, up to a bound, in pieces that overlap
// by the length of a name. It counts the bytes on both sides. Before an error,
// which says that what follows is damaged, all is told that came out.
func (u *unpacker) unpack(packed []byte, bound int64, tell func([]byte)) (read, unpacked int64, err error) {
	from := bytes.NewReader(packed)
	if err := u.begin(from); err != nil {
		return from.Size() - int64(from.Len()), 0, err
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
	return from.Size() - int64(from.Len()), unpacked, err
}

func (u *unpacker) begin(from io.Reader) (err error) {
	if u.reader == nil {
		u.reader, err = zlib.NewReader(from)
		return err
	}
	return u.reader.(zlib.Resetter).Reset(from, nil) //nolint:forcetypeassert // zlib's own promise
}
