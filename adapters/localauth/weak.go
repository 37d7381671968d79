package localauth

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed blocklist.txt
var blocklistFile string

// The 10,000 commonest of leaked passwords; NOTICE says where they are from.
//
//go:embed common.txt
var commonFile string

// leaked holds them lower-cased, as they were leaked and without the digits and
// signs around them. Only the whole of a password is looked up, likewise: many
// are plain words, of which good passphrases are made.
var leaked = readLeaked(commonFile)

// leastCore is of letters that are a word by themselves.
const leastCore = 4

func readLeaked(file string) map[string]bool {
	words := readWords(file, strings.ToLower)
	for _, word := range slices.Collect(maps.Keys(words)) {
		if letters := strings.TrimFunc(word, unlike); len(letters) >= leastCore {
			words[letters] = true
		}
	}
	return words
}

// blocklist holds the commonest passwords and the words they are built of,
// lower-cased and with look-alikes undone.
var blocklist = readWords(blocklistFile, plainLetters)

func readWords(file string, form func(string) string) map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			words[form(line)] = true
		}
	}
	return words
}

// rows are what fingers or minds run along; also backwards.
var rows = [...]string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
	"q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p",
}

// weak reports whether a password is too short, common, a pattern, or made of
// what an attacker knows about its owner. There are no rules of composition.
func weak(password, email, name string, minRunes int) bool {
	if utf8.RuneCountInString(password) < minRunes {
		return true
	}
	lower := strings.ToLower(password)
	if common(lower) || common(strings.TrimFunc(lower, unlike)) {
		return true
	}
	return known(lower) || pattern(lower) || personal(lower, email, name)
}

// known reports whether the password was leaked often, as it stands or with what
// people add to make it long enough.
func known(lower string) bool {
	letters := strings.TrimFunc(lower, unlike)
	return leaked[lower] || leaked[letters] || leaked[plainLetters(lower)] || leaked[plainLetters(letters)]
}

// unlike is what people add around a word to make it look strong.
func unlike(r rune) bool { return !unicode.IsLetter(r) }

// common reports whether the whole is a listed password, or one or more listed
// words with nothing but digits and signs between and around them.
func common(lower string) bool {
	if listed(plainLetters(lower)) {
		return true
	}
	words := strings.FieldsFunc(lower, unlike)
	if len(words) == 0 {
		return false
	}
	return !slices.ContainsFunc(words, func(w string) bool { return len(w) > 2 && !listed(w) })
}

// listed reports whether a word is on the list, or is two that are.
func listed(word string) bool {
	for i := 3; i+3 <= len(word); i++ {
		if blocklist[word[:i]] && blocklist[word[i:]] {
			return true
		}
	}
	return blocklist[word]
}

var lookAlikes = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// plainLetters undoes the usual replacements of letters by look-alikes.
func plainLetters(s string) string { return lookAlikes.Replace(strings.ToLower(s)) }

// pattern reports whether a text repeats a short piece, has hardly any
// different characters, or runs along a row.
func pattern(lower string) bool {
	runes := []rune(lower)
	if distinctRunes(runes) < 5 || repeats(runes) {
		return true
	}
	return slices.ContainsFunc(rows[:], func(row string) bool { return runsAlong(lower, row) })
}

func distinctRunes(runes []rune) int {
	seen := map[rune]bool{}
	for _, r := range runes {
		seen[r] = true
	}
	return len(seen)
}

// repeats reports whether a piece of at most a half fills the whole.
func repeats(runes []rune) bool {
	for period := 1; period <= len(runes)/2; period++ {
		same := true
		for i := period; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-period]
		}
		if same {
			return true
		}
	}
	return false
}

// runsAlong reports whether at least three quarters of a text are steps to a
// neighbor on the row, either way.
func runsAlong(text, row string) bool {
	steps, total := 0, 0
	previous := -2
	for _, r := range text {
		at := strings.IndexRune(row, r)
		if at >= 0 && (at == previous+1 || at == previous-1) {
			steps++
		}
		previous = at
		if at < 0 {
			previous = -2
		}
		total++
	}
	return steps*4 >= (total-1)*3
}

// product is what anybody would try first here.
const product = "insurance navigator insurancenavigator"

// personal reports whether little is left once the owner's address and name,
// and the service's own, are taken out.
func personal(lower, email, name string) bool {
	known := strings.FieldsFunc(product+" "+email+" "+strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	local, _, _ := strings.Cut(email, "@")
	rest := lower
	for _, piece := range append([]string{email, local}, known...) {
		if utf8.RuneCountInString(piece) >= 4 {
			rest = strings.ReplaceAll(rest, piece, "")
		}
	}
	return rest != lower && utf8.RuneCountInString(strings.TrimFunc(rest, unlike)) < 5
}
