package chunker

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortened are words whose full stop ends no sentence.
var shortened = map[string]bool{
	"dr": true, "mr": true, "mrs": true, "ms": true, "st": true, "no": true, "nos": true,
	"vs": true, "inc": true, "co": true, "corp": true, "ltd": true, "sec": true, "fig": true,
	"art": true, "approx": true, "etc": true, "e.g": true, "i.e": true, "u.s": true, "p.o": true, "ph.d": true,
}

// sentenceEnd is where the first sentence that ends at or after from ends in
// the line, closing quotes and brackets included; -1 if none does. It is the
// line's length where the line ends with the sentence. A wrong answer costs
// nothing but a less happy cut. Loose says that the next sentence begins
// without a blank, as in Chinese and Japanese.
func sentenceEnd(s string, from int) (end int, loose bool) {
	for i := from; i < len(s); i++ {
		if !stops[s[i]] {
			continue
		}
		if s[i] < utf8.RuneSelf {
			stop := closers(s, i+1)
			if stop == len(s) || (isBlank(s[stop]) && begins(s[stop:]) && !(s[i] == '.' && abbreviated(s[:i]))) {
				return stop, false
			}
			continue
		}
		if r, n := utf8.DecodeRuneInString(s[i:]); strings.ContainsRune("。！？", r) {
			stop := closers(s, i+n)
			return stop, stop < len(s) && !isBlank(s[stop])
		}
	}
	return -1, false
}

// stops are the first bytes of the marks that end sentences.
var stops = [256]bool{'.': true, '!': true, '?': true, 0xe3: true, 0xef: true}

// closers is where the quotes, brackets and emphasis that close at i end.
func closers(s string, i int) int {
	for i < len(s) && s[i] != ' ' {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !strings.ContainsRune(`"')]*_”’»」』）`, r) {
			break
		}
		i += n
	}
	return i
}

// begins reports whether a sentence can begin after these blanks.
func begins(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \t"))
	return !unicode.IsLower(r)
}

// abbreviated reports whether the word a full stop follows is shortened: an
// initial or one of the common ones.
func abbreviated(s string) bool {
	w := s[max(0, len(s)-8):]
	if i := strings.LastIndexAny(w, " \t("); i >= 0 {
		w = w[i+1:]
	}
	if len(w) == 1 {
		return w[0] >= 'A' && w[0] <= 'Z'
	}
	return len(w) <= 6 && shortened[strings.ToLower(w)]
}
