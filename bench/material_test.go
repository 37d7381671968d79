package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// profile is the shape of a benchmark's documents.
type profile struct {
	documents int
	pages     int // of each
}

// pageBytes gives a page's text about two chunks of the default 512 tokens.
const pageBytes = 3900

// material is a profile's documents: files that PDFium counts, and their text
// as the fake parser hands it out.
type material struct {
	profile
	texts [][]core.Page
	bytes int // of text
}

func (p profile) material() *material {
	m := &material{profile: p, texts: make([][]core.Page, p.documents)}
	for i := range m.texts {
		words := rand.New(rand.NewPCG(uint64(i), uint64(p.pages)))
		for number := range p.pages {
			text := corpus.Prose(words, number+1, pageBytes)
			m.texts[i] = append(m.texts[i], core.Page{Number: number + 1, Text: text})
			m.bytes += len(text)
		}
	}
	return m
}

// file is document i as it is uploaded: its number stands on the second line.
func (m *material) file(i int) []byte { return paddedPDF(m.pages, i, 0) }

// Pages implements core.TextExtractor: it costs next to nothing.
func (m *material) Pages(_ context.Context, r io.ReaderAt, size int64) ([]core.Page, error) {
	head := make([]byte, min(size, 64))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var number int
	if _, err := fmt.Sscanf(string(head), pdfRead, &number); err != nil || number >= len(m.texts) {
		return nil, core.Fail(core.CodeFileBroken, err)
	}
	return m.texts[number], nil
}

// The first lines of our files: version and the document's number, which is of
// one width in all of them.
const (
	pdfHead = "%%PDF-1.7\n%%document %06d\n"
	pdfRead = "%%PDF-1.7\n%%document %d"
)

// paddedPDF is a file of empty pages that any reader takes, filled up to
// exactly size bytes with a stream that no page shows; a size of 0 leaves it
// small. Where the stream would be a digit shorter in its length than the file,
// a byte or two are missing.
func paddedPDF(pages, number, size int) []byte {
	if size == 0 {
		return streamPDF(pages, number, 0)
	}
	frame := len(streamPDF(pages, number, size)) - size
	return streamPDF(pages, number, max(0, size-frame))
}

// streamPDF is such a file with a stream of so many bytes; with 0, without one.
func streamPDF(pages, number, stream int) []byte {
	var out bytes.Buffer
	offsets := make([]int, 0, pages+3)
	object := func(format string, args ...any) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&out, format, args...)
		out.WriteString("\nendobj\n")
	}
	fmt.Fprintf(&out, pdfHead, number)
	object("<</Type/Catalog/Pages 2 0 R>>")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", i+3)
	}
	object("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids.String())
	for range pages {
		object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<<>>>>")
	}
	if stream > 0 {
		object("<</Length %d>>stream\n%s\nendstream", stream, noise(stream))
	}
	finishPDF(&out, offsets)
	return out.Bytes()
}

func finishPDF(out *bytes.Buffer, offsets []int) {
	start := out.Len()
	fmt.Fprintf(out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
}

// noise is bytes that nothing on the way can shrink.
func noise(n int) []byte {
	source := rand.NewChaCha8([32]byte{1})
	data := make([]byte, n)
	_, _ = source.Read(data) // it never fails
	return data
}
