package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// document is one of the API's descriptions of itself: the file that is kept in
// the docs where there is one, or else what the API serves with its default
// limits. Name is openapi.json or openapi-3.0.json.
func document(ctx context.Context, root, name string) ([]byte, error) {
	kept, err := os.ReadFile(filepath.Join(root, "docs", name)) //nolint:gosec // one of two names
	if err == nil || !os.IsNotExist(err) {
		return kept, err
	}
	return served(ctx, "/"+name)
}

// served asks an API whose dependencies are never called.
func served(ctx context.Context, path string) ([]byte, error) {
	spool, err := os.MkdirTemp("", "navigator-clients")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(spool) }()
	api, err := httpapi.NewAPI(httpapi.APIDeps{
		Library: struct{ ports.Library }{}, Uploads: struct{ ports.Uploads }{}, Keys: struct{ ports.Idempotency }{}, Blobs: struct{ ports.Blobs }{}, Accounts: struct{ ports.Accounts }{},
		Verifier: struct{ ports.Verifier }{}, Embedder: struct{ ports.Embedder }{}, Health: struct{ ports.Health }{},
		Inspector: struct{ core.Inspector }{}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), SpoolDir: spool,
	})
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	if answer.Code != http.StatusOK {
		return nil, fmt.Errorf("GET %s answered %d", path, answer.Code)
	}
	return answer.Body.Bytes(), nil
}
