package clamd

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzAnswer holds that one answer alone lets a file pass, and that no answer
// puts anything but a name's letters into a log.
func FuzzAnswer(f *testing.F) {
	for _, answer := range []string{clean, "stream: Eicar-Signature FOUND", tooLarge, "stream:  FOUND", "ClamAV 1.4.6/27500/Sun Nov 22 09:00:00 2026", "ClamAV /", "\x00"} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		signature, err := verdict(answer)
		if passes := err == nil && signature == ""; passes != (answer == clean) {
			t.Errorf("%q: %q, %v", answer, signature, err)
		}
		v, _ := version(answer)
		for _, text := range []string{signature, v.Engine, v.Signatures} {
			if len(text) > nameBytes+len("ClamAV ") || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q: tells %q", answer, text)
			}
		}
	})
}
