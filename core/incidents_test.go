package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The incidents of the finished classes: 2 (database connection), 3 (accounts and access), 4 (status words), 5 (storage),
// 6 (callbacks), 7 (a worker dead while healthy), 8 (memory, concurrency, time limits), 10 (shutdown and restart) and 11 (hollow
// success). Every id stands in a test's name; FM-038-2 is FM-038 once more.
var incidents = map[string]string{
	"2":  "FM-011 FM-030 FM-020 FM-026 P-010 L-004 L-003 L-024",
	"3":  "L-001 FM-014 FM-017 FM-018 FM-022b FM-034 FM-021 L-007 C-2 C-3 C-4 C-5 C-6 P-sec C-7",
	"4":  "FM-015 FM-023 FM-028a L-021 P-008b C-8 C-9",
	"5":  "L-009A L-015 L-016 L-019 L-023 L-029 FM-012 P-007 P-011 FM-012b FM-024 FM-025 FM-027 FM-031 L-013 L-020 P-017 C-10",
	"6":  "C-11 FM-028 P-015 P-016 C-12 C-13 C-14 C-15 C-16 L-027 L-028 L-030",
	"7":  "L-009B FM-030p L-012 L-014 C-17 C-18 P-006 P-008c",
	"8":  "L-010 FM-043 FM-038 L-032 L-002 L-005 L-006 P-mix",
	"10": "FM-039 FM-027r C-20",
	"11": "L-011 L-025 L-026 L-031 P-014 P-011b C-21 C-22 C-23 FM-037 P-test P-log",
}

func TestEveryIncidentOfAFinishedClassHasItsTest(t *testing.T) {
	t.Parallel()
	named := idsInTestNames(t, os.DirFS(".."))
	for class, ids := range incidents {
		for _, id := range strings.Fields(ids) {
			if !named[strings.ReplaceAll(id, "-", "")] {
				t.Errorf("class %s: no test's name carries %s", class, id)
			}
		}
	}
}

var idForm = regexp.MustCompile(`^(?:Test)?((?:FM|L|P|C)(?:\d+[a-zA-Z]?|test|log|sec|mix|port))$`)

// idsInTestNames collects the ids that stand, between underscores, in the
// names of test functions.
func idsInTestNames(t *testing.T, tree fs.FS) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for test := range testsIn(t, tree) {
		name := regexp.MustCompile(`_(\d)`).ReplaceAllString(test, "$1") // TestL_019_x is TestL019_x
		for _, part := range strings.Split(name, "_") {
			if m := idForm.FindStringSubmatch(part); m != nil {
				ids[m[1]] = true
			}
		}
	}
	return ids
}

// testsIn lists the test and fuzz functions of a tree, with the texts of the files that
// they stand in.
func testsIn(t *testing.T, tree fs.FS) map[string]string {
	t.Helper()
	tests := map[string]string{}
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		return collect(path, text, tests)
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

func collect(path string, text []byte, tests map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
			tests[f.Name.Name] += string(text)
		}
	}
	return nil
}
