package pgserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// state is what a cluster's directory remembers between runs.
type state struct{ dir string }

const (
	fileLock      = "lock"      // held while a process starts or stops the server
	filePassword  = "password"  // the superuser's, mode 0600
	filePort      = "port"      // the last one used
	fileHome      = "home"      // where data and log are
	fileContainer = "container" // present when the cluster is a container
)

func openState(dir string) (state, error) {
	if dir == "" {
		return state{}, errors.New("pgserver: no directory given for the private PostgreSQL")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return state{}, fmt.Errorf("resolve %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return state{}, explainWrite(abs, err)
	}
	return state{dir: abs}, nil
}

// explainWrite words the common refusals of a file system in one line.
func explainWrite(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("cannot write to %s: the private PostgreSQL needs this directory; make it writable for this user: %w", path, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk that holds %s is full: free some space and try again: %w", path, err)
	}
	return fmt.Errorf("prepare %s: %w", path, err)
}

// lock keeps two processes from starting one cluster at once. The operating
// system releases it when its holder dies.
func (s state) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(s.dir, fileLock)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, explainWrite(s.dir, err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("another process is starting the PostgreSQL under %s: %w", s.dir, err)
		}
	}
}

// pause waits for d or until ctx ends, and then returns its error.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s state) read(name string) string {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// write replaces a state file as a whole, readable by this user only.
func (s state) write(name, value string) error {
	path := filepath.Join(s.dir, name)
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(value+"\n"), 0o600); err != nil {
		return explainWrite(s.dir, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return explainWrite(s.dir, err)
	}
	return nil
}

func (s state) home() string        { return s.read(fileHome) }
func (s state) usesContainer() bool { return s.read(fileContainer) != "" }

// port is the remembered one, or 0.
func (s state) port() int {
	p, err := strconv.Atoi(s.read(filePort))
	if err != nil || p < 1024 || p > 65535 {
		return 0
	}
	return p
}

// password returns the superuser's password, making one the first time.
func (s state) password() (string, error) {
	if p := s.read(filePassword); p != "" {
		return p, nil
	}
	p := rand.Text()
	return p, s.write(filePassword, p)
}

// key names the directory in places shared with other checkouts.
func (s state) key() string {
	sum := sha256.Sum256([]byte(s.dir))
	return hex.EncodeToString(sum[:6])
}
