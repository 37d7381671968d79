package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/insurance-navigator/navigator/core"
)

// bug is an error of our own making: trying again cannot help.
func bug(what string) *core.Error {
	return &core.Error{Code: core.CodeInternal, Kind: core.Permanent, Err: errors.New(what)}
}

func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("filestore: %w", context.Cause(ctx))
	}
	return nil
}

// absent says that no object lies there: nothing does, or a folder's name goes on.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// asError is an error in core's words; a full disk is unavailability.
func asError(ctx context.Context, err error) error {
	var e *core.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ended(ctx)
	case errors.As(err, &e):
		return err
	case absent(err):
		return core.Fail(core.CodeFileMissing, bare(err))
	case errors.Is(err, fs.ErrPermission):
		return core.Fail(core.CodeStorageDenied, bare(err))
	}
	return core.Fail(core.CodeStorageUnavailable, bare(err))
}

// bare takes the path, and with it the key, out of an error.
func bare(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return errors.New("file system error")
}
