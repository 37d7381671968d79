package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/docs"
)

// TestPagesDrift holds the pages' generated parts to the Line.
func TestPagesDrift(t *testing.T) {
	t.Parallel()
	for name, parts := range docs.Pages {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := docs.Fill(string(text), parts)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s is not what the code says: %s (-code +page):\n%s", name, docs.Command, diff)
		}
	}
}

// TestL005_L006_OpenAPIDrift holds the OpenAPI documents to the routes: a change of what
// clients are promised shows in a review.
func TestL005_L006_OpenAPIDrift(t *testing.T) {
	t.Parallel()
	current, older, err := httpapi.Documents(httpapi.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{docs.OpenAPI: current, docs.OpenAPI30: older} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(text), "\n")); diff != "" {
			t.Errorf("%s is not what the routes say: %s (-code +file):\n%s", name, docs.Command, diff)
		}
	}
}

func TestFillReplacesThePartAndNothingElse(t *testing.T) {
	t.Parallel()
	parts := map[string]func() string{"a": func() string { return "new\n" }}
	got, err := docs.Fill("x\n<!-- a -->\nold\n<!-- /a -->\ny\n", parts)
	if want := "x\n<!-- a -->\nnew\n<!-- /a -->\ny\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, page := range []string{"", "<!-- a -->\nold\n", "<!-- /a -->\n<!-- a -->\n"} {
		if _, err := docs.Fill(page, parts); err == nil {
			t.Errorf("%q: a page without the marks was filled", page)
		}
	}
}

func TestTableEscapes(t *testing.T) {
	t.Parallel()
	got := docs.Table([]string{"a"}, [][]string{{"x|y<z>"}})
	if want := "| a |\n| --- |\n| x\\|y\\<z> |\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// linked finds the targets of a page's links that lie in this tree.
var linked = regexp.MustCompile(`\]\(([^)#:]+\.md)(?:#[^)]*)?\)`)

// TestEveryPageIsReached follows the links from README: whoever reads on finds
// every page, and no link leads nowhere.
func TestEveryPageIsReached(t *testing.T) {
	t.Parallel()
	reached, next := map[string]bool{}, []string{"../README.md"}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		if reached[page] {
			continue
		}
		reached[page] = true
		text, err := os.ReadFile(page) //nolint:gosec // of this tree
		if err != nil {
			t.Errorf("a link leads nowhere: %v", err)
			continue
		}
		for _, link := range linked.FindAllStringSubmatch(string(text), -1) {
			next = append(next, filepath.Join(filepath.Dir(page), link[1]))
		}
	}
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("there are no pages", err)
	}
	for _, page := range pages {
		if !reached[filepath.Join("..", "docs", page)] {
			t.Errorf("no link leads from README.md to docs/%s", page)
		}
	}
}

// TestDesignNamesEveryRoom keeps the one page true: each folder with code, two
// levels deep, is found on it.
func TestDesignNamesEveryRoom(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("design.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, pattern := range []string{"../*/*.go", "../*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			found++
			room := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), "../")
			if !strings.Contains(string(page), room) {
				t.Errorf("docs/design.md does not name %s", room)
			}
		}
	}
	if found == 0 {
		t.Error("no Go file found: nothing was checked")
	}
}
