package localauth

import (
	"strings"
	"testing"
)

// Every leaked password is refused as it stands, and its letters with what
// people add to them; the list is as long as it is said to be.
func TestPsec_LeakedPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	tried := 0
	for word := range strings.Lines(commonFile) {
		word = strings.TrimSpace(word)
		if strings.HasPrefix(word, "#") {
			continue
		}
		tried++
		forms := []string{word, strings.ToUpper(word)}
		if letters := strings.TrimFunc(word, unlike); len(letters) >= leastCore {
			forms = append(forms, "2026"+word+"!!!!", letters+"123456789")
		}
		for _, form := range forms {
			if !weak(form, "", "", 1) {
				t.Errorf("%q is taken", form)
			}
		}
	}
	if tried != 10_000 {
		t.Errorf("%d words", tried)
	}
}
