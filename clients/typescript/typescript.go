// Package typescript carries the sources of the TypeScript client, so that the
// generator and the tests can run them with Node. The client itself is the .ts
// files beside it and needs no Go.
package typescript

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed package.json package-lock.json tsconfig.json *.ts generate.mjs
var sources embed.FS

// ErrNoNode says that Node or npm is not installed here.
var ErrNoNode = errors.New("the TypeScript client needs node and npm, and they are not installed here")

// Workspace is a copy of the client with its packages installed.
type Workspace struct{ dir string }

// Open copies the client into dir, an empty folder, and installs what its lock
// file pins. The packages are kept in the user's cache under the lock file's
// digest, so that only the first run after a change of it asks the registry.
func Open(ctx context.Context, dir string) (Workspace, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return Workspace{}, ErrNoNode
		}
	}
	if err := os.CopyFS(dir, sources); err != nil {
		return Workspace{}, err
	}
	packages, err := packagesOf(ctx)
	if err != nil {
		return Workspace{}, err
	}
	return Workspace{dir}, os.Symlink(packages, filepath.Join(dir, "node_modules"))
}

// Types is the generated types for an OpenAPI document.
func (w Workspace) Types(ctx context.Context, document []byte) ([]byte, error) {
	return w.run(ctx, document, "node", "generate.mjs")
}

// Compile checks the client strictly and compiles it. An error holds the
// compiler's messages.
func (w Workspace) Compile(ctx context.Context) error {
	_, err := w.run(ctx, nil, "node", "node_modules/typescript/bin/tsc")
	return err
}

// Files is the workspace: what was compiled lies in dist, the packages in
// node_modules.
func (w Workspace) Files() fs.FS { return os.DirFS(w.dir) }

// Example is the compiled example as a command, yet without its environment
// and its arguments.
func (w Workspace) Example(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "node", append([]string{filepath.Join(w.dir, "dist", "example.js")}, args...)...)
}

// packagesOf is the folder of the installed packages.
func packagesOf(ctx context.Context) (string, error) {
	lock, err := sources.ReadFile("package-lock.json")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	kept := filepath.Join(cache, "navigator", "typescript", fmt.Sprintf("%.12x", sha256.Sum256(lock)))
	packages := filepath.Join(kept, "node_modules") // Node looks for packages' own packages by this name
	if _, err := os.Stat(packages); err == nil {
		return packages, nil
	}
	return packages, install(ctx, kept)
}

// install fills a folder beside kept and renames it at the end, so that nobody
// sees a half of it. Another run may be quicker: then its folder stays.
func install(ctx context.Context, kept string) error {
	if err := os.MkdirAll(filepath.Dir(kept), 0o750); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(kept), "install-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := os.CopyFS(work, sources); err != nil {
		return err
	}
	_, err = Workspace{work}.run(ctx, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	if err != nil {
		return err
	}
	err = os.Rename(work, kept)
	if _, there := os.Stat(kept); there == nil {
		return nil
	}
	return err
}

// run is the command's standard output; an error holds all that it said.
func (w Workspace) run(ctx context.Context, stdin []byte, name string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, name, args...)
	var out, said bytes.Buffer
	command.Dir, command.Stdin, command.Stdout, command.Stderr = w.dir, bytes.NewReader(stdin), &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", name, args[0], err, out.Bytes(), said.Bytes())
	}
	return out.Bytes(), nil
}
