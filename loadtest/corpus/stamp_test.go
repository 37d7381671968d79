package corpus_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// A stamp is found again in files of every size, each file differs by its
// stamp, and the text that follows from it differs too.
func TestStampIsFoundAgain(t *testing.T) {
	t.Parallel()
	card := corpus.MemberCard()
	for _, size := range []int{0, 1 << 20} {
		blank := corpus.NewBlank(card, size)
		one, other := corpus.Stamp{Pages: 3, PageBytes: 900, ID: [16]byte{1}}, corpus.Stamp{Pages: 3, PageBytes: 900, ID: [16]byte{2}}
		first, err := io.ReadAll(blank.File(one))
		if err != nil {
			t.Fatal(err)
		}
		second, err := io.ReadAll(blank.File(other))
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(first)) != blank.Size() || len(first) < size || bytes.Equal(first, second) {
			t.Errorf("size %d: files of %d and %d bytes, said to be %d; equal: %t", size, len(first), len(second), blank.Size(), bytes.Equal(first, second))
		}
		if got, ok := corpus.ReadStamp(bytes.NewReader(first), blank.Size()); !ok || got != one {
			t.Errorf("size %d: read %v, %t", size, got, ok)
		}
	}
	one, other := corpus.Stamp{PageBytes: 900, ID: [16]byte{1}}, corpus.Stamp{PageBytes: 900, ID: [16]byte{2}}
	if again := one; one.Page(1) != again.Page(1) || one.Page(1) == other.Page(1) || one.Page(1) == one.Page(2) || len(one.Page(1)) < 900 {
		t.Error("the pages' texts are not their own")
	}
	if _, ok := corpus.ReadStamp(bytes.NewReader(card.Bytes), int64(len(card.Bytes))); ok {
		t.Error("a stamp was read where none is")
	}
}
