package pdftext

import (
	"bytes"
	"io"
)

// viewSize is how much of a file is looked at in one piece: it stays in the
// processor's cache while it is.
const viewSize = 128 << 10

// margin is how many bytes of the file stand before and behind those that a look
// is at, for what lies across two pieces: more than any name of ours has.
const margin = longestName + 8

// view goes through a file piece by piece.
type view struct {
	file io.ReaderAt
	size int64
	room []byte // for one piece: more than two margins
}

// newView gives a view with room for pieces of so many bytes.
func newView(file io.ReaderAt, size int64, piece int) *view {
	return &view{file: file, size: size, room: make([]byte, min(int64(piece), size))}
}

// piece is a part of the file. The bytes from begin to end are its own; a margin
// of the neighbors' stands around them, as far as the stretch goes.
type piece struct {
	data       []byte
	begin, end int
	at         int64 // of the first byte, in the file
}

// each shows the stretch of the file from one offset to another, each byte as a
// piece's own once, until look gives an error.
func (v *view) each(from, to int64, look func(piece) error) error {
	p := piece{at: from}
	for next, held := from, 0; ; {
		n := int(min(int64(len(v.room)-held), to-next))
		if got, err := v.file.ReadAt(v.room[held:held+n], next); got < n {
			return readFault(err)
		}
		next, held = next+int64(n), held+n
		p.data, p.end = v.room[:held], held
		if next < to {
			p.end -= margin
		}
		if err := look(p); err != nil || next == to {
			return err
		}
		gone := max(0, p.end-margin)
		held = copy(v.room, p.data[gone:])
		p.begin, p.at = p.end-gone, p.at+int64(gone)
	}
}

// contains reports whether a word, shorter than a margin, stands in the file from
// an offset on.
func (v *view) contains(from int64, word string) (is bool, err error) {
	err = v.each(from, v.size, func(p piece) error {
		is = is || bytes.Contains(p.data[p.begin:], []byte(word))
		return nil
	})
	return is, err
}

// last is where a word, shorter than a margin, stands last in the file; -1 where
// it does not.
func (v *view) last(word string) (int64, error) {
	for to := v.size; ; {
		from := max(0, to-int64(len(v.room)))
		data := v.room[:to-from]
		if n, err := v.file.ReadAt(data, from); n < len(data) {
			return 0, readFault(err)
		}
		if at := bytes.LastIndex(data, []byte(word)); at >= 0 {
			return from + int64(at), nil
		}
		if from == 0 {
			return -1, nil
		}
		to = from + int64(len(word)) - 1
	}
}

// tape reads a file on from an offset, and keeps the error that says nothing of
// the file's bytes.
type tape struct {
	file     io.ReaderAt
	at, size int64
	fault    error
}

// Read implements io.Reader.
func (t *tape) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), t.size-t.at)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := t.file.ReadAt(p, t.at)
	t.at += int64(n)
	if n < len(p) {
		t.fault = readFault(err)
	}
	return n, t.fault
}
