package pdftext

import (
	"errors"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// FuzzSurvey holds that any bytes are looked through without PDFium's sandbox
// around it: an end in marks of the set, or as a bomb.
func FuzzSurvey(f *testing.F) {
	for _, seed := range []string{
		"%PDF-1.7\n1 0 obj << /OpenAction << /S /J#61vaScript >> >> endobj %%EOF",
		"<< /Type /ObjStm /Filter /FlateDecode >> stream\r\n\x78\x9c\x03\x00\x00\x00\x00\x01 endstream",
		"<< /Type/ObjStm/Filter[/Fl/Fl/Fl] >> stream\n", "/ObjStm stream\n\x78\x9c\x00\x00\x00\xff\xff", "%%EOF<html>PK\x01\x02PK\x05\x06", "/#", "stream", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := survey(t.Context(), data)
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
