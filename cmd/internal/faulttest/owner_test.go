package faulttest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// owner names the program that holds the other end of a connection: all of a
// deployment's programs have to be told one address of each outside service,
// so the address does not tell who calls.
func (w *world) owner(remote string) (name string) {
	for range 5 { // the system's table is no snapshot: a row may be missed
		if inode := inodeOf(remote); inode != "" {
			name = w.holder(inode)
		}
		if name != "" {
			return name
		}
	}
	return ""
}

func (w *world) holder(inode string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.processes {
		if p.holds(inode) {
			return p.name
		}
	}
	return ""
}

// inodeOf finds a socket of this machine by its own address.
func inodeOf(address string) string {
	host, port, err := net.SplitHostPort(address)
	ip := net.ParseIP(host).To4()
	number, bad := strconv.Atoi(port)
	if err != nil || bad != nil || ip == nil {
		return ""
	}
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		return ""
	}
	defer table.Close() //nolint:errcheck // it was only read
	local := fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], number)
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 9 && fields[1] == local {
			return fields[9]
		}
	}
	return ""
}

// holds reports whether the program has the socket open.
func (p *process) holds(inode string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil {
		return false
	}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}

// needsProc skips where the system does not tell who holds a connection.
func needsProc(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("needs /proc/net/tcp, to know which program calls")
	}
}
