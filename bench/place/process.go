package place

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one program that runs until it is stopped, killed, or ends.
type Process struct {
	Name string

	cmd     *exec.Cmd
	ended   chan struct{}
	exit    error // valid once ended is closed
	memory  *memoryGroup
	logFile io.Writer

	mu   sync.Mutex
	tail []string // the last lines of its log
}

// Program says what is to be run.
type Program struct {
	Name string
	Path string
	Env  []string  // besides what any program needs
	Log  io.Writer // gets every line it writes; nil for nobody

	MemoryBytes int64 // the most it may use, where a control group can hold it to that; 0: no bound
}

// Ready is the line of a log that says a program serves.
type Ready struct {
	Message string    `json:"msg"`
	Time    time.Time `json:"time"`
	API     string    `json:"api"`
	Webhook string    `json:"webhook"`
	Admin   string    `json:"admin"` // where its metrics are; empty: nowhere
	Door    string    `json:"door"`  // of a place itself
}

// startTime bounds a start: the first one compiles PDFium.
const startTime = 2 * time.Minute

// stopTime bounds an orderly stop.
const stopTime = time.Minute

// Start runs a program and waits until it says that it serves.
func Start(ctx context.Context, what Program) (*Process, Ready, error) {
	p := &Process{Name: what.Name, cmd: exec.CommandContext(context.WithoutCancel(ctx), what.Path), ended: make(chan struct{}), logFile: what.Log} //nolint:gosec // built here
	p.cmd.Env = append(basicEnv(), what.Env...)
	p.cmd.Stderr = p
	said, err := p.begin(what.MemoryBytes)
	if err != nil {
		return nil, Ready{}, fmt.Errorf("start %s: %w", what.Name, err)
	}
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	select {
	case line := <-said:
		return p, line, nil
	case <-p.ended:
		return nil, Ready{}, fmt.Errorf("%s ended at its start: %w\n%s", p.Name, p.exit, p.Log())
	case <-timer.C:
		err = fmt.Errorf("%s was not ready within %s\n%s", p.Name, startTime, p.Log())
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.Kill()
	return nil, Ready{}, err
}

// begin starts the program and follows its log.
func (p *Process) begin(memory int64) (<-chan Ready, error) {
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.memory = limitMemory(p.Name, p.cmd.Process.Pid, memory)
	said := make(chan Ready, 1)
	go func() {
		defer close(p.ended)
		p.follow(out, said)
		p.exit = p.cmd.Wait()
		p.memory.remove()
	}()
	return said, nil
}

func (p *Process) follow(out io.Reader, said chan<- Ready) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line Ready
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "ready" {
			select {
			case said <- line:
			default: // nobody waits for a second one
			}
		}
		_, _ = p.Write(lines.Bytes())
	}
}

// basicEnv is what any program needs; settings of the caller's shell must not
// reach the services.
func basicEnv() (env []string) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); slices.Contains([]string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME"}, name) {
			env = append(env, setting)
		}
	}
	return env
}

// Write keeps the last lines, to be shown when something fails.
func (p *Process) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tail = append(p.tail[max(0, len(p.tail)-19):], string(line))
	if p.logFile != nil {
		_, _ = fmt.Fprintf(p.logFile, "%s\n", line) // the log is a help, not a result
	}
	return len(line), nil
}

// Log is the last lines that the program wrote.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

// Pid is the program's number at the system.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Alive reports whether the program has not ended yet.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stop ends the program in order and waits for it; it does nothing to one that
// has ended.
func (p *Process) Stop() error {
	if !p.Alive() {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-p.ended:
		if p.exit != nil {
			return fmt.Errorf("%s did not stop in order: %w\n%s", p.Name, p.exit, p.Log())
		}
		return nil
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("%s did not stop within %s\n%s", p.Name, stopTime, p.Log())
	}
}

// Kill ends the program at once and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
