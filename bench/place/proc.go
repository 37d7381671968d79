package place

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// MiB is the unit of every figure of memory.
const MiB = 1 << 20

// clockTicks is the unit of a process's times in /proc, on every Linux.
const clockTicks = 100

// PeakMiB is the most memory the process held; 0 where the system does not tell.
func (p *Process) PeakMiB() float64 { return p.status("VmHWM:") / 1024 }

// RSSMiB is the memory the process holds now; 0 where the system does not tell.
func (p *Process) RSSMiB() float64 { return p.status("VmRSS:") / 1024 }

// Threads is how many threads the process has; 0 where the system does not tell.
func (p *Process) Threads() float64 { return p.status("Threads:") }

// Descriptors is how many files and connections the process has open; 0 where
// the system does not tell.
func (p *Process) Descriptors() float64 {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Pid()))
	if err != nil {
		return 0
	}
	return float64(len(open))
}

// CPUSeconds is the processor time the process has used, user's and system's;
// 0 where the system does not tell.
func (p *Process) CPUSeconds() float64 {
	return cpuOf(p.Pid(), false)
}

// cpuOf is the seconds of CPU of a process, with those of its ended children
// where they are wanted; 0 where the system does not tell.
func cpuOf(pid int, withEnded bool) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// Behind the name, which is in brackets: state is the first field; user and
	// system time are the 12th and 13th, those of ended children the next two.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0
	}
	last := 13
	if withEnded {
		last = 15
	}
	var ticks float64
	for _, f := range fields[11:last] {
		n, _ := strconv.ParseFloat(f, 64)
		ticks += n
	}
	return ticks / clockTicks
}

// CPUSeconds is the processor time of the whole server: the postmaster, its
// sessions, and those that have ended; 0 where the system does not tell.
func (c *Cluster) CPUSeconds() float64 {
	text, err := os.ReadFile(filepath.Join(c.server.Place(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first)
	total := cpuOf(pid, true)
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		id, _ := strconv.Atoi(child)
		total += cpuOf(id, false)
	}
	return total
}

// status reads the number after a name of the process's status.
func (p *Process) status(name string) float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), name)
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	value, _ := strconv.ParseFloat(words[0], 64) // the system writes a number there
	return value
}
