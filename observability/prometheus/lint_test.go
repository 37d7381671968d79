package prometheus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/observability/inventory"
	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// scrape is the longest pause between two scrapes, of deployments and of
// make observe.
const scrape = 15 * time.Second

// faults are what our own lint has against a rule, beside promtool's.
func faults(rule prometheus.Rule, known inventory.Inventory) (list []error) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			list = append(list, fmt.Errorf(format, args...))
		}
	}
	uses, err := inventory.Uses(rule.Expr)
	list = append(list, err, known.Check(rule.Expr))
	for _, use := range uses {
		window, err := time.ParseDuration(strings.Replace(use.Range, "d", "h", 1)) // longer is enough
		say(use.Range != "" && (err != nil || window < 2*scrape), "the window %s is shorter than two scrapes", use.Range)
	}
	say(strings.Contains(rule.Expr, "topk") || strings.Contains(rule.Expr, "bottomk"), "topk changes its series from one look to the next")
	say(strings.Contains(rule.Expr, "or vector("), "or vector() hides that there is no series, and has no labels")
	if rule.Alert == "" {
		return list
	}
	wait, err := time.ParseDuration(rule.For)
	say(strings.Contains(rule.Expr, "absent(") && (err != nil || wait < 2*scrape), "absent() at a restart: for has to be two scrapes or more")
	say(strings.Contains(fmt.Sprint(rule.Labels), "$value"), "a label with the value is another alert at each look")
	say(!slices.Contains([]string{"critical", "warning", "none"}, rule.Labels["severity"]), "severity %q", rule.Labels["severity"])
	say(rule.Labels["action"] != "" && (rule.Labels["action"] != "rollback" || rule.Labels["severity"] != "critical"), "action %q", rule.Labels["action"])
	say(rule.Annotations["summary"] == "" || rule.Annotations["description"] == "", "no summary, or no description")
	s := prometheus.Example()
	say(rule.Annotations["runbook_url"] != s.Runbooks+"/"+rule.Alert+".md", "runbook_url %q", rule.Annotations["runbook_url"])
	say(!strings.HasPrefix(rule.Annotations["dashboard_url"], s.Dashboards+"/d/docpipe-"), "dashboard_url %q", rule.Annotations["dashboard_url"])
	say(len(rule.Annotations) != 4, "annotations that no template shows")
	for _, label := range labelOf.FindAllStringSubmatch(fmt.Sprint(rule.Annotations), -1) {
		say(!strings.Contains(rule.Expr, label[1]) && rule.Labels[label[1]] == "" && !slices.Contains(inventory.Target, label[1]), "no label %s in the expression", label[1])
	}
	return list
}

func inventoryOf(t *testing.T) inventory.Inventory {
	t.Helper()
	var names []string
	for _, f := range files(t) {
		for _, record := range f.Records() {
			names = append(names, record.Record)
		}
	}
	return inventory.New(names...)
}

// No rule has a fault, nor asks for a family or a label that nobody tells.
func TestTheRulesAreWell(t *testing.T) {
	t.Parallel()
	known, alerts := inventoryOf(t), 0
	for _, f := range files(t) {
		for _, rule := range append(f.Alerts(), f.Records()...) {
			alerts++
			if err := errors.Join(faults(rule, known)...); err != nil {
				t.Errorf("%s: %s%s: %v", f.Name, rule.Alert, rule.Record, err)
			}
		}
	}
	t.Logf("%d rules", alerts)
}

