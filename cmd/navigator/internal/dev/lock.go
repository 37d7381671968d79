package dev

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// lock holds the place for this process alone: a second run must not stop what
// the first one started. The lock ends with the process, however it ends.
func (s *site) lock() error {
	path := s.path("dev.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // our own folder
	if err != nil {
		return fmt.Errorf("the lock %s: %w", path, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // a descriptor fits an int
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := os.ReadFile(path) //nolint:gosec // our own folder
		_ = file.Close()
		return fmt.Errorf("dev is running here already (process %s): use that one, or stop it with Ctrl-C in its terminal",
			strings.TrimSpace(string(holder)))
	}
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("the lock %s: %w", path, err)
	}
	s.closers = append(s.closers, func() { _ = file.Close() })
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("the lock %s: %w", path, err)
	}
	_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
