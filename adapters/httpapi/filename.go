package httpapi

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const defaultName = "document.pdf"

// marksOnLetter is how many accents one letter keeps. Languages need two or
// three; hundreds of them run over what stands above and below.
const marksOnLetter = 4

// devices are names that Windows takes for devices, in any folder and with any
// ending.
var devices = []string{
	"con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// DisplayName is a client's file name made fit to be shown, and to be saved
// under: without folders, control characters, characters without a shape and
// marks that reorder text, composed (NFC), valid UTF-8, at most limit bytes. It
// is never part of a path or a key.
func DisplayName(name string, limit int) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = norm.NFC.String(strings.Map(shown, name))
	name = trimmed(cut(trimmed(fewMarks(name)), limit))
	if strings.Trim(name, ".") == "" {
		return defaultName
	}
	if stem, _, _ := strings.Cut(name, "."); slices.Contains(devices, strings.ToLower(strings.TrimSpace(stem))) {
		return trimmed(cut("_"+name, limit))
	}
	return name
}

// shown leaves out what has no shape, and what takes the shape of nothing.
func shown(r rune) rune {
	switch {
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Noncharacter_Code_Point, unicode.Variation_Selector),
		r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0':
		return -1
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

// trimmed is a name without what Windows drops at its ends: a name that ends in
// a dot would be saved as another.
func trimmed(name string) string { return strings.TrimSpace(strings.TrimRight(name, ". ")) }

// fewMarks takes away what is heaped on a letter, and what has no letter.
func fewMarks(name string) string {
	run, letter := 0, false
	return strings.Map(func(r rune) rune {
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			run, letter = 0, r != ' '
			return r
		}
		if run++; run > marksOnLetter || !letter {
			return -1
		}
		return r
	}, name)
}

// cut shortens a text to at most limit bytes without splitting a character or
// taking the marks off a letter.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 {
		r, _ := utf8.DecodeRuneInString(text[limit:])
		if utf8.RuneStart(text[limit]) && !unicode.In(r, unicode.Mn, unicode.Me) {
			break
		}
		limit--
	}
	return text[:limit]
}
