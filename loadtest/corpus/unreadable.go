package corpus

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"

	"github.com/go-pdf/fpdf"
)

// Scan is a letter that was scanned: two pages of pictures and no text.
func Scan() Document {
	p := newPaper(KindScan, "scanned-letter.pdf", "", "")
	p.pdf.SetFooterFunc(nil)
	options := fpdf.ImageOptions{ImageType: "PNG"}
	p.pdf.RegisterImageOptionsReader("page", options, bytes.NewReader(scanned()))
	width, height := p.pdf.GetPageSize()
	p.pdf.ImageOptions("page", 0, 0, width, height, false, options, 0, "")
	p.pdf.AddPage()
	p.pdf.ImageOptions("page", 0, 0, width, height, false, options, 0, "")
	return p.done()
}

// scanned draws grey lines of dashes, as a page of writing looks from afar.
func scanned() []byte {
	picture := image.NewGray(image.Rect(0, 0, 425, 550))
	for i := range picture.Pix {
		picture.Pix[i] = 0xf4
	}
	r := rand.New(rand.NewPCG(3, 5))
	for y := 40; y < 510; y += 12 {
		for x := 40; x < 385; x++ {
			if r.IntN(5) > 0 {
				picture.SetGray(x, y+r.IntN(3), color.Gray{Y: 0x30})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic("corpus: " + err.Error())
	}
	return out.Bytes()
}

// Encrypted is a letter that opens only with a password.
func Encrypted() Document {
	p := newPaper(KindEncrypted, "protected-statement.pdf", "Protected", "")
	p.pdf.SetProtection(fpdf.CnProtectPrint, "open sesame", "owner of the cave")
	p.heading(1, "Protected Statement")
	p.text("Nobody reads this without the password.")
	return p.done()
}

// Broken is the summary of benefits as an interrupted download leaves it: the
// first two thirds, without the catalog.
func Broken() Document {
	doc := Summary()
	doc.Name, doc.Kind, doc.Questions = "interrupted-download.pdf", KindBroken, nil
	doc.Tables, doc.Headings, doc.Blocks = nil, nil, nil
	doc.Bytes = doc.Bytes[:len(doc.Bytes)*2/3]
	return doc
}
