package pdftext

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// The bounds of a Word document. A file of 25 MB may hold gigabytes of zeros,
// a directory of a million entries or elements nested without end.
const (
	docxBody     = "word/document.xml"
	maxDirectory = 2 << 20  // bytes of the archive's directory
	maxUnpacked  = 64 << 20 // bytes of all parts that are read
	maxNesting   = 200      // elements within elements
)

var errBomb = errors.New("more is packed in the file than is read")

// openZip opens an archive whose directory is small enough to be read.
func openZip(r io.ReaderAt, size int64) (*zip.Reader, error) {
	const ending, most = 22, 22 + 1<<16
	tail := make([]byte, min(size, most))
	if n, err := r.ReadAt(tail, size-int64(len(tail))); n < len(tail) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < ending {
		return nil, core.Fail(core.CodeFileBroken, zip.ErrFormat)
	}
	if directory := int64(binary.LittleEndian.Uint32(tail[at+16:])); directory < size-maxDirectory-most {
		return nil, core.Fail(core.CodeFileUnsupported, errBomb)
	}
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, core.Fail(core.CodeFileBroken, err)
	}
	return archive, nil
}

// docx is an open Word document.
type docx struct {
	ctx     context.Context
	parts   map[string]*zip.File
	room    int64 // bytes that may still be unpacked
	styles  map[string]docxStyle
	numbers map[string]numbering
	notes   map[string]string // by kind and id
	body    docxText
}

// docxFlow reads a Word document: its body between its header and its footer,
// with the footnotes below the page that refers to them.
func docxFlow(ctx context.Context, r io.ReaderAt, size int64) (*flow, error) {
	archive, err := openZip(r, size)
	if err != nil {
		return nil, err
	}
	d := &docx{ctx: ctx, parts: map[string]*zip.File{}, room: maxUnpacked, notes: map[string]string{}}
	for _, file := range archive.File {
		d.parts[file.Name] = file
	}
	for _, read := range []func() error{d.readStyles, d.readNumbering, d.readNotes, d.readBody} {
		if err := read(); err != nil {
			return nil, d.typed(err)
		}
	}
	return &d.body.flow, nil
}

// typed names what is wrong with the file. The caller's context stays itself.
func (d *docx) typed(err error) error {
	switch {
	case d.ctx.Err() != nil:
		return fmt.Errorf("read the document: %w", d.ctx.Err())
	case errors.Is(err, errBomb):
		return core.Fail(core.CodeFileTooLarge, err)
	}
	return core.Fail(core.CodeFileBroken, err)
}

// walk opens a part and hands its root's content to visit; a part that is not
// there has no content.
func (d *docx) walk(name string, visit func(*xmlWalk) error) error {
	file := d.parts[name]
	if file == nil {
		return nil
	}
	if err := encryptedEntry(file); err != nil {
		return err
	}
	body, err := file.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	return visit(&xmlWalk{ctx: d.ctx, decoder: xml.NewDecoder(&unpacking{from: body, room: &d.room})})
}

// unpacking reads a part until no room is left.
type unpacking struct {
	from io.Reader
	room *int64
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if *u.room -= int64(n); *u.room < 0 {
		return 0, errBomb
	}
	return n, err
}

// xmlWalk walks XML element by element, without a tree. Entities other than
// XML's own five are errors, and nothing outside the file is ever looked for.
type xmlWalk struct {
	ctx     context.Context
	decoder *xml.Decoder
	depth   int
	count   int
}

// children calls visit for each element of the one at hand, and text for the
// characters between them, where it is not nil. What visit leaves unread of an
// element is skipped.
func (w *xmlWalk) children(visit func(xml.StartElement) error, text func(string)) error {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxNesting {
		return errBomb
	}
	for {
		token, err := w.next()
		if errors.Is(err, io.EOF) && w.depth == 1 {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := visit(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if text != nil {
				text(string(t))
			}
		}
	}
}

func (w *xmlWalk) next() (xml.Token, error) {
	if w.count++; w.count%1024 == 0 && w.ctx.Err() != nil {
		return nil, w.ctx.Err()
	}
	return w.decoder.Token()
}

// skip passes the content of the element at hand.
func (w *xmlWalk) skip() error {
	return w.children(func(xml.StartElement) error { return w.skip() }, nil)
}

// text is all characters of the element at hand.
func (w *xmlWalk) text() (string, error) {
	var out strings.Builder
	err := w.children(func(xml.StartElement) error { return w.skip() }, func(s string) { out.WriteString(s) })
	return out.String(), err
}

// attr is an attribute by its local name.
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// on reports whether a switch such as <w:b/> is on.
func on(e xml.StartElement) bool {
	value := attr(e, "val")
	return value != "0" && value != "false" && value != "off" && value != "none"
}

// related gives the parts that the body refers to, by their ids.
func (d *docx) related() (map[string]string, error) {
	parts := map[string]string{}
	err := d.walk("word/_rels/document.xml.rels", func(w *xmlWalk) error {
		var visit func(e xml.StartElement) error
		visit = func(e xml.StartElement) error {
			if e.Name.Local == "Relationship" && attr(e, "TargetMode") != "External" {
				parts[attr(e, "Id")] = strings.TrimPrefix(path.Join("/word", attr(e, "Target")), "/")
			}
			return w.children(visit, nil)
		}
		return w.children(visit, nil)
	})
	return parts, err
}
