package boot_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func TestTheDocumentationPageIsOffInProduction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode boot.Mode
		word string
		want bool
	}{
		{boot.Development, "", true}, {boot.Staging, "", true}, {boot.Production, "", false},
		{boot.Production, "on", true}, {boot.Development, "off", false},
	} {
		config := boot.Defaults()
		config.Mode, config.APIDocs = c.mode, c.word
		if config.Docs() != c.want {
			t.Errorf("%s %q: the page is served: %v", c.mode, c.word, config.Docs())
		}
	}
}
