package llamaparsetest

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// smallFile is the size up to which a file stays in memory.
const smallFile = 1 << 20

// content is a file's bytes, in memory or in a file that has no name.
type content struct {
	io.ReaderAt
	size int64
	disk *os.File
}

func (c *content) drop() {
	if c.disk != nil {
		_ = c.disk.Close()
	}
}

var errFileSize = errors.New("file too large")

// keep reads a file to its end, at most limit bytes.
func keep(r io.Reader, limit int64) (*content, error) {
	var head bytes.Buffer
	n, err := io.CopyN(&head, r, min(smallFile, limit+1))
	if errors.Is(err, io.EOF) {
		return &content{ReaderAt: bytes.NewReader(head.Bytes()), size: n}, nil
	}
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errFileSize
	}
	return spool(io.MultiReader(&head, r), limit)
}

func spool(r io.Reader, limit int64) (*content, error) {
	disk, err := os.CreateTemp("", "llamaparsetest-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(disk.Name()) // the open file keeps the bytes; nothing is left behind
	n, err := io.Copy(disk, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = errFileSize
	}
	if err != nil {
		_ = disk.Close()
		return nil, err
	}
	return &content{ReaderAt: disk, size: n, disk: disk}, nil
}
