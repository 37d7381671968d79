// Package injection finds text that is written for a language model and not for
// a reader. It marks and never refuses: a letter may rightly quote such words,
// and an attack can always be worded anew. Whoever hands text to a model is to
// treat all of it as data, marked or not.
package injection

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
)

// Find lists the marks of a text, each once, in one order; none is an empty list.
// Its time is linear in the text's length.
func Find(text string) []core.Mark {
	var found []core.Mark
	if hidden(text) {
		found = append(found, core.MarkHiddenCharacters)
	}
	if addresses(text) || addressesEncoded(text) {
		found = append(found, core.MarkAddressesModel)
	}
	if strings.Contains(text, "](") && remoteImage.MatchString(text) {
		found = append(found, core.MarkRemoteImage)
	}
	return core.SortMarks(found)
}

// remoteImage is a picture in Markdown or HTML whose address has a query: a
// program that shows it sends what the query says.
var remoteImage = regexp.MustCompile(`(?i)!\[[^\]]{0,500}\]\(\s*<?https?://[^)\s?]+\?[^)\s]*=`)

// addresses reports whether one of the phrases stands in the text, however it
// is spaced, cased, or broken up by characters that nobody sees.
func addresses(text string) bool {
	plain := fold(text)
	said := saidIn(plain)
	for i := range phrases {
		if phrases[i].worth(plain, said) && phrases[i].form.MatchString(plain) {
			return true
		}
	}
	return false
}

// A run that base64 may have made: a sentence has at least so many letters, and
// no more of them are looked into.
const (
	encodedRun = 32
	maxRuns    = 200
)

// letters64 are those of both alphabets of base64.
var letters64 = func() (set [256]bool) {
	for _, letter := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		set[letter] = true
	}
	return set
}()

// addressesEncoded looks into what is written in base64.
func addressesEncoded(text string) bool {
	runs, began := 0, 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && letters64[text[i]] {
			continue
		}
		if i-began >= encodedRun {
			if runs++; runs > maxRuns {
				return false
			}
			if addressesIn64(text[began:i]) {
				return true
			}
		}
		began = i + 1
	}
	return false
}

// fromURL makes one alphabet of base64 of the two.
var fromURL = strings.NewReplacer("-", "+", "_", "/")

func addressesIn64(run string) bool {
	run = fromURL.Replace(run[:len(run)-len(run)%4]) // the last few letters make no phrase
	raw, err := base64.StdEncoding.DecodeString(run)
	return err == nil && utf8.Valid(raw) && addresses(string(raw))
}

// fold makes what a model reads alike look alike: small letters, plain blanks,
// no characters without a shape, and the letters that tag characters stand for.
func fold(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	blank, tags := true, false
	for _, r := range text {
		if r < utf8.RuneSelf { // most of most texts
			blank, tags = foldASCII(&out, r, blank), false
			continue
		}
		if !tags && !blank && tag(r) { // it begins a text of its own
			out.WriteByte(' ')
		}
		switch tags = tag(r); {
		case r >= tagFirst && r <= tagLast:
			r -= tagBase
		case unseen(r):
			continue
		}
		switch {
		case r < utf8.RuneSelf: // it was written as a tag
			blank = foldASCII(&out, r, blank)
		case unicode.IsSpace(r):
			blank = foldASCII(&out, ' ', blank)
		default:
			out.WriteRune(unicode.ToLower(r))
			blank = false
		}
	}
	return out.String()
}

// foldASCII writes one character as fold leaves it, and tells whether a blank
// was the last. Markdown's own signs part no words.
func foldASCII(out *strings.Builder, c rune, blank bool) bool {
	switch {
	case c == ' ', c >= '\t' && c <= '\r', c == '*', c == '_', c == '>' && blank:
		if !blank {
			out.WriteByte(' ')
		}
		return true
	case c >= 'A' && c <= 'Z':
		c += 'a' - 'A'
	}
	out.WriteRune(c)
	return false
}
