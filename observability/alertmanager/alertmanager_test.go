package alertmanager_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/insurance-navigator/navigator/observability/alertmanager"
	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// amtool runs the program; it skips where that is not.
func amtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("amtool"); err != nil {
		t.Skip("the routes are NOT checked: amtool is not installed here (Debian package prometheus-alertmanager)")
	}
	out, err := exec.CommandContext(t.Context(), "amtool", args...).CombinedOutput() //nolint:gosec // of this tree
	return string(out), err
}

func placed(t *testing.T) string {
	t.Helper()
	text, err := alertmanager.Local("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "alertmanager.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheConfigurationIsGood(t *testing.T) {
	t.Parallel()
	if out, err := amtool(t, "check-config", placed(t)); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	hurried, err := alertmanager.Hurried("http://127.0.0.1:1", time.Second)
	if err != nil || strings.Contains(string(hurried), "group_wait: 30s") || !strings.Contains(string(hurried), "repeat_interval: 12h") {
		t.Errorf("it is not hurried: %v\n%s", err, hurried)
	}
}

// rule finds the labels of an alert of ours.
func rule(t *testing.T, alert string) map[string]string {
	t.Helper()
	files, err := prometheus.Files(prometheus.Example())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, r := range f.Alerts() {
			if r.Alert == alert {
				return r.Labels
			}
		}
	}
	t.Fatalf("no alert %s", alert)
	return nil
}

// Each kind of alert, with the labels that its rule gives it, comes to the
// receivers that it is for.
func TestRoutes(t *testing.T) {
	t.Parallel()
	path := placed(t)
	for _, c := range []struct{ alert, env, receivers string }{
		{"Watchdog", "production", "deadman"},
		{"Watchdog", "staging", "deadman"},
		{"HighErrorRate", "production", "pager"},
		{"HighErrorRate", "staging", "test-chat"},
		{"RollbackErrorRate", "production", "rollback,pager"},
		{"RollbackLatency", "production", "rollback,pager"},
		{"DatabaseDown", "production", "rollback,pager"},
		{"ExternalApiDown", "production", "rollback,pager"},
		{"ServiceDown", "production", "rollback,pager"},
		{"DatabaseDown", "development", "test-chat"},
		{"WebhookSignatureFailures", "production", "security,pager"},
		{"AuthFailureSpike", "production", "security"},
		{"CostAnomaly", "production", "business"},
		{"BudgetSpent", "production", "pager"},
		{"JobsDiscarded", "production", "chat"},
		{"DocumentsStuck", "", "test-chat"}, // without env, nobody is woken
	} {
		args := []string{"config", "routes", "test", "--config.file", path, "--verify.receivers=" + c.receivers, "alertname=" + c.alert}
		labels := rule(t, c.alert)
		for name, value := range labels {
			if name != "env" {
				args = append(args, name+"="+value)
			}
		}
		if c.env != "" {
			args = append(args, "env="+c.env)
		}
		if out, err := amtool(t, args...); err != nil {
			t.Errorf("%s in %q: %v\n%s", c.alert, c.env, err, out)
		}
	}
	if out, err := amtool(t, "config", "routes", "test", "--config.file", path, "--verify.receivers=chat", "env=production", "severity=critical"); err == nil {
		t.Errorf("amtool takes a wrong receiver: %s", out)
	}
}

var matched = regexp.MustCompile(`alertname=~?"([^"]+)"`)

// Whatever the tree names is an alert, and every receiver it names is there.
func TestTheTreeNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	files, err := prometheus.Files(prometheus.Example())
	if err != nil {
		t.Fatal(err)
	}
	var alerts []string
	for _, f := range files {
		for _, r := range f.Alerts() {
			alerts = append(alerts, r.Alert)
		}
	}
	text, err := os.ReadFile("tree.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range matched.FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(match[1], "|") {
			whole := regexp.MustCompile("^(?:" + name + ")$")
			if !slices.ContainsFunc(alerts, whole.MatchString) {
				t.Errorf("the tree names %s, which is no alert", name)
			}
		}
	}
	for _, name := range alertmanager.Receivers() {
		if !strings.Contains(string(text), "receiver: "+name+"\n") {
			t.Errorf("nothing goes to %s", name)
		}
	}
}

// What people read has the rule's words, and its page.
func TestMessages(t *testing.T) {
	t.Parallel()
	data := map[string]any{
		"status": "firing", "groupLabels": map[string]string{"env": "production", "alertname": "HighErrorRate", "job": "api"},
		"alerts": []map[string]any{{"status": "firing", "startsAt": "2026-01-31T09:00:00Z", "labels": map[string]string{"severity": "critical"},
			"annotations": map[string]string{"summary": "S", "description": "D", "runbook_url": "https://r", "dashboard_url": "https://d"}}},
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for template, want := range map[string]string{
		"navigator.subject": "FIRING production HighErrorRate api",
		"navigator.message": "FIRING critical: S\nD\nSince 2026-01-31 09:00:00 UTC\nWhat to do: https://r\nDashboard: https://d",
	} {
		out, err := amtool(t, "template", "render", "--template.glob", "messages.tmpl", "--template.data", path, "--template.text", `{{ template "`+template+`" . }}`)
		if err != nil || strings.TrimSpace(out) != want {
			t.Errorf("%s: %v\n%s", template, err, out)
		}
	}
	var whole map[string]any
	local, err := alertmanager.Local("http://127.0.0.1:1")
	if err == nil {
		err = yaml.Unmarshal(local, &whole)
	}
	if err != nil || len(whole["receivers"].([]any)) != len(alertmanager.Receivers()) { //nolint:forcetypeassert // a list of ours
		t.Errorf("%v: %v", err, whole["receivers"])
	}
}
