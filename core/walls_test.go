package core_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const module = "github.com/insurance-navigator/navigator"

// source is what the walls ask of one Go file.
type source struct {
	path    string
	dir     string // the package's folder from the module's root
	name    string // the package's name
	test    bool
	imports []string
}

// readTree reads the imports of every Go file under fsys, whatever its build
// tags; hidden folders and test data are no part of the module.
func readTree(fsys fs.FS) (tree []source, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if base != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		one, err := readSource(fsys, name)
		tree = append(tree, one)
		return err
	})
	return tree, err
}

func readSource(fsys fs.FS, name string) (source, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return source{}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return source{}, err
	}
	s := source{path: name, dir: path.Dir(name), name: parsed.Name.Name, test: strings.HasSuffix(name, "_test.go")}
	for _, spec := range parsed.Imports {
		s.imports = append(s.imports, strings.Trim(spec.Path.Value, "`\""))
	}
	return s, nil
}

// ours is an import's folder within the module.
func ours(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// standard reports whether an import is of the standard library: the first
// element of any other module's path has a dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// in reports whether dir is room or lies within it.
func in(dir string, rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") })
}

// testModules is what tests of core and ports may use beside the rest.
var testModules = []string{
	"github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak",
	"github.com/tiktoken-go/tokenizer", // the chunker's tests count real tokens
}

// mayImport says what the file's room lets in.
func mayImport(file source, imported string) bool {
	dir, own := ours(imported)
	switch {
	case in(file.dir, "core"):
		return fromInside(file, imported, dir, own, "core")
	case in(file.dir, "ports"):
		return fromInside(file, imported, dir, own, "core", "ports")
	case in(file.dir, "adapters"):
		return !own || adapterMay(file, dir)
	case in(file.dir, "loadtest"):
		return !own || in(dir, "loadtest")
	case in(file.dir, "clients/go", "clients/typescript"):
		return !own || in(dir, file.dir)
	case in(file.dir, "db"):
		return !own || in(dir, "db", "core")
	}
	return true
}

// fromInside is the rule of the inner rooms: the standard library and some of
// our own; tests may use the testing modules too.
func fromInside(file source, imported, dir string, own bool, rooms ...string) bool {
	if own {
		return in(dir, rooms...)
	}
	tests := file.test || in(file.dir, "ports/portstest") // the conformance suites
	return standard(imported) || (tests && in(imported, testModules...))
}

// adapterMay is the rule of an adapter: core, ports and itself. Its fake is for
// tests, as are the test database and the test material.
func adapterMay(file source, dir string) bool {
	elements := strings.Split(file.dir, "/")
	own := strings.Join(elements[:min(2, len(elements))], "/")
	if file.test {
		return in(dir, "core", "ports", own, "db", "loadtest")
	}
	if fake(dir) {
		return in(file.dir, dir)
	}
	return in(dir, "core", "ports", own)
}

// fake reports whether a package is for tests or development alone.
func fake(dir string) bool {
	return in(dir, "loadtest") || slices.ContainsFunc(strings.Split(dir, "/"), func(element string) bool {
		return strings.HasSuffix(element, "test")
	})
}

// vague are names that say nothing of what is inside.
var vague = []string{"util", "utils", "common", "helpers", "misc", "models", "services"}

// breaches lists every import through a wall, and every vague name.
func breaches(tree []source) (found []string) {
	for _, file := range tree {
		for _, imported := range file.imports {
			if !mayImport(file, imported) {
				found = append(found, fmt.Sprintf("%s imports %s", file.path, imported))
			}
		}
		if slices.Contains(vague, strings.TrimSuffix(file.name, "_test")) || slices.Contains(vague, path.Base(file.dir)) {
			found = append(found, fmt.Sprintf("%s is of a package called %s in %s", file.path, file.name, file.dir))
		}
	}
	return found
}

// linkedFakes lists the ways from a root's non-test code to a fake, through our
// own packages.
func linkedFakes(tree []source, root string) (found []string) {
	way := map[string]string{root: root}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		for _, next := range importsOf(tree, queue[0]) {
			if way[next] != "" {
				continue
			}
			way[next] = way[queue[0]] + " -> " + next
			if fake(next) {
				found = append(found, way[next])
				continue
			}
			queue = append(queue, next)
		}
	}
	return found
}

// importsOf is our own packages that dir's non-test files import.
func importsOf(tree []source, dir string) (next []string) {
	for _, file := range tree {
		if file.dir != dir || file.test {
			continue
		}
		for _, imported := range file.imports {
			if own, ok := ours(imported); ok && !slices.Contains(next, own) {
				next = append(next, own)
			}
		}
	}
	return next
}
