package pdftext_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// wantWords is the share of poppler's words that every page must have.
const wantWords = 0.99

func TestWordsFoundBesidePoppler(t *testing.T) {
	// Poppler is the yardstick and no part of the product: a machine without it
	// runs every other reading test against the generator's own truth. CI
	// installs it, so that this one always runs there.
	poppler, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("skipped: pdftotext is not on the PATH (Debian package poppler-utils), so there is nothing to compare with")
	}
	eachReadable(t, func(t *testing.T, doc corpus.Document) {
		total, found := 0, 0
		want := popplerPages(t, poppler, doc.Bytes)
		for i, page := range mustPages(t, doc.Bytes) {
			words, here := wordsFound(want[i], page.Text)
			if float64(here) < wantWords*float64(words) {
				t.Errorf("page %d: %d of poppler's %d words", page.Number, here, words)
			}
			total, found = total+words, found+here
		}
		t.Logf("%s: %d of poppler's %d words", doc.Name, found, total)
	})
}

func popplerPages(t *testing.T, poppler string, data []byte) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), poppler, "-", "-")
	command.Stdin = bytes.NewReader(data)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return strings.Split(string(out), "\f")
}

// wordsFound counts poppler's words and those that the page has too, each as
// often as it stands there.
func wordsFound(want, got string) (words, found int) {
	have := map[string]int{}
	for _, w := range strings.Fields(got) {
		have[w]++
	}
	for _, w := range strings.Fields(want) {
		words++
		if have[w] > 0 {
			have[w]--
			found++
		}
	}
	return words, found
}
