package place

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// memoryGroup is a control group that holds one process to its memory; nil is none.
type memoryGroup struct{ dir string }

// controls are where memory is controlled: the second version of control groups, or
// the first one's own tree, each with the names of its files.
var controls = []struct{ root, most, swap string }{
	{"/sys/fs/cgroup", "memory.max", "memory.swap.max"},
	{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"},
}

// limitMemory puts a process that has just begun into a group of its own; nil
// says that there is no bound, or no group to be had here.
func limitMemory(name string, pid int, bytes int64) *memoryGroup {
	if bytes <= 0 {
		return nil
	}
	for _, control := range controls {
		dir := filepath.Join(control.root, fmt.Sprintf("navigator-%s-%d", name, pid))
		if os.Mkdir(dir, 0o755) != nil { //nolint:gosec // of the system's tree
			continue
		}
		group := &memoryGroup{dir}
		if group.set(control.most, bytes) == nil && group.set("cgroup.procs", int64(pid)) == nil {
			_ = group.set(control.swap, bytes) // where swap is counted at all
			return group
		}
		group.remove()
	}
	return nil
}

func (g *memoryGroup) set(file string, value int64) error {
	// The system makes these files; one that is not there is not to be made.
	out, err := os.OpenFile(filepath.Join(g.dir, file), os.O_WRONLY, 0) //nolint:gosec // of the system's tree
	if err != nil {
		return err
	}
	_, err = out.WriteString(strconv.FormatInt(value, 10))
	if again := out.Close(); err == nil {
		err = again
	}
	return err
}

// remove gives the group back once its process has ended.
func (g *memoryGroup) remove() {
	if g != nil {
		_ = os.Remove(g.dir) // an empty group that stays harms nobody
	}
}

// MemoryHeldBy names what holds the process to its memory: cgroup, or nothing.
func (p *Process) MemoryHeldBy() string {
	if p.memory == nil {
		return ""
	}
	return "cgroup"
}
