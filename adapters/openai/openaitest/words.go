package openaitest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// stopWeight is what is left of a word that says nothing about the subject.
const stopWeight = 0.05

// stopWords are the words of any sentence, those of a question included.
var stopWords = setOf(`a about after all also am an and any are as at be been before being but by can
	could did do does doing each for from get give had has have having he her here him his how i if in into is
	it its just know many may me might more most much must my no nor not of on one only or other our out over
	please s same shall she should so some such t tell than that the their them then there these they this
	those to too under until up upon us was we were what when where which while who whom whose why will with
	would you your`)

// fieldWeight is what is left of a word that most insurance papers use on every
// page: it tells little about which passage is meant.
const fieldWeight = 0.2

// fieldWords are those words, as stems.
var fieldWords = stemsOf(`plan policy coverage covered benefit benefits service services insurance insurer health member
	members person pay pays paid summary document section term terms provision agreement contract company apply subject
	year january february march april june july august september october november december`)

func stemsOf(list string) map[string]bool {
	set := map[string]bool{}
	for word := range setOf(list) {
		set[stem(word)] = true
	}
	return set
}

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(list) {
		set[word] = true
	}
	return set
}

// endings are what words of one family differ by; at most one is taken off.
// keep is how many letters must be left.
var endings = []struct {
	text string
	keep int
}{{"ation", 4}, {"ated", 4}, {"ating", 4}, {"ment", 3}, {"age", 5}, {"ing", 3}, {"ed", 3}, {"ate", 4}}

// words are the text's words in lower case: runs of letters and digits. A
// comma or a point between digits does not part a number ("1,500" is 1500).
func words(text string) []string {
	runes := []rune(strings.ToLower(text))
	var found []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			found, word = append(found, string(word)), word[:0]
		}
	}
	for i, r := range runes {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			word = append(word, r)
		case r == ',' && i > 0 && i+1 < len(runes) && unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1]):
		default:
			flush()
		}
	}
	flush()
	return found
}

// stem takes a plural and one ending off, so that "covered", "covers" and
// "coverage" are one word. It is light: it need not be right, only the same
// for question and passage.
func stem(word string) string {
	switch {
	case strings.HasSuffix(word, "ies") && len(word) > 5:
		word = word[:len(word)-3] + "y"
	case strings.HasSuffix(word, "ses"), strings.HasSuffix(word, "xes"), strings.HasSuffix(word, "ches"), strings.HasSuffix(word, "shes"):
		word = word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && len(word) > 3:
		word = word[:len(word)-1]
	}
	for _, e := range endings {
		if rest, ok := strings.CutSuffix(word, e.text); ok && len(rest) >= e.keep {
			return tidy(rest)
		}
	}
	return tidy(word)
}

// tidy takes off what depends on the ending: a last e ("reimburse") and the
// second of two letters ("cancelled", "billing").
func tidy(word string) string {
	n := len(word)
	if n > 3 && (word[n-1] == 'e' || word[n-1] == word[n-2] && word[n-1] < utf8.RuneSelf) {
		return word[:n-1]
	}
	return word
}
