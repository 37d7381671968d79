package boot_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// The terminal is larger than anything that is shown, so that nothing scrolls
// out of it.
const columns, rows = 110, 120

// tool is the built binary, and the place where a person uses it.
type tool struct {
	w       *world
	bin     string
	dir     string
	environ []string
}

// built is the tool for a world's deployment, with nobody signed in.
func built(w *world) *tool {
	w.t.Helper()
	bin := filepath.Join(w.t.TempDir(), "navigator")
	made, err := exec.CommandContext(w.t.Context(), "go", "build", "-buildvcs=false", "-o", bin, "../../navigator").CombinedOutput()
	if err != nil {
		w.t.Fatalf("the tool cannot be built: %v\n%s", err, made)
	}
	home := w.t.TempDir()
	return &tool{w: w, bin: bin, dir: w.t.TempDir(), environ: []string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "TZ=UTC", "LANG=C.UTF-8", "NAVIGATOR_URL=" + w.api}}
}

// file puts a file where the tool is used.
func (o *tool) file(name string, content []byte) {
	o.w.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		o.w.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		o.w.t.Fatal(err)
	}
}

func (o *tool) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.bin, args...)
	cmd.Dir, cmd.Env = o.dir, o.environ
	return cmd
}

// piped runs the tool without a terminal.
func (o *tool) piped(args ...string) (code int, out, errs string) {
	o.w.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := o.command(o.w.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return o.code(cmd.Run()), stdout.String(), stderr.String()
}

func (o *tool) code(err error) int {
	o.w.t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	o.w.t.Fatal(err)
	return -1
}

// running is the tool at a terminal, under way.
type running struct {
	o   *tool
	cmd *exec.Cmd
	pty *os.File

	mu     sync.Mutex
	screen vt10x.Terminal
	raw    bytes.Buffer
	read   chan struct{} // closed at the output's end
}

// start runs the tool at a terminal.
func (o *tool) start(args ...string) *running {
	o.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	o.w.t.Cleanup(cancel)
	c := &running{o: o, cmd: o.command(ctx, args...), screen: vt10x.New(vt10x.WithSize(columns, rows)), read: make(chan struct{})}
	var err error
	if c.pty, err = pty.StartWithSize(c.cmd, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		o.w.t.Fatal(err)
	}
	go c.watch()
	return c
}

// watch keeps the screen until the tool has closed its end.
func (c *running) watch() {
	defer close(c.read)
	_, _ = io.Copy(c, c.pty)
}

// Write takes what the tool wrote.
func (c *running) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(p)
	return c.screen.Write(p)
}

// shown is the screen's text as it is now.
func (c *running) shown() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for line := range strings.Lines(c.screen.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n") + "\n"
}

// until waits for all the texts to be on the screen, and gives it.
func (c *running) until(texts ...string) (screen string) {
	c.o.w.t.Helper()
	c.o.w.until(strings.Join(texts, " and "), func() bool {
		screen = c.shown()
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(screen, text) })
	})
	return screen
}

func (c *running) types(text string) {
	c.o.w.t.Helper()
	if _, err := io.WriteString(c.pty, text); err != nil {
		c.o.w.t.Fatal(err)
	}
}

// ended waits for the tool's end, and gives its code and the last screen.
func (c *running) ended() (code int, screen string) {
	c.o.w.t.Helper()
	code = c.o.code(c.cmd.Wait())
	select {
	case <-c.read:
	case <-time.After(patience):
		c.o.w.t.Error("the terminal is still written to")
	}
	_ = c.pty.Close()
	return code, c.shown()
}

// written is every byte that the terminal was sent.
func (c *running) written() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}
