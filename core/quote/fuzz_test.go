package quote_test

import (
	"testing"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core/quote"
)

// FuzzFind holds that a quote stands word for word where it says.
func FuzzFind(f *testing.F) {
	f.Add("A deductible of $1,000 applies. It is yearly.", "what is my deductible?")
	f.Add("| a | b |\n|---|---|\n| \xff | \u200b |", "b")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, question string) {
		if !utf8.ValidString(text) {
			return // the store keeps valid text alone
		}
		q, letters := quote.Find(text, question), []rune(text)
		if q.Start < 0 || q.End < q.Start || q.End > len(letters) || string(letters[q.Start:q.End]) != q.Text {
			t.Errorf("%q asked %q: %+v", text, question, q)
		}
	})
}
