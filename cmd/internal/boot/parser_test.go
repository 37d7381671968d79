package boot

import (
	"context"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
)

// Without PDFium's file the message names what fetches it, what says where it
// lies, and the parser that does without.
func TestAParserWithoutItsModuleNamesTheChoices(t *testing.T) {
	t.Parallel()
	config := Config{Parser: "pdftext", PDFium: t.TempDir() + "/absent.wasm", PDFiumCache: t.TempDir()}
	_, err := config.parser(nil, func() (*pdftext.Engine, error) { return config.engine(context.Background()) })
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"make pdfium", "PDFIUM_WASM", "PARSER=llamaparse"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}
