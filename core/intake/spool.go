// Package intake is how a file is taken in, by whichever door it comes: held on
// disk, counted and hashed, and judged by its bytes alone.
package intake

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/insurance-navigator/navigator/core"
)

// Spool is an uploaded file on disk, out of every directory: the name is taken
// away as soon as the file is open, so that nothing is left behind however the
// process ends. Where the system refuses that, Close removes it.
type Spool struct {
	Size int64 // bytes; known once it is filled
	Sum  [sha256.Size]byte

	file  *os.File
	named bool // still has to be removed
}

// NewSpool makes an empty one in the folder dir. A disk that refuses is
// CodeStorageUnavailable.
func NewSpool(dir string) (*Spool, error) {
	file, err := os.CreateTemp(dir, "upload-*")
	if err != nil {
		return nil, Trouble(err)
	}
	return &Spool{file: file, named: os.Remove(file.Name()) != nil}, nil
}

// Close gives the disk space back.
func (s *Spool) Close() {
	_ = s.file.Close()
	if s.named {
		_ = os.Remove(s.file.Name())
	}
}

// Fill copies r once, counting and hashing; what was read is reported to
// counted. CodeFileTooLarge stops it one byte past limit, CodeFileEmpty says
// there was none. Errors of r come back as they are.
func (s *Spool) Fill(r io.Reader, limit int64, counted *int64) error {
	digest := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(diskWriter{s.file}, digest), writeAtOnce)
	n, err := out.ReadFrom(countingReader{io.LimitReader(r, limit+1), counted})
	switch {
	case err != nil:
		return err
	case n > limit:
		return core.Fail(core.CodeFileTooLarge, nil)
	case n == 0:
		return core.Fail(core.CodeFileEmpty, nil)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	s.Size = n
	digest.Sum(s.Sum[:0])
	return nil
}

// Reader reads the whole file anew.
func (s *Spool) Reader() *io.SectionReader { return io.NewSectionReader(s.file, 0, s.Size) }

// File is the file itself, at its beginning: for one reader at a time, since it
// stands in one place. The system can carry it elsewhere without our memory.
func (s *Spool) File() (*os.File, error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, Trouble(err)
	}
	return s.file, nil
}

// writeAtOnce is how much is hashed, and written to the disk, at once: less costs
// more of each, more costs memory for every upload under way.
const writeAtOnce = 128 << 10

// diskWriter marks the disk's errors, so that a full disk is not taken for a
// fault of the client's.
type diskWriter struct{ file *os.File }

func (d diskWriter) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if err != nil {
		return n, Trouble(err)
	}
	return n, nil
}

type countingReader struct {
	r io.Reader
	n *int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}

// Trouble is an error of the disk: ours, not the client's, and passes: 503 without the path
// that the system's error names.
func Trouble(err error) error {
	return core.Fail(core.CodeStorageUnavailable, fmt.Errorf("spool: %w", err))
}
