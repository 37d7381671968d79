// Package npmdir lays out programs of npm that the benchmarks run beside ours.
package npmdir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Missing names the first of node and npm that is not here; "" where both are.
func Missing() string {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool
		}
	}
	return ""
}

// Install is a folder with the embedded one of that name and what its lock file
// pins, kept in the user's cache under the digest of all its files.
func Install(ctx context.Context, files embed.FS, folder string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	err = fs.WalkDir(files, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		digest.Write(text)
		return err
	})
	if err != nil {
		return "", err
	}
	kept := filepath.Join(cache, "navigator", folder, fmt.Sprintf("%.12x", digest.Sum(nil)))
	dir := filepath.Join(kept, folder)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(kept); err != nil { // what an interrupted run left
		return "", err
	}
	if err := os.CopyFS(kept, files); err != nil {
		return "", err
	}
	_, err = Run(ctx, dir, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	return dir, err
}

// Run is what a program of the folder prints; its error holds what it said
// beside that.
func Run(ctx context.Context, dir string, stdin []byte, name string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // node or npm, as the benchmarks name them
	var out, said bytes.Buffer
	command.Dir, command.Stdin, command.Stdout, command.Stderr = dir, bytes.NewReader(stdin), &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, said.Bytes())
	}
	return out.Bytes(), nil
}
