// Command generate writes the parts of the pages that are made from core.Line.
// It runs at the module's root.
package main

import (
	"fmt"
	"os"

	"github.com/insurance-navigator/navigator/docs"
)

func main() {
	for name, parts := range docs.Pages {
		if err := fill(name, parts); err != nil {
			fmt.Fprintf(os.Stderr, "generate: %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func fill(name string, parts map[string]func() string) error {
	text, err := os.ReadFile(name) //nolint:gosec // a page of docs.Pages
	if err != nil {
		return err
	}
	page, err := docs.Fill(string(text), parts)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(page), 0o644) //nolint:gosec // a page, for everyone to read
}
