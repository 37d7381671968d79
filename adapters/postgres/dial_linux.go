package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUp lets the kernel break a connection on which what was sent is not
// confirmed within deadAfter: else it sends it again for a quarter of an hour.
func giveUp(_, _ string, raw syscall.RawConn) (err error) {
	control := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadAfter.Milliseconds())) //nolint:gosec // a descriptor fits
	})
	if control != nil {
		return control
	}
	return err
}
