// Command make writes the corpus to a directory: the files, and truth.json with
// the questions and what is true of every page.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "make corpus:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: go run ./loadtest/corpus/make DIR")
	}
	return write(args[0])
}

func write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	all := corpus.All()
	for i, doc := range all {
		path := filepath.Join(dir, doc.Name)
		if err := os.WriteFile(path, doc.Bytes, 0o644); err != nil {
			return err
		}
		all[i].Bytes = nil
		fmt.Printf("%s: %d pages, %d questions\n", path, doc.Pages, len(doc.Questions))
	}
	truth, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "truth.json"), truth, 0o644)
}
