package corpus

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
)

// Stamp makes a file one of its own and says what a parser that knows stamps
// reads in it. No reader of PDF shows it.
type Stamp struct {
	Pages     int      // at most 99,999
	PageBytes int      // of each page's text, at most 999,999
	ID        [16]byte // no two files have the same
}

var stampForm = regexp.MustCompile(`load:(\d{5}):(\d{6}):([0-9a-f]{32})`)

// String is the stamp as it stands in the file, always of one length.
func (s Stamp) String() string { return fmt.Sprintf("load:%05d:%06d:%x", s.Pages, s.PageBytes, s.ID) }

// stampTail is how far from a file's end its stamp may be.
const stampTail = 1024

// ReadStamp finds the stamp of a file of size bytes; false says that there is none.
func ReadStamp(file io.ReaderAt, size int64) (Stamp, bool) {
	tail := make([]byte, min(size, stampTail))
	if n, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && n < len(tail) {
		return Stamp{}, false
	}
	found := stampForm.FindSubmatch(tail)
	if found == nil {
		return Stamp{}, false
	}
	var s Stamp
	s.Pages, _ = strconv.Atoi(string(found[1]))     // digits alone
	s.PageBytes, _ = strconv.Atoi(string(found[2])) // likewise
	_, _ = hex.Decode(s.ID[:], found[3])            // digits of the base alone
	return s, true
}

// Page is the text of a stamped file's page, the same every time.
func (s Stamp) Page(number int) string {
	var seed [32]byte
	copy(seed[:], s.ID[:])
	seed[16], seed[17], seed[18] = byte(number), byte(number>>8), byte(number>>16) //nolint:gosec // parts of a number
	return Prose(rand.New(rand.NewChaCha8(seed)), number, s.PageBytes)             //nolint:gosec // words, not secrets
}

// Blank is a file with room for a stamp: however many are sent at once, its
// bytes are held once.
type Blank struct{ head, tail []byte }

// NewBlank makes a blank of a PDF, of size bytes, or as small as it can be
// where the document is not smaller than that.
func NewBlank(d Document, size int) *Blank {
	content, noise := Weighty(d, max(size, len(d.Bytes)+stampTail))
	end := noise + bytes.Index(content[noise:], []byte("\nendstream\nendobj\nxref"))
	return &Blank{head: content[:end-len(Stamp{}.String())], tail: content[end:]}
}

// Size is the length of every file made of it, in bytes.
func (b *Blank) Size() int64 {
	return int64(len(b.head) + len(Stamp{}.String()) + len(b.tail))
}

// File reads the file with that stamp.
func (b *Blank) File(s Stamp) io.Reader {
	return io.MultiReader(bytes.NewReader(b.head), bytes.NewReader([]byte(s.String())), bytes.NewReader(b.tail))
}
