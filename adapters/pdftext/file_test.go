package pdftext_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

var errDisk = errors.New("the disk is at fault")

// failingAt is a file that cannot be read from a place on, once so many reads
// have gone well.
type failingAt struct {
	*bytes.Reader
	from int64
	well int
}

func (f *failingAt) ReadAt(p []byte, at int64) (int, error) {
	if f.well--; f.well < 0 && at+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return f.Reader.ReadAt(p, at)
}

// A disk that fails says nothing about the document: it is not called broken,
// whoever was reading.
func TestAFaultOfTheDiskIsNoneOfTheFile(t *testing.T) {
	t.Parallel()
	data := plainPage(stream("", strings.Repeat(" ", 300_000)))
	for well := range 6 {
		_, err := engine.Inspect(t.Context(), &failingAt{bytes.NewReader(data), 100_000, well}, int64(len(data)))
		var e *core.Error
		if !errors.Is(err, errDisk) || errors.As(err, &e) {
			t.Errorf("Inspect, after %d reads: %v", well, err)
		}
	}
	if _, err := engine.Pages(t.Context(), &failingAt{bytes.NewReader(data), 100_000, 1}, int64(len(data))); !errors.Is(err, errDisk) {
		t.Errorf("Pages: %v", err)
	}
	short := io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)-1))
	if _, err := engine.Inspect(t.Context(), short, int64(len(data))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that was cut: %v", err)
	}
}
