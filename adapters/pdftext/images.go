package pdftext

// pdfiumImage is PDFium's object type of an image (FPDF_PAGEOBJ_IMAGE).
const pdfiumImage = 3

// maxObjects bounds how many objects of a page are looked at for images.
const maxObjects = 2000

// imageShare adds up how much of the page its images cover, at most 1.
func (d *document) imageShare(page uint64, s shape) (float64, error) {
	count, err := d.number("FPDFPage_CountObjects", page)
	if err != nil || s.width*s.height <= 0 {
		return 0, err
	}
	covered := 0.0
	for i := range min(count, maxObjects) {
		area, err := d.imageArea(page, i)
		if err != nil {
			return 0, err
		}
		covered += area
	}
	return min(covered/(s.width*s.height), 1), nil
}

// imageArea is the area of object i when it is an image, 0 otherwise.
func (d *document) imageArea(page uint64, i int) (float64, error) {
	object, err := d.call("FPDFPage_GetObject", page, uint64(i))
	if err != nil {
		return 0, err
	}
	kind, err := d.number("FPDFPageObj_GetType", object)
	if err != nil || kind != pdfiumImage {
		return 0, err
	}
	at := d.scratch
	_, err = d.call("FPDFPageObj_GetBounds", object, uint64(at), uint64(at+4), uint64(at+8), uint64(at+12))
	width := d.float32(at+8) - d.float32(at)
	height := d.float32(at+12) - d.float32(at+4)
	return max(width, 0) * max(height, 0), err
}
