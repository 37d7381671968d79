package stack

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Program is one of the stack's, as a Debian package has it.
type Program struct {
	Name     string
	Package  string
	Commands []string // the names it has, Debian's first
}

// The programs. Prometheus and the Alertmanager are needed, the others tell more.
var (
	Prometheus   = Program{"prometheus", "prometheus", []string{"prometheus"}}
	Alertmanager = Program{"alertmanager", "prometheus-alertmanager", []string{"prometheus-alertmanager", "alertmanager"}}
	blackboxes   = Program{"blackbox", "prometheus-blackbox-exporter", []string{"prometheus-blackbox-exporter", "blackbox_exporter"}}
	nodes        = Program{"node", "prometheus-node-exporter", []string{"prometheus-node-exporter", "node_exporter"}}
	postgreses   = Program{"postgres", "prometheus-postgres-exporter", []string{"prometheus-postgres-exporter", "postgres_exporter"}}
	redises      = Program{"redis", "prometheus-redis-exporter", []string{"prometheus-redis-exporter", "redis_exporter"}}
)

// Advice says how to get it.
func (p Program) Advice() string { return "apt-get install -y --no-install-recommends " + p.Package }

func (p Program) find() string {
	for _, command := range p.Commands {
		if path, err := exec.LookPath(command); err == nil {
			return path
		}
	}
	return ""
}

// Installed reports whether Prometheus and the Alertmanager are here, and what
// to type where they are not.
func Installed() (advice string, ok bool) {
	for _, p := range []Program{Prometheus, Alertmanager} {
		if p.find() == "" {
			return p.Advice(), false
		}
	}
	return "", true
}

// invocation is a program with what it is told.
type invocation struct {
	program Program
	args    []string
	env     []string // beside the path
}

func (o *Options) runs() []invocation {
	in := func(parts ...string) string { return filepath.Join(append([]string{o.Dir}, parts...)...) }
	list := []invocation{
		{Alertmanager, []string{"--config.file=" + in("alertmanager.yaml"), "--storage.path=" + in("alertmanager"),
			"--web.listen-address=" + hostPort(o.Ports.Alertmanager), "--cluster.listen-address="}, nil},
		{Prometheus, []string{"--config.file=" + in("prometheus.yaml"), "--storage.tsdb.path=" + in("prometheus"),
			"--storage.tsdb.retention.time=30d", "--web.listen-address=" + hostPort(o.Ports.Prometheus), "--enable-feature=exemplar-storage",
			"--rules.alert.resend-delay=" + cmp.Or(o.Resend, time.Minute).String()}, nil},
	}
	if o.Receive {
		list[1].args = append(list[1].args, "--web.enable-remote-write-receiver")
	}
	if len(o.Probes) > 0 {
		list = append(list, invocation{blackboxes, []string{"--config.file=" + in("blackbox.yaml"), "--web.listen-address=" + hostPort(o.Ports.Blackbox)}, nil})
	}
	if o.Node {
		list = append(list, invocation{nodes, []string{"--web.listen-address=" + hostPort(o.Ports.Node)}, nil})
	}
	if o.Postgres != "" { // with a password: by the environment, which others cannot read
		list = append(list, invocation{postgreses, []string{"--web.listen-address=" + hostPort(o.Ports.Postgres)}, []string{"DATA_SOURCE_NAME=" + o.Postgres}})
	}
	if o.Redis != "" {
		list = append(list, invocation{redises, []string{"--web.listen-address=" + hostPort(o.Ports.Redis)}, []string{"REDIS_ADDR=" + o.Redis}})
	}
	return list
}

// child is a program that runs.
type child struct {
	name, log string
	cmd       *exec.Cmd
	ended     chan struct{}
}

// searchPath is where a program of ours may look for another one.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// launch starts a program, whose output goes to a file. It outlives no Stop.
func launch(run invocation, log string) (*child, error) {
	file, err := os.Create(log) //nolint:gosec // in our own folder
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.Background(), run.program.find(), run.args...) //nolint:gosec // a program of ours
	cmd.Stdout, cmd.Stderr = file, file
	cmd.Env = append([]string{"PATH=" + searchPath, "HOME=" + filepath.Dir(log)}, run.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C comes to us alone, and we stop it in order
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", run.program.Name, err)
	}
	c := &child{run.program.Name, log, cmd, make(chan struct{})}
	go func() {
		defer close(c.ended)
		_ = cmd.Wait() // its log says how it ended
		_ = file.Close()
	}()
	return c, nil
}

// stopTime bounds an orderly end.
const stopTime = 10 * time.Second

func (c *child) stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-c.ended:
		return nil
	case <-time.After(stopTime):
		_ = c.cmd.Process.Kill()
		<-c.ended
		return fmt.Errorf("%s did not stop within %s", c.name, stopTime)
	}
}

// Names lists programs by their packages, as apt-get takes them.
func Names(programs []Program) string {
	names := make([]string, len(programs))
	for i, p := range programs {
		names[i] = p.Package
	}
	return strings.Join(names, " ")
}
