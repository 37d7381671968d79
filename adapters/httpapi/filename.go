package httpapi

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const defaultName = "document.pdf"

// DisplayName is a client's file name made fit to be shown: without folders,
// control characters and marks that reorder text, valid UTF-8, at most limit
// bytes. It is never part of a path or a key.
func DisplayName(name string, limit int) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(cut(strings.TrimSpace(name), limit))
	if strings.Trim(name, ".") == "" {
		return defaultName
	}
	return name
}

// cut shortens a text to at most limit bytes without splitting a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
