package pdftext

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

// surveyed looks through bytes in pieces of a size.
func surveyed(ctx context.Context, data []byte, pieceBytes int) ([]core.Mark, error) {
	return survey(ctx, bytes.NewReader(data), int64(len(data)), pieceBytes)
}

// The smallest pieces have one byte of their own each.
const smallestPiece = 2*margin + 1

// surveySeeds are bytes with something to be found, near and far apart.
func surveySeeds() []string {
	far := strings.Repeat("(far away) ", 30)
	return []string{
		"%PDF-1.7\n1 0 obj << /OpenAction << /S /J#61vaScript >> >> endobj %%EOF",
		"<< /Type /ObjStm /Filter /FlateDecode >> stream\r\n\x78\x9c\x03\x00\x00\x00\x00\x01 endstream",
		"<< /Type/ObjStm/Filter[/Fl/Fl/Fl] >> stream\n", "/ObjStm stream\n\x78\x9c\x00\x00\x00\xff\xff", "%%EOF<html>PK\x01\x02PK\x05\x06", "/#", "stream", "",
		far + "/ObjStm" + far + "/Filter/Fl" + far + "obj /FlateDecode" + far + "stream\n\x78\x9c\xff\xff\xff" + far + "endstream /Launch%%EOF",
		"/Fl/Fl" + far + "/Fl" + far + "stream" + far, "/Fl/Fl obj/Fl/LZW stream" + far, far + "obj /ObjStm/DecodeParms" + far + "endstream" + far + "stream\n",
		"%%EOF" + far + "<BODY" + far + "%%EO", "PK\x01\x02" + far + "%%EOF" + far + "<!DOCTYPE html" + far + "PK\x05\x06",
		far + "/JavaScriptX /" + strings.Repeat("URI", 30) + "/URI" + far,
	}
}

// It does not matter where one piece of the file ends and the next begins.
func TestSurveyInPiecesIsSurveyOfTheWhole(t *testing.T) {
	t.Parallel()
	for _, seed := range surveySeeds() {
		for shift := range 2 * margin {
			_, _ = inPieces(t, append(bytes.Repeat([]byte("."), shift), seed...)) // the comparison is the test
		}
	}
}

// The filters of one object are none of the next one's.
func TestSurveyCountsFiltersFromTheLastObject(t *testing.T) {
	t.Parallel()
	apart := strings.Repeat(" ", 2*margin)
	if _, err := inPieces(t, []byte("/Fl/Fl"+apart+"obj"+apart+"/Fl/LZW stream")); err != nil {
		t.Errorf("two of an object, behind two of another: %v", err)
	}
	if _, err := inPieces(t, []byte("obj /Fl/Fl"+apart+"/Fl stream")); !core.HasCode(err, core.CodeFileBomb) {
		t.Errorf("three of one object: %v", err)
	}
}

// inPieces holds the survey in pieces to that of the whole, which it gives.
func inPieces(t *testing.T, data []byte) ([]core.Mark, error) {
	t.Helper()
	found, err := surveyed(t.Context(), data, viewSize)
	for _, size := range []int{smallestPiece, 3 * margin} {
		pieces, cut := surveyed(t.Context(), data, size)
		diff := cmp.Diff(core.SortMarks(found), core.SortMarks(pieces))
		if diff != "" || (err == nil) != (cut == nil) {
			t.Errorf("%q in pieces of %d bytes: %v, not %v\n%s", data, size, cut, err, diff)
		}
	}
	return found, err
}

// FuzzSurvey holds that any bytes are looked through without PDFium's sandbox
// around it: an end in marks of the set, or as a bomb, in pieces as in whole.
func FuzzSurvey(f *testing.F) {
	for _, seed := range surveySeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := inPieces(t, data)
		var e *core.Error
		if err != nil && (!errors.As(err, &e) || e.Code != core.CodeFileBomb || found != nil) {
			t.Errorf("%v beside %v", found, err)
		}
		for _, mark := range found {
			if len(core.SortMarks([]core.Mark{mark})) != 1 {
				t.Errorf("%q is no mark", mark)
			}
		}
	})
}
