// Package stack runs what watches: real Prometheus, Alertmanager, blackbox
// prober and exporters, on loopback, with the rules and the tree of this
// repository. make observe runs it beside make dev, and make alerts-e2e beside
// the services that it breaks.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// Options is what is watched, and how.
type Options struct {
	Dir      string // private: data and configuration; made anew where it is not there
	Settings prometheus.Settings
	Scrape   time.Duration
	// Resend is after how long an alert is sent again. Prometheus knows the
	// Alertmanager some seconds after its start only, and what fired before then
	// comes with the second sending; 0 leaves its own minute.
	Resend  time.Duration
	Targets []Target
	Probes  []string // addresses that are asked from outside
	Tree    []byte   // the Alertmanager's whole configuration
	// Rules changes the rules before they are loaded; nil leaves them.
	Rules func(text string) string
	Ports Ports
	// Postgres and Redis are the addresses that the exporters ask: postgres://
	// and redis://; empty runs none.
	Postgres, Redis string
	Node            bool // run the node exporter
	// Receive has Prometheus take what others write to it, as a managed one does.
	Receive bool
	Log     io.Writer
}

// Ports are those on loopback; 0 takes a free one.
type Ports struct{ Prometheus, Alertmanager, Blackbox, Node, Postgres, Redis int }

// Target is one address that tells families under /metrics.
type Target struct {
	Job, Address string
	Relabel      []Relabel
}

// Relabel is a metric_relabel_config.
type Relabel struct {
	Source []string `yaml:"source_labels,flow"`
	Regex  string   `yaml:"regex"`
	Action string   `yaml:"action"`
}

// Stack is what runs.
type Stack struct {
	Prometheus   string // http://127.0.0.1:PORT
	Alertmanager string
	Missing      []Program // that are not installed here, and so do not run
	running      []*child
}

// errNeeds says that what nothing goes without is not installed.
var errNeeds = errors.New("is not installed")

// Start runs the programs and waits until they are ready. What it started before
// an error is stopped again.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{}
	if err := s.start(ctx, &o); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, o *Options) error {
	for _, p := range []Program{Prometheus, Alertmanager} {
		if p.find() == "" {
			return fmt.Errorf("%s %w: %s", p.Commands[0], errNeeds, p.Advice())
		}
	}
	if err := o.Ports.settle(ctx); err != nil {
		return err
	}
	if err := o.write(); err != nil {
		return err
	}
	s.Prometheus, s.Alertmanager = local(o.Ports.Prometheus), local(o.Ports.Alertmanager)
	for _, run := range o.runs() {
		if run.program.find() == "" {
			s.Missing = append(s.Missing, run.program)
			continue
		}
		c, err := launch(run, filepath.Join(o.Dir, run.program.Name+".log"))
		if err != nil {
			return err
		}
		s.running = append(s.running, c)
	}
	return errors.Join(s.await(ctx, s.Prometheus+"/-/ready"), s.await(ctx, s.Alertmanager+"/-/ready"))
}

// readyTime bounds a start beside others.
const readyTime = time.Minute

// await asks until the answer is 200, or a program has ended.
func (s *Stack) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if answers(ctx, address) {
			return nil
		}
		for _, c := range s.running {
			select {
			case <-c.ended:
				return fmt.Errorf("%s ended: see %s", c.name, c.log)
			default:
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", address, ctx.Err())
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// Stop ends what was started, by its own processes, and waits for their ends.
func (s *Stack) Stop() (err error) {
	for _, c := range slices.Backward(s.running) {
		err = errors.Join(err, c.stop())
	}
	s.running = nil
	return err
}

func local(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

// settle gives each port that is 0 a free one.
func (p *Ports) settle(ctx context.Context) error {
	var config net.ListenConfig
	for _, port := range []*int{&p.Prometheus, &p.Alertmanager, &p.Blackbox, &p.Node, &p.Postgres, &p.Redis} {
		if *port != 0 {
			continue
		}
		listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()                      //nolint:errcheck // held until all are chosen
		*port = listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of tcp
	}
	return nil
}

// write makes the folder with every configuration.
func (o *Options) write() error {
	all, err := o.configurations()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(o.Dir, "rules")); err != nil { // of an earlier version
		return err
	}
	for _, dir := range []string{"rules", "prometheus", "alertmanager"} {
		if err := os.MkdirAll(filepath.Join(o.Dir, dir), 0o700); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := os.WriteFile(filepath.Join(o.Dir, name), all[name], 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) configurations() (map[string][]byte, error) {
	files, err := prometheus.Files(o.Settings)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{"alertmanager.yaml": o.Tree, "blackbox.yaml": []byte(blackbox)}
	for _, f := range files {
		if o.Rules != nil {
			f.Text = o.Rules(f.Text)
		}
		all[filepath.Join("rules", f.Name)] = []byte(f.Text)
	}
	all["prometheus.yaml"], err = yaml.Marshal(o.scrape())
	return all, err
}

// blackbox asks for an answer of 200.
const blackbox = `modules:
  answers:
    prober: http
    timeout: 5s
    http: {method: GET, preferred_ip_protocol: ip4}
`
