package pdftext_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// shelf is a storage that holds one file under every key.
type shelf []byte

func (s shelf) Open(context.Context, string) (io.ReadCloser, core.Blob, error) {
	return io.NopCloser(bytes.NewReader(s)), core.Blob{}, nil
}

func TestTheParserReadsEveryFormatFromStorage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		data []byte
		want string
		code core.Code
	}{
		{"PDF", corpus.MemberCard().Bytes, "Member ID", ""},
		{"DOCX", zipped(t, "word/document.xml", word(para("Member ID"))), "Member ID", ""},
		{"HTML", []byte("<html><p>Member ID"), "Member ID", ""},
		{"text", []byte("Member ID"), "Member ID", ""},
		{"scan", corpus.Scan().Bytes, "", core.CodeNeedsOCR},
		{"locked", corpus.Encrypted().Bytes, "", core.CodeFileEncrypted},
		{"broken", corpus.Broken().Bytes, "", core.CodeFileBroken},
		{"picture", []byte("\x89PNG\r\n\x1a\n\x00\x00"), "", core.CodeFileUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parser := pdftext.NewParser(engine, shelf(test.data), t.TempDir())
			text, err := parser.Fetch(t.Context(), core.Document{Size: int64(len(test.data))})
			wantCode(t, "Fetch", err, test.code)
			if err != nil {
				if kind := core.AsError(err).Kind; kind != core.Permanent {
					t.Errorf("kind %v: the file is the same at the next try", kind)
				}
				return
			}
			if len(text.Pages) != 1 || !strings.Contains(text.Pages[0].Text, test.want) {
				t.Errorf("%+v", text.Pages)
			}
		})
	}
}

func TestTheParserRefusesAnotherSizeThanTheDocuments(t *testing.T) {
	t.Parallel()
	parser := pdftext.NewParser(engine, shelf("Member ID"), t.TempDir())
	_, err := parser.Fetch(t.Context(), core.Document{Size: 5})
	wantCode(t, "Fetch", err, core.CodeStorageUnavailable)
}
