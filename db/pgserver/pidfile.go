package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pidFile is what a postmaster writes into its data directory.
type pidFile struct {
	pid  int
	port int
}

// parsePidFile reads the lines pid, data directory, start time and port. A
// server that is just starting has not written them all: port is then 0.
func parsePidFile(text string) (pidFile, error) {
	lines := strings.Split(text, "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid == 0 {
		return pidFile{}, errors.New("postmaster.pid holds no process id")
	}
	p := pidFile{pid: max(pid, -pid)} // negative: a single-user server
	if len(lines) > 3 {
		p.port, _ = strconv.Atoi(strings.TrimSpace(lines[3]))
	}
	return p, nil
}

// processServes tells whether pid is a living server on dataDir. A zombie is
// not, and neither is a stranger that got a dead server's number.
func processServes(pid int, dataDir string) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return psServes(pid, dataDir)
	}
	if i := bytes.LastIndexByte(stat, ')'); i >= 0 && len(stat) > i+2 && stat[i+2] == 'Z' {
		return false
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err == nil {
		return samePath(cwd, dataDir)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(line, []byte(dataDir))
}

// psServes answers the same where there is no /proc.
func psServes(pid int, dataDir string) bool {
	out, err := exec.CommandContext(context.Background(), "ps", "-o", "stat=,command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return false
	}
	text := strings.TrimSpace(string(out))
	return !strings.HasPrefix(text, "Z") && strings.Contains(text, dataDir)
}

func samePath(a, b string) bool {
	ra, err1 := filepath.EvalSymlinks(a)
	rb, err2 := filepath.EvalSymlinks(b)
	return err1 == nil && err2 == nil && ra == rb
}
