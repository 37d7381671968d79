package stack

import (
	"net"
	"strconv"
	"time"
)

// The parts of Prometheus' configuration that we use.
type scrapeFile struct {
	Global   scrapeGlobal `yaml:"global"`
	Alerting struct {
		Managers []managers `yaml:"alertmanagers"`
	} `yaml:"alerting"`
	Rules   []string    `yaml:"rule_files"`
	Scrapes []scrapeJob `yaml:"scrape_configs"`
}

type scrapeGlobal struct {
	Scrape   string            `yaml:"scrape_interval"`
	Evaluate string            `yaml:"evaluation_interval"`
	Timeout  string            `yaml:"scrape_timeout"`
	External map[string]string `yaml:"external_labels"`
}

type managers struct {
	Targets []targets `yaml:"static_configs"`
}

type targets struct {
	Addresses []string          `yaml:"targets"`
	Labels    map[string]string `yaml:"labels,omitempty"`
}

type scrapeJob struct {
	Name    string              `yaml:"job_name"`
	Path    string              `yaml:"metrics_path,omitempty"`
	Params  map[string][]string `yaml:"params,omitempty"`
	Targets []targets           `yaml:"static_configs"`
	Relabel []relabel           `yaml:"relabel_configs,omitempty"`
	Metrics []Relabel           `yaml:"metric_relabel_configs,omitempty"`
}

type relabel struct {
	Source      []string `yaml:"source_labels,omitempty,flow"`
	Target      string   `yaml:"target_label"`
	Replacement string   `yaml:"replacement,omitempty"`
}

func hostPort(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// scrape is Prometheus' configuration. env is a label of every target, and an
// external one for what has none.
func (o *Options) scrape() scrapeFile {
	f := scrapeFile{Rules: []string{"rules/*.yaml"}}
	f.Global = scrapeGlobal{o.Scrape.String(), o.Scrape.String(), min(o.Scrape, 10*time.Second).String(), map[string]string{"env": o.Settings.Env}}
	f.Alerting.Managers = []managers{{[]targets{{Addresses: []string{hostPort(o.Ports.Alertmanager)}}}}}
	all := append([]Target{{Job: "prometheus", Address: hostPort(o.Ports.Prometheus)}, {Job: "alertmanager", Address: hostPort(o.Ports.Alertmanager)}}, o.Targets...)
	for _, extra := range []struct {
		job  string
		on   bool
		port int
	}{{"blackbox", len(o.Probes) > 0, o.Ports.Blackbox}, {"node", o.Node, o.Ports.Node}, {"postgres", o.Postgres != "", o.Ports.Postgres}, {"redis", o.Redis != "", o.Ports.Redis}} {
		if extra.on {
			all = append(all, Target{Job: extra.job, Address: hostPort(extra.port)})
		}
	}
	for _, target := range all {
		f.Scrapes = append(f.Scrapes, scrapeJob{Name: target.Job, Metrics: target.Relabel, Targets: []targets{{[]string{target.Address}, o.labels()}}})
	}
	if len(o.Probes) > 0 {
		f.Scrapes = append(f.Scrapes, o.probe())
	}
	return f
}

func (o *Options) labels() map[string]string { return map[string]string{"env": o.Settings.Env} }

// probe asks the addresses by the prober.
func (o *Options) probe() scrapeJob {
	return scrapeJob{
		Name: "probe", Path: "/probe", Params: map[string][]string{"module": {"answers"}}, Targets: []targets{{o.Probes, o.labels()}},
		Relabel: []relabel{
			{Source: []string{"__address__"}, Target: "__param_target"},
			{Source: []string{"__address__"}, Target: "instance"},
			{Target: "__address__", Replacement: hostPort(o.Ports.Blackbox)},
		},
	}
}

// OneProcess is the targets of a process that is all services at once, as make
// dev runs it: each job is told what a service of its own would tell.
func OneProcess(address string) []Target {
	const own, callbacks = "(process|go)_.*|docpipe_build_info|http_server_.*", "http_server_request_duration_seconds.*;.*/webhook/.*"
	return []Target{
		{"api", address, []Relabel{{[]string{"__name__"}, own, "keep"}, {[]string{"__name__", "route"}, callbacks, "drop"}}},
		{"webhook", address, []Relabel{{[]string{"__name__", "route"}, "((process|go)_.*|docpipe_build_info|webhook_received_total);|" + callbacks, "keep"}}},
		{"worker", address, []Relabel{{[]string{"__name__"}, "http_server_.*|webhook_received_total", "drop"}}},
	}
}
