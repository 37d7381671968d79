package pdftext

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/insurance-navigator/navigator/core"
)

// otherPages reads the formats that need no sandbox. Their readers are Go,
// hold what they keep to bounds, and look at ctx.
func (e *Engine) otherPages(ctx context.Context, kind string, r io.ReaderAt, size int64) ([]core.Page, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	file := io.NewSectionReader(r, 0, size)
	var text *flow
	var err error
	switch kind {
	case TypeDOCX:
		text, err = docxFlow(ctx, file, size)
	case TypeHTML:
		text, err = htmlFlow(ctx, file)
	default:
		text, err = plainFlow(ctx, file)
	}
	if err != nil {
		return nil, err
	}
	return text.pages(e.maxPages)
}

// plainFlow cuts plain text at form feeds and empty lines and mends its line
// ends.
func plainFlow(ctx context.Context, r io.Reader) (*flow, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	text, out := decoded(data), &flow{}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(text)
	for i, page := range strings.Split(strings.TrimSuffix(text, "\f"), "\f") {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read the document: %w", err)
		}
		out.blocks = append(out.blocks, flowBlock{page: i})
		for paragraph := range strings.SplitSeq(page, "\n\n") {
			if !out.add(strings.TrimRight(paragraph, " \t\n"), false) {
				return out, nil
			}
		}
	}
	return out, nil
}

// decoded is the text of bytes in UTF-8, in UTF-16 with or without a mark, or
// else in Windows-1252, which holds Latin-1. Bytes that stand for nothing
// become U+FFFD.
func decoded(data []byte) string {
	text := data
	if enc := encodingOf(data); enc != nil {
		if better, err := enc.NewDecoder().Bytes(data); err == nil {
			text = better
		}
	}
	return strings.TrimPrefix(strings.ToValidUTF8(string(text), "\uFFFD"), "\uFEFF")
}

// encodingOf guesses; nil is UTF-8.
func encodingOf(data []byte) encoding.Encoding {
	little := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	head := data[:min(len(data), sniffLength)]
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return little
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return big
	case wide(head, 1):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case wide(head, 0):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case utf8.Valid(data):
		return nil
	}
	return charmap.Windows1252
}

// wide reports whether most bytes at every second place are zero, and hardly
// any of the others: Western text in UTF-16 without a mark.
func wide(head []byte, offset int) bool {
	zeros, others, half := 0, 0, len(head)/2
	for i, b := range head[:2*half] {
		if b == 0 && i%2 == offset {
			zeros++
		} else if b == 0 {
			others++
		}
	}
	return half >= 2 && zeros*10 > half*7 && others == 0
}
