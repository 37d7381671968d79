package grafana_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/observability/grafana"
	"github.com/insurance-navigator/navigator/observability/inventory"
	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// compared finds the numbers that a rule compares with, as written: 0.05, or
// 14 * 86400.
var compared = regexp.MustCompile(`(?:[<>]=?|==)\s*(?:bool\s+)?([0-9.]+)((?:\s*\*\s*[0-9.]+)*)`)

// alerts are the numbers that each alert compares with.
func alerts(t *testing.T) (bounds map[string][]float64, records []string) {
	t.Helper()
	files, err := prometheus.Files(prometheus.Example())
	if err != nil {
		t.Fatal(err)
	}
	bounds = map[string][]float64{}
	for _, file := range files {
		for _, rule := range file.Records() {
			records = append(records, rule.Record)
		}
		for _, rule := range file.Alerts() {
			bounds[rule.Alert] = append(bounds[rule.Alert], numbers(t, rule.Expr)...)
		}
	}
	return bounds, records
}

func numbers(t *testing.T, expr string) (all []float64) {
	t.Helper()
	for _, match := range compared.FindAllStringSubmatch(expr, -1) {
		product := 1.0
		for factor := range strings.SplitSeq(match[1]+match[2], "*") {
			value, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
			if err != nil {
				t.Fatal(err)
			}
			product *= value
		}
		all = append(all, product)
	}
	return all
}

// leads are the alerts whose runbooks a panel links.
func leads(p grafana.Panel) (names []string) {
	for _, link := range p.Links {
		if name, found := strings.CutPrefix(link.Title, "Runbook: "); found {
			names = append(names, name)
		}
	}
	return names
}

// silent are the alerts that no panel can draw: they say that all is well.
var silent = []string{"Watchdog"}

// What a panel draws as a threshold is what an alert that it links fires at, and
// every alert is linked by a panel that shows what it is about.
func TestThresholdsAreTheAlerts(t *testing.T) {
	t.Parallel()
	bounds, _ := alerts(t)
	linked := map[string]bool{}
	for _, d := range grafana.All() {
		for _, p := range d.Panels {
			var known []float64
			for _, name := range leads(p) {
				linked[name] = true
				if _, there := bounds[name]; !there {
					t.Errorf("%s, %s links %s, which is no alert", d.UID, p.Title, name)
				}
				known = append(known, bounds[name]...)
			}
			if p.FieldConfig == nil || p.FieldConfig.Defaults.Thresholds == nil {
				continue
			}
			for _, step := range p.FieldConfig.Defaults.Thresholds.Steps[1:] {
				if !slices.Contains(known, *step.Value) {
					t.Errorf("%s, %s draws a threshold at %v; its alerts %v compare with %v", d.UID, p.Title, *step.Value, leads(p), known)
				}
			}
		}
	}
	for name := range bounds {
		if !linked[name] && !slices.Contains(silent, name) {
			t.Errorf("no panel shows what %s is about", name)
		}
	}
}

// No panel asks for what nobody tells, and no label that it has not.
func TestPanelsAskForWhatIsTold(t *testing.T) {
	t.Parallel()
	_, records := alerts(t)
	known, asked := inventory.New(records...), 0
	check := func(d grafana.Dashboard, title, expr string) {
		asked++
		if err := known.Check(still().Expand(d, expr)); err != nil {
			t.Errorf("%s, %s: %v", d.UID, title, err)
		}
	}
	for _, d := range grafana.All() {
		for _, a := range d.Annotations.List {
			check(d, a.Name, a.Expr)
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if target.Datasource.Type == "prometheus" {
					check(d, p.Title, target.Expr)
				}
			}
		}
	}
	if known.Check(`nothing_that_is_told{env="x"}`) == nil || known.Check(`up{nolabel="x"}`) == nil {
		t.Error("the inventory takes everything")
	}
	t.Logf("%d queries ask for what is told", asked)
}
