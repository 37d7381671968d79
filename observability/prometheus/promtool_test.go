package prometheus_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// series are input of promtool: a selector, and a value each step. @ at
// a selector's beginning of labels stands for env="production".
type series map[string]string

// trial is an alert at its boundary. With the series of fires it fires at the
// moment and not a step before; with those of silent, which lie on the
// boundary or beyond it, it never does.
type trial struct {
	alert  string
	at     string // the first moment at which it fires
	labels string // a=b, c=d: of the alert, without those of the rule
	value  string // as the description says it
	fires  series
	silent series
}

// step is between two values and two evaluations. What looks at days is looked
// at less often.
func (c trial) step() time.Duration {
	at, err := time.ParseDuration(c.at)
	switch {
	case err == nil && at >= 24*time.Hour:
		return 5 * time.Minute
	case err == nil && at >= time.Hour:
		return 10 * time.Minute
	}
	return 30 * time.Second
}

// promtoolTests is promtool's file of one file of rules.
type promtoolTests struct {
	Rules    []string       `yaml:"rule_files"`
	Interval string         `yaml:"evaluation_interval"`
	Tests    []promtoolTest `yaml:"tests"`
}

type promtoolTest struct {
	Name     string          `yaml:"name"`
	Interval string          `yaml:"interval"`
	Input    []inputSeries   `yaml:"input_series"`
	Alerts   []promtoolAlert `yaml:"alert_rule_test,omitempty"`
	Exprs    []promtoolExpr  `yaml:"promql_expr_test,omitempty"`
}

type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type promtoolAlert struct {
	At    string          `yaml:"eval_time"`
	Alert string          `yaml:"alertname"`
	Want  []expectedAlert `yaml:"exp_alerts"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

type promtoolExpr struct {
	Expr    string           `yaml:"expr"`
	At      string           `yaml:"eval_time"`
	Samples []promtoolSample `yaml:"exp_samples"`
}

type promtoolSample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

func (s series) input() (list []inputSeries) {
	for selector, values := range s {
		list = append(list, inputSeries{strings.Replace(selector, "{@", `{env="production"`, 1), values})
	}
	return list
}

var (
	labelOf = regexp.MustCompile(`\{\{ \$labels\.(\w+) \}\}`)
	valueOf = regexp.MustCompile(`\{\{ \$value \| \w+ \}\}`)
)

// expected is the alert of a trial, by its rule.
func (c trial) expected(rule prometheus.Rule) expectedAlert {
	want := expectedAlert{map[string]string{}, map[string]string{}}
	for pair := range strings.SplitSeq(c.labels, ", ") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			want.Labels[name] = value
		}
	}
	maps.Copy(want.Labels, rule.Labels)
	for name, text := range rule.Annotations {
		text = labelOf.ReplaceAllStringFunc(text, func(m string) string { return want.Labels[labelOf.FindStringSubmatch(m)[1]] })
		want.Annotations[name] = valueOf.ReplaceAllString(text, c.value)
	}
	return want
}

// tests are the two of a trial.
func (c trial) tests(t *testing.T, rule prometheus.Rule) []promtoolTest {
	t.Helper()
	at, err := time.ParseDuration(c.at)
	if err != nil {
		t.Fatalf("%s: %v", c.alert, err)
	}
	name := c.alert + " " + c.labels
	step := c.step()
	fires := promtoolTest{Name: name + " fires", Interval: step.String(), Input: c.fires.input()}
	if at >= step {
		fires.Alerts = append(fires.Alerts, promtoolAlert{At: (at - step).String(), Alert: c.alert})
	}
	fires.Alerts = append(fires.Alerts, promtoolAlert{At: at.String(), Alert: c.alert, Want: []expectedAlert{c.expected(rule)}})
	if len(c.silent) == 0 {
		return []promtoolTest{fires}
	}
	silent := promtoolTest{Name: name + " is silent", Interval: step.String(), Input: c.silent.input()}
	for _, after := range []time.Duration{0, 10 * step, 20 * step} {
		silent.Alerts = append(silent.Alerts, promtoolAlert{At: (at + after).String(), Alert: c.alert})
	}
	return []promtoolTest{fires, silent}
}

// needsPromtool skips where the program is not.
func needsPromtool(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("the rules are NOT checked: promtool is not installed here (Debian package prometheus)")
	}
}

// promtool runs the program.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil { //nolint:gosec // of this tree
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// files are the rules of Example.
func files(t *testing.T) []prometheus.File {
	t.Helper()
	all, err := prometheus.Files(prometheus.Example())
	if err != nil || len(all) < 10 {
		t.Fatalf("%d files of rules: %v", len(all), err)
	}
	return all
}

// place writes a file of rules where promtool finds it.
func place(t *testing.T, f prometheus.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), f.Name)
	if err := os.WriteFile(path, []byte(f.Text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unit runs tests over a file of rules that is evaluated at each step.
func unit(t *testing.T, rules string, step time.Duration, tests []promtoolTest) {
	t.Helper()
	text, err := yaml.Marshal(promtoolTests{[]string{rules}, step.String(), tests})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tests.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "test", "rules", path)
}

// Every rule is well formed by promtool's own lint, and every alert fires and
// is silent at its boundary.
func TestTheRulesPassTheirTests(t *testing.T) {
	t.Parallel()
	needsPromtool(t)
	all := append(trials(), burnTrials()...)
	for _, f := range files(t) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			path := place(t, f)
			promtool(t, "check", "rules", "--lint=all", path)
			tests := map[time.Duration][]promtoolTest{}
			for _, rule := range f.Alerts() {
				for _, c := range all {
					if c.of(rule) {
						tests[c.step()] = append(tests[c.step()], c.tests(t, rule)...)
					}
				}
			}
			for step, some := range tests {
				unit(t, path, step, some)
			}
		})
	}
}

// of reports whether the trial is the rule's: rules may share a name, and differ
// by their labels.
func (c trial) of(rule prometheus.Rule) bool {
	if c.alert != rule.Alert {
		return false
	}
	for _, name := range []string{"job", "slo", "long"} {
		if value, ok := rule.Labels[name]; ok && !strings.Contains(c.labels, name+"="+value) {
			return false
		}
	}
	return true
}

// No alert is without a case in which it fires and one in which it is silent.
func TestEveryAlertIsTried(t *testing.T) {
	t.Parallel()
	all := append(trials(), burnTrials()...)
	tried := map[string]bool{}
	for _, f := range files(t) {
		for _, rule := range f.Alerts() {
			found := false
			for _, c := range all {
				if c.of(rule) {
					found, tried[c.alert] = true, true
				}
			}
			if !found {
				t.Errorf("%s %v: no trial", rule.Alert, rule.Labels)
			}
		}
	}
	for _, c := range all {
		if !tried[c.alert] {
			t.Errorf("a trial of %s, which is no alert", c.alert)
		}
		if c.alert != "Watchdog" && len(c.silent) == 0 && !strings.HasPrefix(c.alert, "ServiceMissing") {
			t.Errorf("%s: nothing in which it is silent", c.alert)
		}
		if fmt.Sprint(c.fires) == fmt.Sprint(c.silent) {
			t.Errorf("%s: fires and is silent by the same series", c.alert)
		}
	}
}
