// Command make writes the corpus to a directory.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

func main() {
	dir := flag.String("dir", "corpus", "directory to write the files to; it is made when missing")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "make corpus:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, doc := range corpus.All() {
		path := filepath.Join(dir, doc.Name)
		if err := os.WriteFile(path, doc.Bytes, 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d pages, %d questions\n", path, doc.Pages, len(doc.Questions))
	}
	return nil
}
