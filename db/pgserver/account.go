package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// account is the user that runs PostgreSQL's programs, which refuse root. Nil
// means: as ourselves.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount is nil unless we are root; then it is "postgres" or "nobody".
func serverAccount(euid int) (*account, error) {
	if euid != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root and this system has neither a user postgres nor nobody: run as an ordinary user")
}

// command prepares a program that runs as the account in its own process
// group, so that a Ctrl-C at the terminal reaches us and not it. The
// environment is bare: PG* variables of the caller must not steer it.
func (a *account) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = "/"
	cmd.WaitDelay = 2 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return cmd
}

// Unprivileged prepares a program that refuses root, like PostgreSQL's own: as
// root it runs as the server's user. own gives that user a file.
func Unprivileged(ctx context.Context, name string, args ...string) (cmd *exec.Cmd, own func(path string) error, err error) {
	a, err := serverAccount(os.Geteuid())
	if err != nil {
		return nil, nil, err
	}
	return a.command(ctx, name, args...), a.own, nil
}

func (a *account) id() uint32 {
	if a == nil {
		return uint32(os.Geteuid())
	}
	return a.uid
}

// own gives path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Lchown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("give %s to %s: %w", path, a.name, err)
	}
	return nil
}

// reaches tells whether the account can enter dir through all its parents. It
// asks the kernel by starting a program there.
func (a *account) reaches(ctx context.Context, dir string) bool {
	if a == nil {
		return true
	}
	cmd := a.command(ctx, "/bin/sh", "-c", "exit 0")
	cmd.Dir = dir
	return cmd.Run() == nil
}

// outside begins the name of a folder for data that does not lie under the
// cluster's own.
const outside = "navigator-pg-"

// settle returns the folder for data and log: the remembered one, else one
// under st.dir, else one in the shared temporary folder when the account
// cannot reach st.dir.
func (a *account) settle(ctx context.Context, opts Options, st state) (string, error) {
	home := st.home()
	if home == "" {
		home = filepath.Join(st.dir, "server")
		if !a.reaches(ctx, st.dir) {
			home = filepath.Join(sharedTemp(), outside+st.key())
			opts.logf("user %s, who runs PostgreSQL for root, cannot enter %s: its data goes to %s", a.name, st.dir, home)
		}
	}
	if err := a.claim(home); err != nil {
		return "", err
	}
	if st.home() == home {
		return home, nil
	}
	return home, st.write(fileHome, home)
}

// sharedTemp outlives a reboot where the system has /var/tmp.
func sharedTemp() string {
	if fi, err := os.Stat("/var/tmp"); err == nil && fi.IsDir() {
		return "/var/tmp"
	}
	return os.TempDir()
}

// claim makes home a private directory of the account. One that somebody else
// put there first is refused: its owner could read or replace the data.
func (a *account) claim(home string) error {
	err := os.Mkdir(home, 0o700)
	if err == nil {
		return a.own(home)
	}
	if !errors.Is(err, os.ErrExist) {
		return explainWrite(home, err)
	}
	fi, err := os.Lstat(home)
	if err != nil {
		return explainWrite(home, err)
	}
	sys, ok := fi.Sys().(*syscall.Stat_t)
	if !fi.IsDir() || !ok || sys.Uid != a.id() {
		return fmt.Errorf("%s is not a directory of the user that runs PostgreSQL: remove it, or run as its owner", home)
	}
	return nil
}
