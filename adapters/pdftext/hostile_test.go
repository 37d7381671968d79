package pdftext_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// allowed reports whether an error is one a caller can act on.
func allowed(err error) bool {
	var typed *core.Error
	return err == nil || errors.As(err, &typed) || errors.Is(err, context.DeadlineExceeded)
}

// damage changes a file in one of five ways.
func damage(data []byte, r *rand.Rand) []byte {
	out := bytes.Clone(data)
	at := r.IntN(len(out))
	switch r.IntN(5) {
	case 0:
		return out[:at]
	case 1: // lost bytes
		return append(out[:at], out[min(at+1+r.IntN(200), len(out)):]...)
	case 2: // foreign bytes
		for range 40 {
			out[r.IntN(len(out))] = byte(r.Uint32())
		}
	case 3: // numbers changed: lengths, offsets, counts
		for i, b := range out {
			if b >= '0' && b <= '9' && r.IntN(30) == 0 {
				out[i] = '0' + byte(r.IntN(10))
			}
		}
	default: // a piece in a wrong place
		from := r.IntN(len(out))
		copy(out[at:], out[from:min(from+500, len(out))])
	}
	return out
}

func TestDamagedFilesEndInTypedErrors(t *testing.T) {
	t.Parallel()
	sources := [][]byte{corpus.Summary().Bytes, corpus.Amendment().Bytes, corpus.Scan().Bytes}
	r := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for i := range 150 {
		data := damage(sources[i%len(sources)], r)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		_, pagesErr := pagesOf(ctx, data)
		_, inspectErr := inspect(ctx, data)
		cancel()
		if !allowed(pagesErr) || !allowed(inspectErr) {
			t.Errorf("variant %d: Pages %v, Inspect %v", i, pagesErr, inspectErr)
		}
		if pagesErr != nil {
			refused++
		}
	}
	if refused == 0 || refused == 150 {
		t.Errorf("%d of 150 refused: the damage tests nothing", refused)
	}
}

// filePDF writes a PDF of the objects given, numbered from 1, the first being
// the catalog; PDFium rebuilds the cross-reference table.
func filePDF(objects ...string) []byte {
	var out strings.Builder
	out.WriteString("%PDF-1.7\n")
	for i, object := range objects {
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	out.WriteString("trailer\n<< /Root 1 0 R /Size 99 >>\n%%EOF\n")
	return []byte(out.String())
}

func TestADeadlineEndsAParseThatNeverWould(t *testing.T) {
	t.Parallel()
	form := "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >> /Length %d >>\nstream\n%s\nendstream"
	calls := strings.Repeat("/X Do ", 200)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(calls), calls),
	}
	for i := range 9 { // 200 to the ninth forms
		objects = append(objects, fmt.Sprintf(form, 6+i, len(calls), calls))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := pagesOf(ctx, filePDF(objects...)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Pages: %v, want context.DeadlineExceeded", err)
	}
	if text := mustPages(t, corpus.MemberCard().Bytes)[0].Text; !strings.Contains(text, "Member ID") {
		t.Error("the engine does not work after a stopped parse")
	}
}

func TestTooManyPagesAreRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	kids := strings.Repeat("3 0 R ", pdftext.DefaultMaxPages+1)
	data := filePDF("<< /Type /Catalog /Pages 2 0 R >>",
		fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids, pdftext.DefaultMaxPages+1),
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>")
	_, err := inspect(t.Context(), data)
	wantCode(t, "Inspect", err, core.CodeFileTooManyPages)
	_, err = pagesOf(t.Context(), data)
	wantCode(t, "Pages", err, core.CodeFileTooManyPages)
}

func TestBlankPagesAreKept(t *testing.T) {
	t.Parallel()
	pages := mustPages(t, filePDF("<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"))
	if len(pages) != 2 || pages[1] != (core.Page{Number: 2}) {
		t.Errorf("got %+v", pages)
	}
}

func TestAnEndedContextIsReportedAsSuch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pagesOf(ctx, corpus.Summary().Bytes); !errors.Is(err, context.Canceled) {
		t.Errorf("Pages: %v, want context.Canceled", err)
	}
}

func TestAnAbsentModuleNamesTheFix(t *testing.T) {
	t.Parallel()
	_, err := pdftext.Load(t.Context(), t.TempDir()+"/absent.wasm")
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "make pdfium") {
		t.Errorf("Load: %v", err)
	}
}
