package deploy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// engine is a container engine, by the address that the command line is told.
type engine struct{ environ []string }

const (
	engineStart = 60 * time.Second
	// engineCall bounds each call: a build copies some 60 MB.
	engineCall = 2 * time.Minute
)

// openEngine is the engine that answers here; else, for root where Docker's
// daemon is installed, one of the test's own, with its own folder, socket and
// file of its process, no bridge and no rule in the firewall, ended with the
// test. The error says why there is none.
func openEngine(t *testing.T) (*engine, error) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return nil, errors.New("images of Linux are run on Linux alone here")
	}
	if _, err := exec.LookPath("docker"); err != nil {
		return nil, errors.New("there is no docker command (Debian package docker.io)")
	}
	e := &engine{environ: append(os.Environ(), "DOCKER_BUILDKIT=0")}
	_, answer := e.call(t.Context(), "version", "--format", "{{.Server.Version}}")
	if answer == nil {
		return e, nil
	}
	daemon, err := exec.LookPath("dockerd")
	if err != nil {
		daemon = "/usr/sbin/dockerd"
	}
	switch _, err := os.Stat(daemon); {
	case err != nil:
		return nil, fmt.Errorf("no container engine answers (%w), and dockerd is not installed (Debian package docker.io)", answer)
	case os.Getuid() != 0:
		return nil, fmt.Errorf("no container engine answers (%w), and only root can start one", answer)
	}
	return e.start(t, daemon)
}

// start runs the daemon in a folder of its own, and in a view of the mounts of
// its own, so that none of its mounts outlives it.
func (e *engine) start(t *testing.T, daemon string) (*engine, error) {
	dir, err := os.MkdirTemp("", "navigator-engine-") // t.TempDir is too long a path for a socket
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("config.json"), []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(at("log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()                                                                                                                                  //nolint:errcheck // the daemon has its own
	cmd := exec.CommandContext(context.Background(), daemon, "--config-file", at("config.json"), "--data-root", at("data"), "--exec-root", at("exec"), //nolint:gosec // found above
		"--pidfile", at("pid"), "--host", "unix://"+at("sock"), "--iptables=false", "--ip6tables=false", "--bridge=none")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // the daemon is told of this thread's end
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ends is in its log
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // may have ended
		<-ended
	})
	e.environ = append(e.environ, "DOCKER_HOST=unix://"+at("sock"))
	return e, e.wait(t.Context(), ended, at("log"))
}

// wait returns once the daemon answers, or says what it said last.
func (e *engine) wait(ctx context.Context, ended <-chan struct{}, log string) error {
	ctx, cancel := context.WithTimeout(ctx, engineStart)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond) // it tells nobody when it is up
	defer again.Stop()
	for {
		if _, err := e.call(ctx, "version", "--format", "{{.Server.Version}}"); err == nil {
			return nil
		}
		select {
		case <-again.C:
			continue
		case <-ended:
		case <-ctx.Done():
		}
		text, err := os.ReadFile(log) //nolint:gosec // of this test
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		return errors.Join(fmt.Errorf("dockerd does not start here: %s", lines[len(lines)-1]), err)
	}
}

// call runs one command of the engine and gives what it says.
func (e *engine) call(ctx context.Context, args ...string) (string, error) {
	return e.callWith(ctx, nil, args...)
}

// callWith is call with settings in its environment, which "run --env NAME"
// hands on, so that none stands in a list of processes.
func (e *engine) callWith(ctx context.Context, settings []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, engineCall)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = slices.Concat(e.environ, settings), &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// must is call, which has to work.
func (e *engine) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := e.call(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
