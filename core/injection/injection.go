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
	words := wordsOf(plain)
	for _, p := range phrases {
		if p.worth(words) && p.form.MatchString(plain) {
			return true
		}
	}
	return false
}

// encoded is a run that base64 may have made; a sentence has at least as many.
var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{32,}={0,2}`)

// maxRuns bounds how many of those are looked into.
const maxRuns = 200

// addressesEncoded looks into what is written in base64.
func addressesEncoded(text string) bool {
	for _, run := range encoded.FindAllString(text, maxRuns) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(run, "="))
		run = run[:len(run)-len(run)%4] // the last few letters make no phrase
		raw, err := base64.StdEncoding.DecodeString(run)
		if err == nil && utf8.Valid(raw) && addresses(string(raw)) {
			return true
		}
	}
	return false
}

// fold makes what a model reads alike look alike: small letters, plain blanks,
// no characters without a shape, and the letters that tag characters stand for.
func fold(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	blank, tags := true, false
	for _, r := range text {
		if !tags && !blank && tag(r) { // it begins a text of its own
			out.WriteByte(' ')
		}
		switch tags = tag(r); {
		case r >= tagFirst && r <= tagLast:
			r -= tagBase
		case unseen(r):
			continue
		}
		if unicode.IsSpace(r) || r == '*' || r == '_' || r == '>' && blank { // Markdown's own signs part no words
			if !blank {
				out.WriteByte(' ')
			}
			blank = true
			continue
		}
		blank = false
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
