package grafana_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/observability/grafana"
	"github.com/insurance-navigator/navigator/observability/grafana/panels"
)

var (
	fixed    = regexp.MustCompile(`\[(\d[^\]]*)\]`)
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{`)
	counted  = regexp.MustCompile(`_(total|bucket|count|sum)$`)
	used     = regexp.MustCompile(`\$\{?(\w+)`)
)

// faultsOf are a dashboard's breaches of the rules.
func faultsOf(d grafana.Dashboard) (faults []string) {
	if !regexp.MustCompile(`^docpipe-[a-z]+$`).MatchString(d.UID) || d.Editable || d.Description == "" || !slices.Contains(d.Tags, "docpipe") {
		faults = append(faults, "the dashboard's id, description, tag or editing is not as it should be")
	}
	known := []string{"__rate_interval", "__auto", "__range", "__interval"}
	for _, v := range d.Templating.List {
		known = append(known, v.Name)
		if v.Type == "query" && v.Refresh != 2 {
			faults = append(faults, "variable "+v.Name+" does not follow the time shown")
		}
	}
	faults = append(faults, layoutFaults(d.Panels)...)
	for _, p := range d.Panels {
		if p.Type != "row" {
			faults = append(faults, panelFaults(p, known)...)
		}
	}
	return faults
}

// layoutFaults are panels with another's id or upon another's place.
func layoutFaults(panels []grafana.Panel) (faults []string) {
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range panels {
		if ids[p.ID] {
			faults = append(faults, fmt.Sprintf("%s: the id %d is there twice", p.Title, p.ID))
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, full := taken[[2]int{x, y}]; full || x >= 24 {
					faults = append(faults, fmt.Sprintf("%s lies upon %q, or beyond the edge", p.Title, other))
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	return faults
}

// panelFaults are what is wrong with a panel that may use the known variables.
func panelFaults(p grafana.Panel, known []string) (faults []string) {
	if p.Title == "" || !strings.HasSuffix(p.Description, ".") || p.FieldConfig == nil || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
		faults = append(faults, fmt.Sprintf("%q lacks its title, description, unit or queries", p.Title))
	}
	for _, target := range p.Targets {
		for _, what := range queryFaults(target) {
			faults = append(faults, fmt.Sprintf("%s: %s: %s", p.Title, what, target.Expr))
		}
		for _, name := range used.FindAllStringSubmatch(target.Expr, -1) {
			if !slices.Contains(known, name[1]) {
				faults = append(faults, fmt.Sprintf("%s: there is no variable %s", p.Title, name[1]))
			}
		}
	}
	return faults
}

// queryFaults are what is wrong with one query.
func queryFaults(t grafana.Target) (faults []string) {
	if t.Datasource.UID != "${datasource}" && t.Datasource.UID != "${logs}" {
		faults = append(faults, "the source of data is no variable")
	}
	if strings.Contains(strings.ReplaceAll(t.Expr, " ", ""), "orvector(") {
		faults = append(faults, "or vector() hides that nothing is told")
	}
	if window := fixed.FindStringSubmatch(t.Expr); window != nil {
		faults = append(faults, "a fixed window "+window[1])
	}
	loki := t.Datasource.Type == "loki"
	if loki && strings.Contains(t.Expr, "$__rate_interval") || !loki && strings.Contains(t.Expr, "$__auto") {
		faults = append(faults, "a window of the other source")
	}
	if !strings.Contains(t.Expr, `{env="$env"`) && !strings.Contains(t.Expr, `{env="$env",`) {
		faults = append(faults, "the deployment is not chosen")
	}
	if !loki {
		faults = append(faults, counterFaults(t.Expr)...)
	}
	return faults
}

// counterFaults names the counters that are read outside of rate and increase,
// and the gauges that are read inside.
func counterFaults(expr string) (faults []string) {
	for _, at := range selector.FindAllStringSubmatchIndex(expr, -1) {
		name, before := expr[at[2]:at[3]], expr[:at[0]]
		inside := strings.HasSuffix(before, "rate(") || strings.HasSuffix(before, "increase(")
		counter, odd := misnamed[name]
		if !odd {
			counter = counted.MatchString(name)
		}
		if counter != inside {
			faults = append(faults, fmt.Sprintf("%s is a counter: %t; is inside of rate or increase: %t", name, counter, inside))
		}
	}
	return faults
}

// misnamed are the exporters' families whose names do not tell that they are
// counters (true), or say so though they are none.
var misnamed = map[string]bool{"pg_stat_activity_count": false, "pg_stat_database_xact_commit": true, "pg_stat_database_xact_rollback": true,
	"pg_stat_database_deadlocks": true, "pg_stat_database_conflicts": true}

func TestPanelsKeepTheRules(t *testing.T) {
	t.Parallel()
	ids, panels, queries := map[string]bool{}, 0, 0
	for _, d := range grafana.All() {
		for _, fault := range faultsOf(d) {
			t.Errorf("%s: %s", d.UID, fault)
		}
		if ids[d.UID] {
			t.Errorf("%s is there twice", d.UID)
		}
		ids[d.UID] = true
		for _, p := range d.Panels {
			if p.Type != "row" {
				panels, queries = panels+1, queries+len(p.Targets)
			}
		}
	}
	t.Logf("%d dashboards, %d panels, %d queries", len(ids), panels, queries)
}

func TestTheRulesBite(t *testing.T) {
	t.Parallel()
	for name, slip := range map[string]func(*grafana.Panel){
		"no unit":             func(p *grafana.Panel) { p.FieldConfig.Defaults.Unit = "" },
		"no description":      func(p *grafana.Panel) { p.Description = "" },
		"no query":            func(p *grafana.Panel) { p.Targets = nil },
		"upon another":        func(p *grafana.Panel) { p.GridPos.Y = 0 },
		"beyond the edge":     func(p *grafana.Panel) { p.GridPos.X = 20 },
		"a fixed source":      func(p *grafana.Panel) { p.Targets[0].Datasource.UID = "abc" },
		"or vector(0)":        func(p *grafana.Panel) { p.Targets[0].Expr += " or vector( 0 )" },
		"a fixed window":      func(p *grafana.Panel) { p.Targets[0].Expr = `rate(x_total{env="$env"}[5m])` },
		"a bare counter":      func(p *grafana.Panel) { p.Targets[0].Expr = `sum (x_total{env="$env"})` },
		"the rate of a gauge": func(p *grafana.Panel) { p.Targets[0].Expr = `rate(x{env="$env"}[$__rate_interval])` },
		"every deployment":    func(p *grafana.Panel) { p.Targets[0].Expr = `rate(x_total{job="a"}[$__rate_interval])` },
		"no such variable":    func(p *grafana.Panel) { p.Targets[0].Expr = `x{env="$env", queue="$nothing"}` },
		"the logs' window":    func(p *grafana.Panel) { p.Targets[0].Expr = `rate(x_total{env="$env"}[$__auto])` },
	} {
		d := grafana.All()[0]
		slip(&d.Panels[1])
		if len(faultsOf(d)) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}

// still is a scene to fill variables in for.
func still() panels.Scene {
	return panels.Scene{From: time.Unix(0, 0), To: time.Unix(3600, 0), Step: 15 * time.Second, Window: time.Minute, Values: map[string]string{"env": "test", "job": "api"}}
}

// Every query, annotations' and variables' included, is one that Prometheus
// can read: promtool takes each as a rule.
func TestEveryQueryParses(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("the panels' queries are NOT parsed: promtool is not installed here (Debian package prometheus)")
	}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: panels\n  rules:\n")
	n := 0
	add := func(d grafana.Dashboard, expr string) {
		n++
		fmt.Fprintf(&rules, "  - record: panel:query:%d\n    expr: %q\n", n, still().Expand(d, expr))
	}
	for _, d := range grafana.All() {
		for _, a := range d.Annotations.List {
			add(d, a.Expr)
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if target.Datasource.Type == "prometheus" {
					add(d, target.Expr)
				}
			}
		}
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", file).CombinedOutput(); err != nil { //nolint:gosec // what was found
		t.Errorf("%v: %s", err, out)
	} else if !strings.Contains(string(out), fmt.Sprintf("%d rules found", n)) {
		t.Errorf("of %d queries promtool tells: %s", n, out)
	}
}
