package chunker

import (
	"unicode"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
)

// The memory of a tally: words longer than maxWord are rare and counted each
// time; beyond maxWords distinct ones nothing more is remembered.
const (
	maxWord  = 48
	maxWords = 1 << 17
)

// tally counts tokens for one cut. With an additive counter it counts each
// word once and remembers it: documents repeat their words, and a map is
// several times as fast as a tokenizer. It dies with the cut, so that no
// document's words outlive their use.
type tally struct {
	counter core.TokenCounter
	words   map[string]int // nil where the counter is not additive
}

func newTally(counter core.TokenCounter, additive bool) *tally {
	t := &tally{counter: counter}
	if additive {
		t.words = make(map[string]int, 1024)
	}
	return t
}

func (t *tally) additive() bool { return t.words != nil }

// of counts a text.
func (t *tally) of(s string) int {
	if !t.additive() {
		return t.counter.Count(s)
	}
	n := 0
	for s != "" {
		end := wordEnd(s)
		n += t.word(s[:end])
		s = s[end:]
	}
	return n
}

func (t *tally) word(s string) int {
	if len(s) > maxWord {
		return t.counter.Count(s)
	}
	n, known := t.words[s]
	if !known {
		n = t.counter.Count(s)
		if len(t.words) < maxWords {
			t.words[s] = n
		}
	}
	return n
}

// wordEnd is where a text's first word ends: blanks, then what is not blank,
// then line breaks. Byte-pair encodings of the cl100k family split at these
// places whatever stands around them, which is what makes them additive.
func wordEnd(s string) int {
	i := 0
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	for i < len(s) {
		switch c := s[i]; {
		case c == '\n':
			for i < len(s) && s[i] == '\n' {
				i++
			}
			return i
		case isBlank(c) && i > 0 && solid(s[:i]):
			return i
		}
		i++
	}
	return i
}

// solid reports whether a text ends in a character that is not white space of
// any script: a run of mixed white space is one word's.
func solid(s string) bool {
	if c := s[len(s)-1]; c < utf8.RuneSelf {
		return c > ' '
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	return !unicode.IsSpace(r)
}
