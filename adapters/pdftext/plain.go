package pdftext

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// otherPages reads the formats that need no sandbox.
func otherPages(ctx context.Context, kind string, r io.ReaderAt, size int64) ([]core.Page, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	data := make([]byte, size)
	if n, err := r.ReadAt(data, 0); int64(n) < size {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if kind != TypeText {
		return nil, core.Fail(core.CodeFileUnsupported, nil)
	}
	return textPages(string(data)), nil
}

// textPages cuts plain text at form feeds and mends its line ends.
func textPages(text string) []core.Page {
	text = strings.TrimPrefix(strings.ToValidUTF8(text, "\uFFFD"), "\uFEFF")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\x00", "")
	parts := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	pages := make([]core.Page, len(parts))
	for i, part := range parts {
		pages[i] = core.Page{Number: i + 1, Text: strings.TrimSpace(part)}
	}
	return pages
}
