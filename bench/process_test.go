package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the services' binaries, built once a run.
var built struct {
	sync.Once
	dir string
	err error
}

// binary builds the services and names one of them.
func binary(b *testing.B, service string) string {
	b.Helper()
	built.Do(func() {
		cluster(b) // its folder is removed at the end, and the binaries with it
		built.dir = filepath.Join(private.dir, "bin")
		cmd := exec.Command("go", "build", "-o", built.dir+string(filepath.Separator), "./cmd/api", "./cmd/worker", "./cmd/webhook")
		cmd.Dir = ".."
		if err := os.MkdirAll(built.dir, 0o755); err != nil {
			built.err = err
		} else if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build the services: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		b.Fatal(built.err)
	}
	return filepath.Join(built.dir, service)
}

// process is one server of ours or a rival, as a child of this one.
type process struct {
	b     *testing.B
	name  string
	cmd   *exec.Cmd
	ready chan event
	ended chan error

	stopped bool

	mu   sync.Mutex
	tail []string // the last lines of its log
	file *os.File // all of it, where BENCH_OUT is set
}

// event is the line of a log that says a server serves.
type event struct {
	Message string    `json:"msg"`
	Time    time.Time `json:"time"`
	API     string    `json:"api"`
}

// startTime bounds a start: the first one compiles PDFium.
const startTime = 2 * time.Minute

// start runs a program until the benchmark ends or stop, and waits until it
// says that it serves.
func start(b *testing.B, name, path string, env []string) (*process, event) {
	b.Helper()
	p := &process{b: b, name: name, cmd: exec.Command(path), ready: make(chan event, 1), ended: make(chan error, 1)}
	p.cmd.Env = append(basicEnv(), env...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	p.cmd.Stderr = p
	p.file = logFile(b, name)
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	go func() {
		p.follow(out)
		p.ended <- p.cmd.Wait()
	}()
	b.Cleanup(p.stop)
	select {
	case e := <-p.ready:
		return p, e
	case err := <-p.ended:
		p.ended <- err
		b.Fatalf("%s did not start: %v\n%s", name, err, p.log())
	case <-time.After(startTime):
		b.Fatalf("%s was not ready within %s\n%s", name, startTime, p.log())
	}
	return nil, event{}
}

// logFile keeps a process's log beside the figures, where those are kept.
func logFile(b *testing.B, name string) *os.File {
	b.Helper()
	if !keepsOutput() {
		return nil
	}
	path := filepath.Join(outDir, strings.NewReplacer("/", "-", " ", "-").Replace(b.Name()+" "+name)+".log")
	if err := os.MkdirAll(outDir, 0o755); err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	return file
}

// basicEnv is what any program needs; settings of the caller's shell must not
// reach the services.
func basicEnv() (env []string) {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (p *process) follow(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Message == "ready" {
			p.ready <- e
		}
		_, _ = p.Write(lines.Bytes())
	}
}

// Write keeps the last lines, to be shown when something fails.
func (p *process) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tail = append(p.tail[max(0, len(p.tail)-19):], string(line))
	if p.file != nil {
		_, _ = fmt.Fprintf(p.file, "%s\n", line) // the log is a help, not a result
	}
	return len(line), nil
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

// stop ends the process in order, and does nothing the second time.
func (p *process) stop() {
	if p.stopped {
		return
	}
	p.stopped = true
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			p.b.Errorf("%s did not stop in order: %v\n%s", p.name, err, p.log())
		}
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		p.b.Errorf("%s did not stop within a minute\n%s", p.name, p.log())
	}
}

// peakRSS is the most memory the process held, in MB; 0 where the system does
// not tell.
func (p *process) peakRSS() float64 {
	kilobytes := field(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmHWM:")
	return kilobytes / 1024
}

// clockTicks is the unit of a process's times in /proc, on every Linux.
const clockTicks = 100

// cpu is the seconds of CPU the process has used, user's and system's; 0 where
// the system does not tell.
func (p *process) cpu() float64 { return cpuOf(strconv.Itoa(p.cmd.Process.Pid)) }

// cpuOf is the same of any process.
func cpuOf(pid string) float64 {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
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

// field reads the number after a name in a file of /proc; 0 where there is none.
func field(path, name string) float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), name)
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	value, _ := strconv.ParseFloat(words[0], 64)
	return value
}

// until asks again until ok; it is bounded, and nothing is asserted about it.
func until(b *testing.B, what string, pause time.Duration, ok func(context.Context) bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for !ok(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.Fatalf("waited in vain for: %s", what)
		}
	}
}
