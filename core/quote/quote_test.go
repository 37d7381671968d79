package quote_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core/quote"
)

const passage = `# Section 3. Newborns

3.1 A newborn is covered from birth if you enroll the child
within 31 days. The claims department may amend it, e.g. by Dr. Smith of No. 7 Maple St. Write to us.

| Service you may need | In-network cost |
| --- | --- |
| Imaging (CT scan, MRI) | $250 copay |
| Urgent care | $1,750 copay |

- Cosmetic surgery is excluded.
- Weiße Zähne überall: 20 €.
`

func TestFindQuotesWhatAnswers(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]string{
		"How soon must I enroll a newborn?":     "3.1 A newborn is covered from birth if you enroll the child\nwithin 31 days.",
		"How much does an MRI cost?":            "| Imaging (CT scan, MRI) | $250 copay |",
		"who pays 1750":                         "| Urgent care | $1,750 copay |",
		"Is cosmetic surgery an exclusion?":     "- Cosmetic surgery is excluded.",
		"what may the claims department amend?": "The claims department may amend it, e.g. by Dr. Smith of No. 7 Maple St. Write to us.",
		"ZÄHNE":                                 "- Weiße Zähne überall: 20 €.",
		"nothing of it at all":                  "3.1 A newborn is covered from birth if you enroll the child\nwithin 31 days.",
		"":                                      "3.1 A newborn is covered from birth if you enroll the child\nwithin 31 days.",
	} {
		if got := quote.Find(passage, question); got.Text != want {
			t.Errorf("%q: %q, want %q", question, got.Text, want)
		}
	}
}

func TestFindOfLittle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " \n\t": "", "| --- |": "", "# Only a heading": "# Only a heading", "one": "one", " \u00a0x.\u2003": "x.",
	} {
		if got := quote.Find(text, "heading"); got.Text != want {
			t.Errorf("%q: %q, want %q", text, got.Text, want)
		}
	}
	long := strings.Repeat("word ", 1000) + "deductible"
	if got := quote.Find(long, "deductible"); !strings.Contains(got.Text, "deductible") || len(got.Text) > 600 {
		t.Errorf("a long sentence gives %d bytes", len(got.Text))
	}
}

// A quote is a part of the passage and nothing else, whatever both hold.
func TestTheQuoteStandsInThePassage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"deductible", "ä€", "\n", "\n\n", ". ", "| a | b |\n", "# x\n", "- ", " ", "1,500", "\xff", "\u2003", strings.Repeat("é", 400)})
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "passage"), "")
		question := strings.Join(rapid.SliceOf(piece).Draw(t, "question"), " ")
		got := quote.Find(text, question)
		if !strings.Contains(text, got.Text) || got.End-got.Start != utf8.RuneCountInString(got.Text) || len(got.Text) > 600 {
			t.Fatalf("%+v of %q", got, text)
		}
		if utf8.ValidString(text) && string([]rune(text)[got.Start:got.End]) != got.Text {
			t.Fatalf("%+v is not at its place in %q", got, text)
		}
	})
}
