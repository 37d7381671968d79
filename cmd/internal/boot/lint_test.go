package boot_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readers are the folders whose code may look at the environment, and by what.
// pdftext looks for its own file where nobody configured one; the servers, the
// dump and a place to load hand the environment to programs they run.
var readers = map[string]string{
	"bench/place": "Environ", "cmd/internal/boot": "Environ", "cmd/migrate": "Environ", "cmd/navigator": "Environ Getenv LookupEnv",
	"db/dbtest": "Getenv", "db/pgserver": "Getenv Environ", "db/internal/dump": "Environ", "adapters/pdftext": "Getenv",
}

func TestFM013_OnlyTheConfigurationReadsTheEnvironment(t *testing.T) {
	t.Parallel()
	eachSource(t, func(folder, path string, tree *ast.File) {
		for _, use := range environmentUses(tree) {
			if !allowed(folder, use) {
				t.Errorf("%s calls os.%s: the environment is read by cmd/internal/boot alone", path, use)
			}
		}
	})
}

// eachSource visits every Go file of the module that is no test; folder is its
// place from the module's root.
func eachSource(t *testing.T, visit func(folder, path string, tree *ast.File)) {
	t.Helper()
	root, files := filepath.Join("..", "..", ".."), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		visit(filepath.ToSlash(folder), path, tree)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Fatalf("only %d files were looked at", files)
	}
}

var sees = []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv"}

// environmentUses lists the functions of os and syscall by which a file sees
// the environment, however the package is named there.
func environmentUses(tree *ast.File) (uses []string) {
	names := map[string]bool{}
	for _, spec := range tree.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if path != "os" && path != "syscall" {
			continue
		}
		names[path] = true
		if spec.Name != nil {
			names[spec.Name.Name] = true
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			pkg, named := s.X.(*ast.Ident)
			if named && names[pkg.Name] && slices.Contains(sees, s.Sel.Name) {
				uses = append(uses, s.Sel.Name)
			}
		}
		return true
	})
	return uses
}

func allowed(folder, use string) bool {
	for root, uses := range readers {
		if (folder == root || strings.HasPrefix(folder, root+"/")) && strings.Contains(" "+uses+" ", " "+use+" ") {
			return true
		}
	}
	return false
}

// The lint sees what it must see.
func TestTheEnvironmentLintFinds(t *testing.T) {
	t.Parallel()
	source := `package x
import ("os"; sys "syscall")
var _ = os.Getenv("A")
func f() { _, _ = sys.Getenv("B"); g := os.LookupEnv; _ = g; os.Exit(1) }`
	tree, err := parser.ParseFile(token.NewFileSet(), "x.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := environmentUses(tree); len(got) != 3 {
		t.Errorf("found %q, want three uses", got)
	}
	if allowed("adapters/openai", "Getenv") || allowed("cmd/internal/booty", "Environ") || !allowed("cmd/navigator/internal/dev", "Environ") {
		t.Error("the list of readers is not obeyed")
	}
}
