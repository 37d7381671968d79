package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// target is what Prometheus scrapes.
type target struct {
	job, address string
	path         string // empty: /metrics
	query        string // as YAML of params; empty for none
}

// watchers are the programs beside the services that an operator looks through:
// Prometheus, and the exporters that are installed here.
type watchers struct {
	t       *testing.T
	dir     string
	targets []target
	missing map[string]string // Debian package, by the beginning of its families' names
}

func newWatchers(t *testing.T) *watchers {
	t.Helper()
	return &watchers{t: t, dir: t.TempDir(), missing: map[string]string{}}
}

// port is one of this machine that nobody has now.
func port(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it only found a number
	return listener.Addr().String()
}

// run starts a program that ends with the test, and waits until the address
// answers.
func (w *watchers) run(program string, env []string, address string, args ...string) {
	w.t.Helper()
	log, err := os.Create(filepath.Join(w.dir, filepath.Base(program)+".log"))
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.CommandContext(context.Background(), program, args...) //nolint:gosec // what was found
	command.Env, command.Stdout, command.Stderr = append(os.Environ(), env...), log, log
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed: its code says nothing
		_ = log.Close()
	})
	ctx, cancel := context.WithTimeout(w.t.Context(), startTime)
	defer cancel()
	_, err = again(ctx, func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, errors.Join(errAgain, err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return false, fmt.Errorf("%w: %s answers %d", errAgain, address, response.StatusCode)
		}
		return true, nil
	})
	if err != nil {
		said, _ := os.ReadFile(log.Name())
		w.t.Fatalf("%s: %v\n%s", program, err, said)
	}
}

// exporter starts an exporter of a Debian package, or notes that it is not here;
// families names the beginning of what it tells.
func (w *watchers) exporter(pkg, families string, env []string, more ...string) {
	w.t.Helper()
	program, err := exec.LookPath(pkg)
	if err != nil {
		w.missing[families] = pkg
		return
	}
	at := port(w.t)
	w.run(program, env, "http://"+at+"/metrics", append([]string{"--web.listen-address=" + at}, more...)...)
	w.targets = append(w.targets, target{job: strings.TrimSuffix(families, "_"), address: at})
}

// prober starts the prober, and has it look at an address as from outside.
func (w *watchers) prober(front string) {
	w.t.Helper()
	program, err := exec.LookPath("prometheus-blackbox-exporter")
	if err != nil {
		w.missing["probe_"] = "prometheus-blackbox-exporter"
		return
	}
	at, file := port(w.t), filepath.Join(w.dir, "blackbox.yaml")
	w.write(file, "modules:\n  http:\n    prober: http\n    timeout: 5s\n")
	w.run(program, nil, "http://"+at+"/-/healthy", "--web.listen-address="+at, "--config.file="+file)
	w.targets = append(w.targets, target{job: "probe", address: at, path: "/probe", query: "{module: [http], target: ['" + front + "/health']}"})
}

func (w *watchers) write(file, text string) {
	w.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// prometheus starts Prometheus over the targets and rules, and gives its
// address. env is the deployment's name.
func (w *watchers) prometheus(program, env string, rules map[string]string) string {
	w.t.Helper()
	at := port(w.t)
	w.targets = append(w.targets, target{job: "prometheus", address: at})
	var config strings.Builder
	fmt.Fprintf(&config, "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n  external_labels: {env: %s}\nrule_files: [%s/*.rules.yaml]\nscrape_configs:\n", env, w.dir)
	for _, one := range w.targets {
		fmt.Fprintf(&config, "- job_name: %s\n  static_configs: [{targets: ['%s'], labels: {env: %s}}]\n", one.job, one.address, env)
		if one.path != "" {
			fmt.Fprintf(&config, "  metrics_path: %s\n  params: %s\n", one.path, one.query)
		}
	}
	for name, text := range rules {
		w.write(filepath.Join(w.dir, strings.TrimSuffix(name, ".yaml")+".rules.yaml"), text)
	}
	file := filepath.Join(w.dir, "prometheus.yaml")
	w.write(file, config.String())
	w.run(program, nil, "http://"+at+"/-/ready", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(w.dir, "data"), "--web.listen-address="+at,
		"--enable-feature=exemplar-storage", "--log.level=warn")
	return "http://" + at
}

// settles waits until a query of Prometheus shows the number.
func (w *watchers) settles(ctx context.Context, ask func(context.Context) (float64, error), want float64) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	_, err := again(ctx, func() (bool, error) {
		got, err := ask(ctx)
		if err == nil && got != want {
			err = fmt.Errorf("%w: it shows %v, want %v", errAgain, got, want)
		}
		return true, err
	})
	return err
}

// scrapeTime is how long a few scrapes take.
const scrapeTime = 4 * time.Second
