package client_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The client knows the service by its HTTP alone, and words by core.
func TestClientImportsNothingOfTheService(t *testing.T) {
	t.Parallel()
	const module = `"github.com/insurance-navigator/navigator/`
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			inner, ours := strings.CutPrefix(spec.Path.Value, module)
			if ours && inner != `core"` && inner != `cmd/navigator/internal/client"` {
				t.Errorf("%s imports %s", name, spec.Path.Value)
			}
		}
	}
}