// The lint finds each fault that it is there for.
func TestTheLintBites(t *testing.T) {
	t.Parallel()
	known, s := inventoryOf(t), prometheus.Example()
	good := func() prometheus.Rule {
		return prometheus.Rule{Alert: "A", Expr: `absent(up{job="api"})`, For: "5m", Labels: map[string]string{"severity": "critical"}, Annotations: map[string]string{
			"summary": "{{ $labels.job }}", "description": "d", "runbook_url": s.Runbooks + "/A.md", "dashboard_url": s.Dashboards + "/d/docpipe-slo"}}
	}
	if err := errors.Join(faults(good(), known)...); err != nil {
		t.Fatalf("a good rule: %v", err)
	}
	for name, spoil := range map[string]func(*prometheus.Rule){
		"topk":              func(r *prometheus.Rule) { r.Expr = "topk(3, up)" },
		"or vector":         func(r *prometheus.Rule) { r.Expr = "up or vector(0)" },
		"absent, no for":    func(r *prometheus.Rule) { r.For = "" },
		"short window":      func(r *prometheus.Rule) { r.Expr = "rate(docpipe_chunks_stored_total[20s]) > 0" },
		"nobody tells":      func(r *prometheus.Rule) { r.Expr = "docpipe_chunks > 0" },
		"no such label":     func(r *prometheus.Rule) { r.Expr = `up{kind="x"} == 0` },
		"value in a label":  func(r *prometheus.Rule) { r.Labels["share"] = "{{ $value }}" },
		"severity":          func(r *prometheus.Rule) { r.Labels["severity"] = "bad" },
		"soft rollback":     func(r *prometheus.Rule) { r.Labels["severity"], r.Labels["action"] = "warning", "rollback" },
		"no summary":        func(r *prometheus.Rule) { delete(r.Annotations, "summary") },
		"another's runbook": func(r *prometheus.Rule) { r.Annotations["runbook_url"] = s.Runbooks + "/B.md" },
		"no dashboard":      func(r *prometheus.Rule) { delete(r.Annotations, "dashboard_url") },
		"label of nobody":   func(r *prometheus.Rule) { r.Annotations["summary"] = "{{ $labels.queue }}" },
	} {
		r := good()
		spoil(&r)
		if err := errors.Join(faults(r, known)...); err == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

// What undoes a release is what the specification names: errors, slowness, a
// service, the database or an outside service that is away.
func TestTheRollbackAlerts(t *testing.T) {
	t.Parallel()
	var got []string
	for _, f := range files(t) {
		for _, rule := range f.Alerts() {
			if rule.Labels["action"] == "rollback" {
				got = append(got, rule.Alert)
			}
		}
	}
	slices.Sort(got)
	if want := []string{"DatabaseDown", "ExternalApiDown", "RollbackErrorRate", "RollbackLatency", "ServiceDown"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

var code = regexp.MustCompile("(?s)```promql\n(.*?)```")

// lokis finds the alerts that Loki evaluates itself.
var lokis = regexp.MustCompile(`(?m)^ *- alert: (\w+)$`)

// clouds finds the pages that CloudWatch's alarms lead to.
var clouds = regexp.MustCompile(`runbook = "(\w+)"`)

// byHand are the pages of what a person decides, and no alert asks for.
var byHand = []string{"RestoreFromBackup", "RegionFailover"}

// Each alert has its page, each page its alert, and each expression on it asks
// for what somebody tells.
func TestEachAlertHasItsRunbook(t *testing.T) {
	t.Parallel()
	folder, known := filepath.Join("..", "..", "docs", "runbooks"), inventoryOf(t)
	operations := read(t, filepath.Join("..", "..", "docs", "operations.md"))
	pages := map[string]bool{}
	for _, f := range files(t) {
		for _, rule := range f.Alerts() {
			pages[rule.Alert+".md"] = true
		}
	}
	for _, found := range lokis.FindAllStringSubmatch(read(t, filepath.Join("..", "loki", "rules", "fake", "alerts.yaml")), -1) {
		pages[found[1]+".md"] = true
	}
	for _, found := range clouds.FindAllStringSubmatch(read(t, filepath.Join("..", "..", "deploy", "terraform", "environment", "jobalarms.tf")), -1) {
		pages[found[1]+".md"] = true
	}
	for _, page := range byHand {
		pages[page+".md"] = true
	}
	for page := range pages {
		text, at := read(t, filepath.Join(folder, page)), -1
		for _, heading := range []string{"# " + strings.TrimSuffix(page, ".md"), "## Meaning", "## Impact", "## See", "## Do", "## Verify"} {
			next := strings.Index("\n"+text, "\n"+heading+"\n")
			if next <= at {
				t.Errorf("%s has no %q, or not in its order", page, heading)
			}
			at = next
		}
		for _, block := range code.FindAllStringSubmatch(text, -1) {
			for expr := range strings.SplitSeq(strings.TrimSpace(block[1]), "\n") {
				if err := known.Check(expr); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
		}
		if !strings.Contains(operations, "(runbooks/"+page+")") {
			t.Errorf("docs/operations.md does not lead to %s", page)
		}
	}
	there, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if !pages[filepath.Base(path)] {
			t.Errorf("%s is of no alert", path)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // of this tree
	if err != nil {
		t.Error(err)
	}
	return string(text)
}
