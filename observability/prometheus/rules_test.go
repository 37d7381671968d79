// Package prometheus_test holds the rules to what the services tell, to their
// unit tests and to their runbooks.
package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/adapters/metrics"
)

// files are the files of rules, without those of their tests.
func files(t *testing.T) (names []string) {
	t.Helper()
	all, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if !strings.HasSuffix(name, "_test.yaml") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatal("there are no rules")
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // of this tree
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	alertName = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
	family    = regexp.MustCompile(`\b[a-z]+_[a-z_]+\{`)
)

// promtool checks the rules and runs their tests: each alert fires once and is
// silent once.
func TestTheRulesPassTheirTests(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("the rules are NOT checked: promtool is not installed here (Debian package prometheus)")
	}
	for _, name := range files(t) {
		unit := strings.TrimSuffix(name, ".yaml") + "_test.yaml"
		for _, args := range [][]string{{"check", "rules", name}, {"test", "rules", unit}} {
			if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil { //nolint:gosec // of this tree
				t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
		tests := read(t, unit)
		for _, alert := range alertName.FindAllStringSubmatch(read(t, name), -1) {
			silent := strings.Contains(tests, "alertname: "+alert[1]+", exp_alerts: []")
			if fires := strings.Contains(tests, "alertname: "+alert[1]+"\n"); !fires || !silent {
				t.Errorf("%s: a firing case: %t, a silent one: %t", alert[1], fires, silent)
			}
		}
	}
}

// Each alert leads to a page that says what to do.
func TestEachAlertHasItsRunbook(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		rules := read(t, name)
		for _, alert := range alertName.FindAllStringSubmatch(rules, -1) {
			page := "docs/runbooks/" + alert[1] + ".md"
			if !strings.Contains(rules, "runbook_url: "+page) {
				t.Errorf("%s does not lead to %s", alert[1], page)
			}
			text := read(t, filepath.Join("..", "..", page))
			for _, heading := range []string{"# " + alert[1], "## Meaning", "## Impact", "## See", "## Do", "## Verify"} {
				if !strings.Contains(text, heading+"\n") {
					t.Errorf("%s has no %q", page, heading)
				}
			}
		}
	}
}

// No rule asks for a family that the services do not have.
func TestTheRulesAskForWhatIsTold(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	metrics.New(registry, "test")
	told := map[string]bool{}
	descriptions := make(chan *prometheus.Desc, 1024)
	registry.Describe(descriptions)
	close(descriptions)
	for d := range descriptions {
		_, rest, _ := strings.Cut(d.String(), `fqName: "`)
		name, _, _ := strings.Cut(rest, `"`)
		told[name] = true
	}
	asked := 0
	for _, name := range files(t) {
		for _, match := range family.FindAllString(read(t, name), -1) {
			asked++
			if one := strings.TrimSuffix(match, "{"); !told[one] {
				t.Errorf("%s asks for %s, which no service tells", name, one)
			}
		}
	}
	if asked == 0 {
		t.Error("no rule asks for anything")
	}
}
