package docs_test

import (
	"os"
	"path/filepath"
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
