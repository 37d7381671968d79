package place

import (
	"fmt"
	"os"
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
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
	if err != nil {
		return 0
	}
	// Behind the name, which is in brackets: state is the first field, user and
	// system time are the 12th and 13th.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / clockTicks
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
