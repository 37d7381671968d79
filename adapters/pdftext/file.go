package pdftext

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tetratelabs/wazero/api"
)

// The one file that the module may open, by this name and as this descriptor.
const (
	guestName = "document.pdf"
	guestFD   = 3
)

// What the module's C library knows of a file: where its struct stat has the
// mode and the size, a mode of a plain file, and the words for seeking.
const (
	statMode, statSize = 4, 24
	plainFile          = 0o100444

	seekCurrent, seekEnd = 1, 2
)

// pieceSize is how much of the file is read at once: PDFium asks for 512 bytes
// at a time, often one after the other.
const pieceSize = 16 << 10

// guestFile is the document as the module sees it. It is read where PDFium
// looks, so that a large file never lies in the module's memory as a whole.
type guestFile struct {
	from  io.ReaderAt
	size  int64
	at    int64 // where the module stands in it
	fault error // of the reading: it says nothing about the document

	piece   []byte // of the file, from pieceAt on
	pieceAt int64
}

type guestFileKey struct{}

// inside is the context that the module's calls of the host come with.
func (f *guestFile) inside() context.Context {
	return context.WithValue(context.Background(), guestFileKey{}, f)
}

// fileOf is the file of the instance that called, where the descriptor is its;
// nil otherwise.
func fileOf(ctx context.Context, fd uint64) *guestFile {
	f, _ := ctx.Value(guestFileKey{}).(*guestFile)
	if f == nil || f.from == nil || uint32(fd) != guestFD {
		return nil
	}
	return f
}

// openFile is openat: there is one name.
func openFile(ctx context.Context, mod api.Module, stack []uint64) {
	name, _ := mod.Memory().Read(uint32(stack[1]), uint32(len(guestName)+1))
	if fileOf(ctx, guestFD) == nil || string(name) != guestName+"\x00" {
		stack[0] = uint64(noEntry)
		return
	}
	stack[0] = guestFD
}

// statFile is fstat64: a plain file of so many bytes.
func statFile(ctx context.Context, mod api.Module, stack []uint64) {
	f, at := fileOf(ctx, stack[0]), uint32(stack[1])
	if f == nil || !mod.Memory().WriteUint32Le(at+statMode, plainFile) || !mod.Memory().WriteUint64Le(at+statSize, uint64(f.size)) {
		stack[0] = uint64(noEntry)
		return
	}
	stack[0] = 0
}

// seekFile is fd_seek, with its offset in two halves.
func seekFile(ctx context.Context, mod api.Module, stack []uint64) {
	f, to := fileOf(ctx, stack[0]), int64(stack[2]<<32|stack[1]&0xffffffff)
	whence, out := uint32(stack[3]), uint32(stack[4])
	stack[0] = badFile
	if f == nil {
		return
	}
	switch whence {
	case seekCurrent:
		to += f.at
	case seekEnd:
		to += f.size
	}
	if to < 0 || to > f.size || !mod.Memory().WriteUint64Le(out, uint64(to)) {
		return
	}
	f.at, stack[0] = to, 0
}

// readFile is fd_read: it fills the pieces of memory in turn.
func readFile(ctx context.Context, mod api.Module, stack []uint64) {
	f, vector, count, out := fileOf(ctx, stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3])
	stack[0] = badFile
	if f == nil {
		return
	}
	read := uint32(0)
	for i := range count {
		at, ok := mod.Memory().ReadUint32Le(vector + 8*i)
		length, ok2 := mod.Memory().ReadUint32Le(vector + 8*i + 4)
		into, ok3 := mod.Memory().Read(at, length)
		if !ok || !ok2 || !ok3 {
			return
		}
		n := f.read(into)
		read += uint32(n)
		if n < len(into) {
			break
		}
	}
	if f.fault == nil && mod.Memory().WriteUint32Le(out, read) {
		stack[0] = 0
	}
}

// read fills p from where the module stands, up to the file's end.
func (f *guestFile) read(p []byte) (n int) {
	p = p[:min(int64(len(p)), f.size-f.at)]
	for n < len(p) && f.fault == nil {
		if f.at < f.pieceAt || f.at >= f.pieceAt+int64(len(f.piece)) {
			f.load()
			continue
		}
		got := copy(p[n:], f.piece[f.at-f.pieceAt:])
		n, f.at = n+got, f.at+int64(got)
	}
	return n
}

// load brings the piece of the file in which the module stands.
func (f *guestFile) load() {
	if f.piece == nil {
		f.piece = make([]byte, pieceSize)
	}
	f.pieceAt = f.at / pieceSize * pieceSize
	f.piece = f.piece[:min(pieceSize, f.size-f.pieceAt)]
	n, err := f.from.ReadAt(f.piece, f.pieceAt)
	if n < len(f.piece) {
		f.fault = readFault(err)
	}
}

// readFault is what keeps us from reading a file: ours, and not the document's.
func readFault(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read the file: %w", err)
}
