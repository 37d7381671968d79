// Package agent_test holds the Prometheus agent of a deployment to what the
// rules ask for: the template beside it is read by Terraform alone.
package agent_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.yaml.in/yaml/v3"

	"github.com/insurance-navigator/navigator/deploy/rollout"
	"github.com/insurance-navigator/navigator/observability/alertmanager"
	"github.com/insurance-navigator/navigator/observability/prometheus"
	"github.com/insurance-navigator/navigator/observability/stack"
)

// filled is the template as Terraform fills it.
func filled(t *testing.T, workspace string) string {
	t.Helper()
	text, err := os.ReadFile("prometheus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("${env}", "production", "${region}", "us-east-1", "${namespace}", "navigator-production.internal",
		"${admin_port}", "9000", "${workspace}", workspace).Replace(string(text))
}

func written(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prometheus.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Prometheus' own tool takes the file for an agent, and the services are found
// by the names and the port that Terraform gives them.
func TestTheFileIsAnAgents(t *testing.T) {
	t.Parallel()
	text := filled(t, "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/")
	if strings.Contains(text, "${") {
		t.Errorf("something is not filled in: %s", text)
	}
	if _, err := exec.LookPath("promtool"); err != nil {
		// Only root can install Prometheus' tools; CI does.
		t.Skip("the agent's file is NOT checked: promtool is not installed here: " + stack.Prometheus.Advice())
	}
	check := func(text string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "promtool", "check", "config", "--agent", written(t, []byte(text))).CombinedOutput() //nolint:gosec // of this tree
		return string(out), err
	}
	if out, err := check(text); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := check(text + "rule_files: [x.yaml]\n"); err == nil {
		t.Errorf("promtool takes rules of an agent: %s", out)
	}
}

// nearby is the file with what differs on one machine: the services' addresses in
// place of their names, and every wait shortened. All else is what AWS runs.
func nearby(t *testing.T, workspace string, at map[string][]string) []byte {
	t.Helper()
	config := map[string]any{}
	if err := yaml.Unmarshal([]byte(filled(t, workspace)), &config); err != nil {
		t.Fatal(err)
	}
	config["global"].(map[string]any)["scrape_interval"] = "250ms"
	config["global"].(map[string]any)["scrape_timeout"] = "250ms"
	config["remote_write"].([]any)[0].(map[string]any)["queue_config"].(map[string]any)["batch_send_deadline"] = "100ms"
	var jobs []any
	for _, one := range config["scrape_configs"].([]any) {
		job := one.(map[string]any)
		if addresses, named := at[job["job_name"].(string)]; named {
			delete(job, "dns_sd_configs")
			job["static_configs"] = []any{map[string]any{"targets": addresses}}
			jobs = append(jobs, job)
		}
	}
	config["scrape_configs"] = jobs
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// workspace is managed Prometheus' door before a real Prometheus that takes what
// is written, under a path of its own. It judges no signature: Debian's build of Prometheus reads the
// block sigv4 and signs nothing.
func workspace(t *testing.T, behind string, writes *atomic.Int64) string {
	t.Helper()
	to, err := url.Parse(behind)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	paths := http.NewServeMux()
	paths.HandleFunc("POST /workspaces/ws-1/api/v1/remote_write", func(rw http.ResponseWriter, r *http.Request) {
		writes.Add(1)
		r.URL.Path = "/api/v1/write"
		proxy.ServeHTTP(rw, r)
	})
	door := httptest.NewServer(paths)
	t.Cleanup(door.Close)
	return door.URL + "/workspaces/ws-1/"
}

// run starts a real agent, which ends with the test.
func run(t *testing.T, config []byte) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("prometheus", "--enable-feature=agent", "--config.file="+written(t, config), "--storage.agent.path="+filepath.Join(dir, "agent"), "--web.listen-address=127.0.0.1:0") //nolint:gosec,noctx // of this tree; ended below
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=invented"}
	log, err := os.Create(filepath.Join(dir, "agent.log")) //nolint:gosec // in the test's folder
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if text, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("the agent's log (%v):\n%s", err, text)
		}
	})
}

// ask gives the series that an expression has, by their labels.
func ask(ctx context.Context, prometheus, query string) (series []map[string]string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, prometheus+"/api/v1/query?query="+url.QueryEscape(query), http.NoBody)
	if err != nil {
		return nil
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	var told struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	_ = json.NewDecoder(answer.Body).Decode(&told) // nothing is asked for again
	for _, r := range told.Data.Result {
		series = append(series, r.Metric)
	}
	return series
}

// until polls for what another process brings about.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("%s did not come", what)
		case <-tick.C:
		}
	}
}

var waits = regexp.MustCompile(`(?m)^(\s+)for: \S+$`)

// The whole way of an alert: a real agent scrapes the services and writes,
// the rules find in it what they ask for, and what undoes a release is
// what the rollout reads from the Alertmanager.
func TestWhatTheAgentWritesFiresTheRules(t *testing.T) {
	t.Parallel()
	if advice, ok := stack.Installed(); !ok {
		// As above: the real programs are packages, and CI installs them.
		t.Skip("the agent is NOT run: " + advice)
	}
	tree, err := alertmanager.Hurried("http://127.0.0.1:1", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(t.Context(), stack.Options{Dir: filepath.Join(t.TempDir(), "stack"), Scrape: 500 * time.Millisecond, Resend: time.Second,
		Settings: prometheus.Example(), Tree: tree, Receive: true, Rules: func(text string) string { return waits.ReplaceAllString(text, "${1}for: 1s") }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	api := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("docpipe_build_info 1\n")) }))
	t.Cleanup(api.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	var writes atomic.Int64
	run(t, nearby(t, workspace(t, s.Prometheus, &writes), map[string][]string{"api": {host(api)}, "webhook": {host(gone)}, "worker": {}}))

	for what, labels := range map[string]string{
		`up == 1`: `{job="api", env="production", region="us-east-1"}`, `docpipe_build_info`: `{job="api", env="production"}`,
		"ServiceDown": `job="webhook"`, "TargetDown": `job="webhook", instance="` + host(gone) + `"`, "ServiceMissing": `job="worker"`,
	} {
		query := `ALERTS{alertname="` + what + `", alertstate="firing", env="production", ` + labels + `}`
		if name, compared, _ := strings.Cut(what, " "); strings.HasPrefix(labels, "{") {
			query = name + labels + " " + compared
		}
		until(t, query, func() bool { return len(ask(t.Context(), s.Prometheus, query)) == 1 })
	}
	if wrong := ask(t.Context(), s.Prometheus, `ALERTS{job="api"}`); len(wrong) > 0 || writes.Load() == 0 {
		t.Errorf("%d writes; the API that answers has %v", writes.Load(), wrong)
	}
	asks := rollout.Alertmanager{Alerts: rollout.Alerts{URL: s.Alertmanager, Region: "us-east-1"}, Client: http.DefaultClient,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "invented", "")}
	until(t, "the trigger of the rollout", func() bool {
		triggers, err := asks.Firing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(triggers, rollout.Trigger{Name: "alert ServiceDown webhook", Action: rollout.Undo, Firing: true})
	})
}
