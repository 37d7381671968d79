package corpus

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
)

var (
	trailerForm = regexp.MustCompile(`(?s)trailer\s*<<(.*?)>>\s*startxref\s+(\d+)`)
	sizeForm    = regexp.MustCompile(`/Size (\d+)`)
)

// Weighty is the bytes of a PDF of this corpus, made up to size bytes by an
// incremental update that holds noise, and where that noise begins. What is
// shown of the document stays the same, whatever stands in the noise.
func Weighty(d Document, size int) (content []byte, noise int) {
	found := trailerForm.FindSubmatch(d.Bytes)
	entries, former := string(found[1]), string(found[2])
	number, _ := strconv.Atoi(sizeForm.FindStringSubmatch(entries)[1]) // digits alone
	entries = sizeForm.ReplaceAllString(entries, "/Size "+strconv.Itoa(number+1))
	var out bytes.Buffer
	out.Grow(size)
	out.Write(d.Bytes)
	object := out.Len() + 1
	tail := func(end int) string {
		return fmt.Sprintf("\nendstream\nendobj\nxref\n%d 1\n%010d 00000 n \ntrailer\n<<%s/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n",
			number, object, entries, former, end+len("\nendstream\nendobj\n"))
	}
	head := func(rest int) string { return fmt.Sprintf("\n%d 0 obj\n<</Length %d>>stream\n", number, rest) }
	rest := size - out.Len() - len(head(size)) - len(tail(size))
	out.WriteString(head(rest))
	noise = out.Len()
	grains := make([]byte, rest)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(grains) // it never fails
	out.Write(grains)
	out.WriteString(tail(out.Len()))
	return out.Bytes(), noise
}
