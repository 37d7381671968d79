package main

import (
	"os"
	"path/filepath"
)

// document is one of the API's descriptions of itself, as it is kept in the
// docs. Name is openapi.json or openapi-3.0.json.
func document(root, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(root, "docs", name)) //nolint:gosec // one of two names
}
