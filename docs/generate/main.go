// Command generate writes the parts of the pages that are made from the code,
// the OpenAPI documents, and the pictures of the load generator's results. It runs at the module's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/docs"
)

func main() {
	for name, parts := range docs.Pages {
		check(name, fill(name, parts))
	}
	current, older, err := httpapi.Documents(httpapi.DefaultLimits())
	check("OpenAPI", err)
	check(docs.OpenAPI, write(docs.OpenAPI, current))
	check(docs.OpenAPI30, write(docs.OpenAPI30, older))
	check(docs.LoadPictures, draw())
}

// draw replaces the pictures of the load generator's results.
func draw() error {
	drawn, err := docs.LoadDrawings()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(docs.LoadPictures); err != nil {
		return err
	}
	if err := os.MkdirAll(docs.LoadPictures, 0o755); err != nil { //nolint:gosec // pictures, for everyone to see
		return err
	}
	for name, picture := range drawn {
		if err := write(filepath.Join(docs.LoadPictures, name), picture); err != nil {
			return err
		}
	}
	return nil
}

func check(name string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "generate: %s: %v\n", name, err)
		os.Exit(1)
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
	return write(name, []byte(page))
}

func write(name string, text []byte) error {
	return os.WriteFile(name, text, 0o644) //nolint:gosec // a page, for everyone to read
}
