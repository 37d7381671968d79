package pdftext_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

// plainPage is a PDF with nothing in it but a word.
func plainPage(more ...string) []byte {
	return onePage(helvetica, stream("", "BT /F 12 Tf 72 700 Td (Deductible) Tj ET"), more...)
}

// inCatalog puts entries into a plain PDF's catalog.
func inCatalog(entries string, more ...string) []byte {
	return bytes.Replace(plainPage(more...), []byte("/Type /Catalog"), []byte("/Type /Catalog "+entries), 1)
}

// objectStream is a stream of objects, one of which is of the entries.
func objectStream(t *testing.T, filter, entries string, times int) string {
	t.Helper()
	return stream("/Type /ObjStm /N 1 /First 4 /Filter "+filter, deflated(t, "9 0 << "+entries+" >>", times))
}

// What is in a file is told by its bytes, however it is written and packed; and
// the file is taken all the same.
func TestS14_ActiveContentIsFoundAndMarked(t *testing.T) {
	t.Parallel()
	script := "/S /JavaScript /JS (app.alert(1))"
	for _, c := range []struct {
		name string
		data []byte
		want []core.Mark
	}{
		{"nothing", plainPage(), nil},
		{"JavaScript at opening", inCatalog("/OpenAction << " + script + " >>"), []core.Mark{core.MarkJavaScript, core.MarkOpenAction}},
		{"JavaScript disguised", inCatalog("/#4FpenAction << /S /J#61vaScrip#74 /JS (x) >>"), []core.Mark{core.MarkJavaScript, core.MarkOpenAction}},
		{"JavaScript packed", plainPage(objectStream(t, "/FlateDecode", script, 1)), []core.Mark{core.MarkJavaScript}},
		{"JavaScript far into a pack", plainPage(objectStream(t, "/FlateDecode", strings.Repeat("1234567890 ", 50_000)+script, 1)), []core.Mark{core.MarkJavaScript}},
		{"JavaScript by name", inCatalog("/Names << /JavaScript << /Names [(a) << " + script + " >>] >> >>"), []core.Mark{core.MarkJavaScript}},
		{"a launch action", inCatalog("/OpenAction << /S /Launch /F (/bin/sh) >>"), []core.Mark{core.MarkOpenAction, core.MarkLaunch}},
		{"an attachment", inCatalog("/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a.exe) /EF << /F 4 0 R >> >>] >> >>"), []core.Mark{core.MarkEmbeddedFile}},
		{"video", plainPage("<< /Type /Annot /Subtype /RichMedia >>"), []core.Mark{core.MarkRichMedia}},
		{"links and forms", plainPage("<< /S /URI /URI (https://example.org) >>", "<< /S /SubmitForm /F (https://example.org) >>", "<< /S /GoToR >>"),
			[]core.Mark{core.MarkSubmitForm, core.MarkRemoteGoTo, core.MarkURI}},
		{"XFA", inCatalog("/AcroForm << /XFA 4 0 R /Fields [] >>"), []core.Mark{core.MarkXFA}},
		{"packed strangely", plainPage(stream("/Type /ObjStm /N 1 /First 4 /Filter /ASCIIHexDecode", "3920")), []core.Mark{core.MarkUnreadable}},
		{"packed and damaged", plainPage(stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", "\x78\x9c\xff\xff\xff")), []core.Mark{core.MarkUnreadable}},
		{"packed twice", plainPage(objectStream(t, "[/FlateDecode /FlateDecode]", script, 2)), []core.Mark{core.MarkUnreadable}},
		{"something before", append([]byte("X-Header: 1\r\n\r\n"), plainPage()...), []core.Mark{core.MarkHeaderOffset}},
		{"something behind", append(plainPage(), "\nMZ\x90\x00"...), []core.Mark{core.MarkTrailingData}},
		{"a web page before", append([]byte("<html><script>x</script>\n"), plainPage()...), []core.Mark{core.MarkHeaderOffset, core.MarkPolyglotHTML}},
		{"a web page behind", append(plainPage(), "\n<!DOCTYPE html><body>"...), []core.Mark{core.MarkTrailingData, core.MarkPolyglotHTML}},
		{"an archive behind", append(plainPage(), zipped(t, "a.txt", "x")...), []core.Mark{core.MarkTrailingData, core.MarkPolyglotZIP}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found, err := inspect(t.Context(), c.data)
			if diff := cmp.Diff(core.SortMarks(c.want), found.Marks); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// A file that begins as a program or a picture is one, to the system that opens it.
func TestS14_AFileOfTwoTypesIsRefusedWhereTheFirstIsAProgramOrPicture(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"MZ\x90\x00", "\x7fELF", "#!/bin/sh\n", "\x89PNG\r\n\x1a\n", "GIF89a", "\xff\xd8\xff\xe0", "Rar!\x1a\x07", "\x1f\x8b\x08", "<?php ?>"} {
		_, err := inspect(t.Context(), append([]byte(head), plainPage()...))
		wantCode(t, fmt.Sprintf("%q", head), err, core.CodeFileUnsupported)
	}
	found, err := inspect(t.Context(), append(bytes.Repeat([]byte(" "), 1025), plainPage()...))
	if err != nil || found.Type == "application/pdf" {
		t.Errorf("a header beyond the first 1,024 bytes: %v %v", found, err)
	}
}

func TestS15_FilesThatUnpackTooFarAreRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	skipUnderRace(t)
	zeros := strings.Repeat(" ", 70<<20)
	half := stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", deflated(t, zeros[:40<<20], 1))
	for name, data := range map[string][]byte{
		"one stream of objects":  plainPage(stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", deflated(t, zeros, 1))),
		"two that are too much":  plainPage(half, half),
		"three filters in a row": plainPage(stream("/Filter [/FlateDecode /FlateDecode /FlateDecode]", deflated(t, "x", 3))),
		"abbreviated filters":    plainPage(stream("/Filter [/Fl /LZW /RL]", "x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := inspect(t.Context(), data)
			wantCode(t, name, err, core.CodeFileBomb)
		})
	}
}

// Packed streams that begin at every few bytes of one another cost no more than
// a bound.
func TestS15_OverlappingStreamsEnd(t *testing.T) {
	t.Parallel()
	empty := strings.Repeat("\x00\x00\x00\xff\xff", 200_000) // blocks of deflate that hold nothing
	data := plainPage(strings.Repeat("<< /Type /ObjStm /Filter /FlateDecode >> stream\n\x78\x9c", 2000) + empty)
	if _, err := inspect(t.Context(), data); !allowed(err) {
		t.Errorf("Inspect: %v", err)
	}
}
