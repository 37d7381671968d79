package pdftext

// PDFium's types of page objects (FPDF_PAGEOBJ_*).
const (
	pdfiumPath    = 2
	pdfiumImage   = 3
	pdfiumShading = 4
	pdfiumForm    = 5
)

// Bounds of the look at what a page without text shows.
const (
	maxObjects = 2000 // objects of a page, and of a form, that are looked at
	maxForms   = 4    // forms within forms
	manyPaths  = 60   // drawn shapes from which a page shows something: frames and rules are fewer
)

// drawn is what a page shows besides text.
type drawn struct {
	images float64 // share of the page's area that images cover, 0..1
	paths  int     // drawn shapes; letters may be drawn as such
}

// something reports whether a page without text shows enough that it cannot
// be called blank.
func (d drawn) something() bool { return d.images >= scanShare || d.paths >= manyPaths }

// drawn looks at a page's objects.
func (d *document) drawn(page uint64, s shape) (drawn, error) {
	out, area := drawn{}, s.width*s.height
	count, err := d.number("FPDFPage_CountObjects", page)
	if err != nil || area <= 0 {
		return out, err
	}
	for i := range min(count, maxObjects) {
		object, err := d.call("FPDFPage_GetObject", page, uint64(i))
		if err != nil {
			return out, err
		}
		images, paths, err := d.look(object, 0)
		if err != nil {
			return out, err
		}
		out.paths += paths
		if images > 0 {
			covered, err := d.area(object)
			if err != nil {
				return out, err
			}
			out.images += covered / area
		}
	}
	out.images = min(out.images, 1)
	return out, nil
}

// look counts the images and shapes of an object: itself, or those of a form,
// whose own bounds tell how much of the page they cover.
func (d *document) look(object uint64, depth int) (images, paths int, err error) {
	kind, err := d.number("FPDFPageObj_GetType", object)
	switch {
	case err != nil || depth > maxForms:
		return 0, 0, err
	case kind == pdfiumImage:
		return 1, 0, nil
	case kind == pdfiumPath || kind == pdfiumShading:
		return 0, 1, nil
	case kind != pdfiumForm:
		return 0, 0, nil
	}
	count, err := d.number("FPDFFormObj_CountObjects", object)
	for i := 0; err == nil && i < min(count, maxObjects) && images == 0 && paths < manyPaths; i++ {
		var inner uint64
		if inner, err = d.call("FPDFFormObj_GetObject", object, uint64(i)); err != nil {
			break
		}
		more, shapes, lookErr := d.look(inner, depth+1)
		images, paths, err = images+more, paths+shapes, lookErr
	}
	return images, paths, err
}

// area is that of an object's bounds.
func (d *document) area(object uint64) (float64, error) {
	at := d.scratch
	_, err := d.call("FPDFPageObj_GetBounds", object, uint64(at), uint64(at+4), uint64(at+8), uint64(at+12))
	width := d.float32(at+8) - d.float32(at)
	height := d.float32(at+12) - d.float32(at+4)
	return max(width, 0) * max(height, 0), err
}
