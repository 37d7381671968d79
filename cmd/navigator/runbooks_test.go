package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// told finds the tool's calls on a page: lines of a block, and code in a line.
var told = regexp.MustCompile("(?m)(?:^|`)(?:bin/)?navigator( [^`#\n]+)")

// stands is what stands for what a person puts in.
var stands = strings.NewReplacer(" ID", " 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f", " CODE", " parser_unavailable", " QUEUE", " embed")

// What the runbooks and the pages for who is on call tell people to type is
// taken by the tool.
func TestRunbooksCallTheToolRightly(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	pages, err := filepath.Glob(filepath.Join(docs, "runbooks", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal("there are no runbooks", err)
	}
	for _, name := range []string{"operations.md", "oncall.md", "platform.md", "continuity.md", "capacity.md"} {
		pages = append(pages, filepath.Join(docs, name))
	}
	calls := 0
	for _, page := range pages {
		text, err := os.ReadFile(page) //nolint:gosec // of this tree
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range told.FindAllStringSubmatch(string(text), -1) {
			var g grammar
			parser, err := kong.New(&g, kong.Name("navigator"), kong.Exit(func(int) {}))
			if err != nil {
				t.Fatal(err)
			}
			calls++
			if _, err := parser.Parse(strings.Fields(stands.Replace(call[1]))); err != nil {
				t.Errorf("%s: navigator%s: %v", filepath.Base(page), call[1], err)
			}
		}
	}
	if calls < 20 {
		t.Errorf("only %d calls were found", calls)
	}
}
