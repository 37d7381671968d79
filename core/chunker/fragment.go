package chunker

import (
	"strings"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
)

// maxRate is how many bytes a token is taken to have at most where a length is
// guessed; a wrong guess costs fill, not correctness.
const maxRate = 16

// splitter cuts one unit that is too large for a piece.
type splitter struct {
	tally *tally
	text  string // all text, the unit's end included
	end   int
	room  int  // tokens a piece has for the unit
	size  int  // tokens a fragment should have at most
	row   bool // cut before cells where it can be
	guess int  // bytes the next fragment may have
	giant int  // up to here the text is a word that no piece holds
}

// fragments cuts a unit that is too large at blanks (a row at its cells where
// it can), and a word that is too large for a piece at characters. Fragments
// are an eighth of a piece or one word, so that pieces get full.
func (b *builder) fragments(u unit) error {
	size := max(1, b.limit/8)
	s := splitter{tally: b.tally, text: b.text, end: u.end, room: b.room(u), size: size, row: u.kind == row, guess: 4 * size}
	for u.start < s.end {
		n, tokens := s.next(u.start, u.inner)
		if tokens > s.room {
			return core.Fail(core.CodeInputTooLong, nil)
		}
		u.end = s.closing(u.start, u.start+n, u.inner)
		u.tokens = b.tally.of(b.text[u.start:u.end])
		b.put(u)
		u.loose = u.end < s.end && !isBlank(b.text[u.end]) && b.text[u.end-1] != '\n'
		u.start, u.edge, u.inner = u.end, inside, true
		if s.row && strings.HasPrefix(strings.TrimLeft(b.text[u.end:s.end], " \t"), "|") {
			u.edge = atCell
		}
	}
	return nil
}

// next is the length of the fragment that begins at start, and its count. Each
// byte is counted about twice: the guess is learned from fragment to fragment.
func (s *splitter) next(start int, inner bool) (n, tokens int) {
	text := s.text[start:s.end]
	least := s.least(start, text, inner)
	for {
		n = max(least, place(text, s.guess, s.row))
		tokens = s.tally.of(bare(text[:n], inner))
		if tokens <= s.size || n == least {
			s.guess = max(1, min(n*s.size/max(tokens, 1), maxRate*s.size))
			return n, tokens
		}
		s.guess = max(1, min(s.guess-1, n-1, n*s.size/tokens))
	}
}

// closing is end, or the unit's end where only a row's last pipe is left and
// there is room for it: alone it would make a fragment that says nothing.
func (s *splitter) closing(start, end int, inner bool) int {
	rest := s.text[end:s.end]
	if len(rest) > 8 || strings.Trim(rest, " \t|\n") != "" || s.tally.of(bare(s.text[start:s.end], inner)) > s.room {
		return end
	}
	return s.end
}

// least is the shortest fragment there may be: the first word, or a character
// of it if no piece can hold it. That is found out once for a word.
func (s *splitter) least(start int, text string, inner bool) int {
	end := start + blanks(text)
	if end >= s.giant {
		n := wordEnd(text)
		if start+n-end <= maxRate*s.room && s.tally.of(bare(text[:n], inner)) <= s.room {
			return n
		}
		s.giant = start + n
	}
	return place(text, 1, false)
}

// blanks is how many blanks a text begins with.
func blanks(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

// place is where to cut s at or before guess: before a cell if row is set, else
// between words, else within the word before a character. It is never 0, and
// the whole of s where guess reaches its end.
func place(s string, guess int, row bool) int {
	lead := blanks(s)
	want := lead + guess
	if want >= len(s) {
		return len(s)
	}
	if row {
		for n := want; n > lead; n-- {
			if n+1 < len(s) && s[n+1] == '|' && betweenWords(s, n) {
				return n
			}
		}
	}
	for n := want; n > lead; n-- {
		if betweenWords(s, n) {
			return n
		}
	}
	n := runeStart(s, want)
	if n <= lead {
		_, size := utf8.DecodeRuneInString(s[lead:])
		n = lead + size
	}
	for n < len(s) && s[n] == '\n' {
		n++
	}
	return n
}

// betweenWords reports whether a word ends at n and another begins.
func betweenWords(s string, n int) bool {
	return isBlank(s[n]) && solid(s[:n]) || s[n-1] == '\n' && s[n] != '\n'
}
