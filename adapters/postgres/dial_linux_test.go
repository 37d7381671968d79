package postgres_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// The kernel is told to notice an end that is gone without a word, both while an
// answer is awaited and while nothing is asked.
func TestADeadEndIsNoticed(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: dbtest.New(t, db.Schemas{}).URL("inav_worker"), Role: "inav_worker", MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	raw, err := conn.Conn().PgConn().Conn().(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func(level, name int) (value int) {
		t.Helper()
		if control := raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), level, name) }); control != nil || err != nil {
			t.Fatal(control, err)
		}
		return value
	}
	if got := option(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT); got != int(postgres.DeadAfter.Milliseconds()) {
		t.Errorf("what is not confirmed is given up after %d ms", got)
	}
	idle, every, count := option(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE), option(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL), option(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
	if on := option(unix.SOL_SOCKET, unix.SO_KEEPALIVE); on != 1 || idle+every*count != int(postgres.DeadAfter.Seconds()) {
		t.Errorf("an end that is gone is noticed after %d s and %d times %d s, on: %d", idle, count, every, on)
	}
}
