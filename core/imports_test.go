package core_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// services are the packages that production runs.
var services = []string{"cmd/api", "cmd/worker", "cmd/webhook", "cmd/migrate", "cmd/internal/boot"}

// moduleRoot is the folder of go.mod, which must name the module the walls are
// written for.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !strings.HasPrefix(string(text), "module "+module+"\n") {
		t.Fatalf("%s is not the root of module %s (%v)", root, module, err)
	}
	return root
}

// wholeTree reads our own module, and makes sure that there is something to see.
func wholeTree(t *testing.T) []source {
	t.Helper()
	tree, err := readTree(os.DirFS(moduleRoot(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append([]string{"core", "core/pipeline", "ports", "adapters/postgres", "db"}, services...) {
		if !slices.ContainsFunc(tree, func(s source) bool { return s.dir == dir && !s.test }) {
			t.Errorf("no code in %s: the walls are checked for nothing", dir)
		}
	}
	return tree
}

func TestRoomsKnowOnlyWhomTheyMay(t *testing.T) {
	t.Parallel()
	for _, breach := range breaches(wholeTree(t)) {
		t.Error(breach)
	}
}

// TestL025_NoFakeIsLinkedIntoTheServices: the predecessor answered with the
// text of a stand-in when the real service was away. Here no service has one.
func TestL025_NoFakeIsLinkedIntoTheServices(t *testing.T) {
	t.Parallel()
	tree := wholeTree(t)
	for _, service := range services {
		for _, way := range linkedFakes(tree, service) {
			t.Errorf("a fake is linked in: %s", way)
		}
	}
}

// TestEveryAdapterHasALinterRule keeps the linter's own list of walls whole.
func TestEveryAdapterHasALinterRule(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	config, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(filepath.Join(root, "adapters"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if rule := `"**/adapters/` + folder.Name() + `/**"`; folder.IsDir() && !strings.Contains(string(config), rule) {
			t.Errorf(".golangci.yml has no depguard rule for %s: copy a neighbor's", rule)
		}
	}
}

// file makes one Go file of a tree in memory.
func file(name string, imports ...string) *fstest.MapFile {
	text := "package " + name + "\n"
	for _, one := range imports {
		text += "import _ \"" + strings.Replace(one, "our/", module+"/", 1) + "\"\n"
	}
	return &fstest.MapFile{Data: []byte(text)}
}

func TestWallsLetGoodImportsThrough(t *testing.T) {
	t.Parallel()
	tree, err := readTree(fstest.MapFS{
		"core/a.go":                           file("core", "context"),
		"core/a_test.go":                      file("core", "pgregory.net/rapid"),
		"core/pipeline/a.go":                  file("pipeline", "our/core"),
		"ports/a.go":                          file("ports", "our/core", "net/http"),
		"adapters/openai/a.go":                file("openai", "our/core", "our/ports", "github.com/sashabaranov/go-openai"),
		"adapters/openai/a_test.go":           file("openai_test", "our/adapters/openai/openaitest", "our/db/dbtest", "our/loadtest/corpus"),
		"adapters/openai/openaitest/a.go":     file("openaitest", "our/adapters/openai"),
		"loadtest/a.go":                       file("loadtest", "our/loadtest/corpus"),
		"clients/go/a_test.go":                file("navigatorapi_test", "our/clients/go", "github.com/oapi-codegen/runtime"),
		"clients/generate/a.go":               file("main", "our/adapters/httpapi", "our/clients/typescript"),
		"cmd/navigator/a.go":                  file("main", "our/adapters/openai/openaitest", "our/cmd/internal/boot"),
		"cmd/api/a.go":                        file("main", "our/cmd/internal/boot"),
		"cmd/api/a_test.go":                   file("main", "our/adapters/openai/openaitest"),
		"cmd/internal/boot/a.go":              file("boot", "our/adapters/openai"),
		".local/x/core/a.go":                  file("core", "our/cmd/api"),
		"adapters/openai/testdata/broken.go":  {Data: []byte("no Go")},
		"adapters/supabase/supabasetest/a.go": file("supabasetest", "our/core"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, breach := range append(breaches(tree), linkedFakes(tree, "cmd/api")...) {
		t.Error(breach)
	}
}

func TestWallsStopEveryBadImport(t *testing.T) {
	t.Parallel()
	for path, bad := range map[string]*fstest.MapFile{
		"core/a.go":                       file("core", "github.com/jackc/pgx/v5"),
		"core/b.go":                       file("core", "our/ports"),
		"core/b_test.go":                  file("core", "our/adapters/openai"),
		"core/c.go":                       file("core", "pgregory.net/rapid"),
		"core/pipeline/a.go":              file("pipeline", "our/ports"),
		"ports/a.go":                      file("ports", "our/adapters/openai"),
		"ports/b.go":                      file("ports", "github.com/jackc/pgx/v5"),
		"adapters/openai/a.go":            file("openai", "our/adapters/redis"),
		"adapters/openai/a_test.go":       file("openai", "our/adapters/redis"),
		"adapters/openai/b.go":            file("openai", "our/cmd/internal/boot"),
		"adapters/openai/c.go":            file("openai", "our/adapters/openai/openaitest"),
		"adapters/openai/d.go":            file("openai", "our/db/dbtest"),
		"adapters/openai/e.go":            file("openai", "our/adapters/openaiextra"),
		"adapters/openai/openaitest/a.go": file("openaitest", "our/adapters/redis"),
		"loadtest/a.go":                   file("loadtest", "our/core"),
		"db/a.go":                         file("db", "our/adapters/postgres"),
		"clients/go/a.go":                 file("navigatorapi", "our/core"),
		"clients/go/a_test.go":            file("navigatorapi", "our/loadtest/corpus"),
		"core/util/a.go":                  file("other"),
		"cmd/x/a.go":                      file("common"),
	} {
		tree, err := readTree(fstest.MapFS{path: bad})
		if err != nil {
			t.Fatal(err)
		}
		if len(breaches(tree)) == 0 {
			t.Errorf("%s: let through:\n%s", path, bad.Data)
		}
	}
}

func TestLinkedFakesFindsTheWay(t *testing.T) {
	t.Parallel()
	tree, err := readTree(fstest.MapFS{
		"cmd/api/a.go":              file("main", "our/cmd/internal/boot"),
		"cmd/internal/boot/a.go":    file("boot", "our/adapters/openai"),
		"adapters/openai/a.go":      file("openai", "our/adapters/openai/openaitest"),
		"adapters/openai/b_test.go": file("openai", "our/loadtest/corpus"),
		"cmd/worker/a.go":           file("main", "our/loadtest/corpus"),
		"cmd/migrate/a.go":          file("main", "our/db"),
		"db/a.go":                   file("db", "fmt"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string]string{
		"cmd/api":     "cmd/api -> cmd/internal/boot -> adapters/openai -> adapters/openai/openaitest",
		"cmd/worker":  "cmd/worker -> loadtest/corpus",
		"cmd/migrate": "",
	} {
		if got := strings.Join(linkedFakes(tree, service), "; "); got != want {
			t.Errorf("%s: %q, want %q", service, got, want)
		}
	}
}
