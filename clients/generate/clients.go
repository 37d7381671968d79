package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/insurance-navigator/navigator/clients/typescript"
)

// oapiCodegen is the generator of the Go client, built by the go command from
// this version.
const oapiCodegen = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"

// client is one generated file, by its path from the module's root, and how it
// is made.
type client struct {
	file string
	make func(ctx context.Context, root string) ([]byte, error)
}

var clients = []client{
	{"clients/go/models.gen.go", makeGo("clients/go/oapi-codegen-models.yaml")},
	{"clients/go/client.gen.go", makeGo("clients/go/oapi-codegen.yaml")},
	{"clients/typescript/schema.ts", makeTypeScript},
}

func (c client) path(root string) string { return filepath.Join(root, filepath.FromSlash(c.file)) }

// makeGo makes the part of the Go client that a configuration asks for.
func makeGo(config string) func(ctx context.Context, root string) ([]byte, error) {
	return func(ctx context.Context, root string) ([]byte, error) { return runGo(ctx, root, config) }
}

// runGo has it made from the 3.0.3 document, which is the one that its generator
// knows whole.
func runGo(ctx context.Context, root, config string) ([]byte, error) {
	whole, err := document(root, "openapi-3.0.json")
	if err != nil {
		return nil, err
	}
	document, err := forGo(whole)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "navigator-clients")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	source := filepath.Join(work, "openapi.json")
	if err := os.WriteFile(source, document, 0o600); err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, "go", "run", oapiCodegen, "-config", config, source)
	var out, said bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = root, &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("oapi-codegen: %w\n%s", err, said.Bytes())
	}
	return out.Bytes(), nil
}

// makeTypeScript makes the TypeScript client's types from the 3.1 document.
func makeTypeScript(ctx context.Context, root string) ([]byte, error) {
	document, err := document(root, "openapi.json")
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "navigator-clients")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	workspace, err := typescript.Open(ctx, work)
	if err != nil {
		return nil, err
	}
	return workspace.Types(ctx, document)
}
