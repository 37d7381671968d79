package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared reads the codes that codes.go declares.
func declared(t *testing.T) []Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, Code(word))
		return true
	})
	return codes
}

func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	codes := declared(t)
	if len(codes) < 40 {
		t.Fatalf("found %d codes in the source", len(codes))
	}
	slices.Sort(codes)
	if !slices.Equal(codes, Codes()) {
		t.Errorf("declared %v\nwith words %v", codes, Codes())
	}
	word := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, c := range codes {
		if !word.MatchString(string(c)) {
			t.Errorf("%q is not in snake case", c)
		}
		for _, s := range []string{c.Message(), c.Advice()} {
			if len(s) < 10 || !strings.HasSuffix(s, ".") || strings.Contains(s, string(c)) && strings.Contains(string(c), "_") {
				t.Errorf("%s: %q is not a sentence for a person", c, s)
			}
		}
		if strings.Contains(c.Kind().String(), "unknown") {
			t.Errorf("%s has no kind", c)
		}
	}
}

func TestUnknownCodeReadsAsInternal(t *testing.T) {
	t.Parallel()
	c := Code("never_heard_of")
	if c.Kind() != Transient || c.Message() != CodeInternal.Message() || c.Advice() != CodeInternal.Advice() {
		t.Errorf("%s, %q, %q", c.Kind(), c.Message(), c.Advice())
	}
}

func TestKindsHaveWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Transient; k <= Denied; k++ {
		if s := k.String(); s == "unknown" || seen[s] {
			t.Errorf("kind %d is %q", k, s)
		}
		seen[k.String()] = true
	}
	for _, k := range []Kind{-1, Denied + 1} {
		if s := k.String(); s != "unknown" {
			t.Errorf("kind %d is %q", k, s)
		}
	}
}
