// Package quote finds the words of a passage that answer a question best, so
// that they can be shown and highlighted. A quote is cut out of the passage,
// never written.
package quote

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote is a part of a passage: Text is the passage's characters (Unicode code
// points) from Start to before End.
type Quote struct {
	Text  string
	Start int
	End   int
}

// longest is how many bytes a quote has at most where a sentence is longer.
const longest = 600

// Find is the sentence, list item or table row of the passage that shares most
// with the question, a word that is rare in the passage counting more than a
// frequent one. Without a word in common it is the first that is no heading.
// A passage of blanks alone gives the empty quote.
func Find(passage, question string) Quote {
	parts := split(passage)
	if len(parts) == 0 {
		return Quote{}
	}
	best := parts[pick(passage, parts, terms(question))]
	text := passage[best.start:best.end]
	start := utf8.RuneCountInString(passage[:best.start])
	return Quote{Text: text, Start: start, End: start + utf8.RuneCountInString(text)}
}

// part is a stretch of the passage, in bytes.
type part struct {
	start, end int
	heading    bool
}

// pick is the index of the best part.
func pick(passage string, parts []part, asked map[string]bool) int {
	shared, seen := make([]map[string]bool, len(parts)), map[string]int{}
	for i, p := range parts {
		shared[i] = map[string]bool{}
		for term := range terms(passage[p.start:p.end]) {
			if asked[term] {
				shared[i][term] = true
				seen[term]++
			}
		}
	}
	best, most := 0, math.Inf(-1)
	for i, p := range parts {
		score := 0.0
		for _, term := range sorted(shared[i]) {
			score += math.Log(1 + float64(len(parts))/float64(seen[term]))
		}
		if p.heading { // it names the subject and says nothing of it
			score = score/4 - 0.5
		}
		if score > most {
			best, most = i, score
		}
	}
	return best
}

// terms is the words of a text, folded so that those of one family are equal.
func terms(text string) map[string]bool {
	found := map[string]bool{}
	for _, word := range strings.FieldsFunc(digits(strings.ToLower(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !common[word] {
			found[stem(word)] = true
		}
	}
	return found
}

// digits takes the commas out of numbers.
func digits(text string) string {
	if !strings.Contains(text, ",") {
		return text
	}
	var out strings.Builder
	for i := range len(text) {
		if text[i] == ',' && i > 0 && i+1 < len(text) && isDigit(text[i-1]) && isDigit(text[i+1]) {
			continue
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// stem takes one ending off. It need not be right, only the same on both sides.
func stem(word string) string {
	for _, ending := range []string{"ations", "ation", "ings", "ing", "ies", "ied", "ment", "ed", "es", "s", "e", "y"} {
		if rest, ok := strings.CutSuffix(word, ending); ok && len(rest) >= 4 {
			return rest
		}
	}
	return word
}

// common are the words that questions are made of whatever they ask.
var common = func() map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(`a an and any are as at be been by can could did do does for from had has have
		how i if in is it its many may me much must my need no not of on or our shall should so than that the their them
		there these they this those to under until was we were what when where which who whom whose why will with would you your`) {
		set[word] = true
	}
	return set
}()
