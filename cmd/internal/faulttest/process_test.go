package faulttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one service as a program of its own. It is started again whenever
// it is killed, as a platform does.
type process struct {
	name string // of the service, with a number where there are several
	path string
	env  []string
	up   func(ready) // told at each start

	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the present program has ended
	stopped bool
	killed  bool          // by the test, since its last start
	exits   int           // ends of its own accord
	tail    []string      // the last lines of its log
	unread  chan struct{} // closed when its log is read again; nil while it is
}

// ready is the line of a log that says a service serves.
type ready struct {
	Message string `json:"msg"`
	API     string `json:"api"`
	Webhook string `json:"webhook"`
	Service string `json:"service"`
	Admin   string `json:"admin"` // where its metrics are; empty: nowhere
}

// startTime bounds a start beside many others.
const startTime = time.Minute

// start runs the program and waits until it serves.
func (p *process) start() error {
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return nil
	}
	cmd := exec.CommandContext(context.Background(), p.path) //nolint:gosec // built here
	cmd.Env = p.env
	cmd.Stderr = tailWriter{p}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.mu.Unlock()
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	ended, said := make(chan struct{}), make(chan ready, 1)
	p.cmd, p.ended = cmd, ended
	p.mu.Unlock()
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.listen()
			var line ready
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "ready" {
				said <- line
			}
			p.keep(lines.Text())
		}
		_ = cmd.Wait() // how it ended is known to who ended it
	}()
	select {
	case line := <-said:
		p.up(line)
		return nil
	case <-ended:
		return fmt.Errorf("%s ended at its start:\n%s", p.name, p.log())
	case <-time.After(startTime):
		return fmt.Errorf("%s did not start within %s:\n%s", p.name, startTime, p.log())
	}
}

// mute lets nobody read the program's log until the call that it gives.
func (p *process) mute() (again func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	unread := make(chan struct{})
	p.unread = unread
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.unread = nil
		close(unread)
	}
}

// listen waits while the log is not to be read.
func (p *process) listen() {
	p.mu.Lock()
	unread := p.unread
	p.mu.Unlock()
	if unread != nil {
		<-unread
	}
}

type tailWriter struct{ p *process }

func (w tailWriter) Write(text []byte) (int, error) {
	w.p.keep(string(bytes.TrimSpace(text)))
	return len(text), nil
}

func (p *process) keep(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tail = append(p.tail[max(0, len(p.tail)-59):], line)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

// restartPause is what a platform leaves between a program's end and its next start.
const restartPause = 300 * time.Millisecond

// mostStarts is how often in a row a start may fail: its database may be away.
const mostStarts = 100

// supervise starts the program anew whenever it has ended, as a platform does,
// until it is stopped.
func (p *process) supervise() error {
	for {
		<-p.end()
		if p.noteEnd() {
			return nil
		}
		err := p.start()
		for n := 1; err != nil && n < mostStarts; n++ {
			time.Sleep(restartPause) // what a platform does
			err = p.start()
		}
		if err != nil {
			return err
		}
	}
}

func (p *process) end() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// noteEnd counts an end, and reports whether the program was stopped for good.
func (p *process) noteEnd() (stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped && !p.killed {
		p.exits++
	}
	p.killed = false
	return p.stopped
}

// kill ends the program at once and returns when it is dead. False says that it
// was dead already.
func (p *process) kill() bool {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	alive := cmd.Process.Kill() == nil
	p.killed = p.killed || alive
	p.mu.Unlock()
	<-ended
	return alive
}

// signal sends the program a signal.
func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Signal(s)
}

// stopTime bounds an orderly stop: the soft stop, and some.
const stopTime = 30 * time.Second

// stop ends the program in order, for good.
func (p *process) stop() error {
	p.mu.Lock()
	p.stopped = true
	cmd, ended := p.cmd, p.ended
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
		return nil
	case <-time.After(stopTime):
		_ = cmd.Process.Kill()
		<-ended
		return fmt.Errorf("%s did not stop within %s:\n%s", p.name, stopTime, p.log())
	}
}
