package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// Profile is what make dev leaves for this tool: where it serves, and the demo
// account.
type Profile struct {
	URL      string        `json:"url"`
	Email    string        `json:"email"`
	Password client.Secret `json:"password"`
}

const (
	localFolder = ".local"
	profileName = "navigator.json"
	sessionName = "session.json"
)

// FindProfile looks for .local/navigator.json in dir and the folders above. It
// returns nil without an error where there is none, and the folder of the one
// it found. A profile that others may have written is refused: it names where
// documents are sent to.
func FindProfile(dir string) (*Profile, string, error) {
	for {
		folder := filepath.Join(dir, localFolder)
		profile, err := readProfile(filepath.Join(folder, profileName))
		if err != nil || profile != nil {
			return profile, folder, err
		}
		above := filepath.Dir(dir)
		if above == dir {
			return nil, "", nil
		}
		dir = above
	}
}

func readProfile(path string) (*Profile, error) {
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var p Profile
	if json.Unmarshal(text, &p) != nil {
		return nil, fmt.Errorf("%s is damaged: make dev writes it anew", path)
	}
	base, host, err := client.Address(p.URL)
	if err != nil || !client.Loopback(host) {
		return nil, fmt.Errorf("%s names no address of this machine: make dev writes it anew", path)
	}
	p.URL = base
	return &p, nil
}

// readPrivate reads a file that no one else may read or write. A missing file,
// or folder, is fs.ErrNotExist.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fs.ErrNotExist // a folder above that is not ours
	}
	if err != nil {
		return nil, missing(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s is open to others: chmod 600 it, or remove it", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // a place of the tool's own
	if err != nil {
		return nil, missing(err)
	}
	return text, nil
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ErrNotExist
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s cannot be read", at.Path)
	}
	return err
}
