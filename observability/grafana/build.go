package grafana

import (
	"fmt"
	"strings"
)

// board is a dashboard being made: panels flow from left to right.
type board struct {
	Dashboard
	x, y, high int // where the next panel goes; the height of the present line
}

const (
	tag     = "docpipe"
	columns = 24
)

var (
	metrics = Ref{"prometheus", "${datasource}"}
	lines   = Ref{"loki", "${logs}"}
)

// newBoard begins a dashboard with what all of them have.
func newBoard(name, title, description string) *board {
	return &board{Dashboard: Dashboard{
		UID: tag + "-" + name, Title: title, Description: description, Tags: []string{tag},
		Timezone: "utc", GraphTooltip: 1, Refresh: "30s", SchemaVersion: 42, Time: Span{"now-6h", "now"},
		Templating: Templating{[]Variable{
			{Name: "datasource", Type: "datasource", Label: "Metrics", Query: "prometheus"},
			{Name: "logs", Type: "datasource", Label: "Logs", Query: "loki"},
			values("env", "Deployment", "docpipe_build_info", "env"),
			{Name: "runbooks", Type: "textbox", Label: "Runbooks", Query: "https://github.com/insurance-navigator/navigator/blob/main/docs/runbooks"},
			{Name: "riverui", Type: "textbox", Label: "River UI", Query: "http://localhost:8090"},
		}},
		Annotations: Annotations{annotations()},
		Links: []Link{
			{Title: "Dashboards", Tooltip: "The others, for the same time", Type: "dashboards", Icon: "external link", Tags: []string{tag}, AsDropdown: true, IncludeVars: true, KeepTime: true},
			leading("Runbooks", "What to do, alert by alert", "doc", "${runbooks}"),
			leading("River UI", "The queue, job by job", "bolt", "${riverui}"),
		},
	}}
}

// leading is a link to another site.
func leading(title, tooltip, icon, address string) Link {
	return Link{Title: title, Tooltip: tooltip, Type: "link", Icon: icon, Tags: []string{}, URL: address, TargetBlank: true}
}

// annotations are the moments that explain a change: starts of processes, with
// their build, and alerts that wake somebody.
func annotations() []Annotation {
	return []Annotation{
		{Name: "Deployments", Enable: true, IconColor: "blue", Datasource: metrics, UseValueForTime: "on", TitleFormat: "{{job}} {{revision}} started",
			Expr: written(`max by (job, revision) (process_start_time_seconds{@} * on (job, instance) group_left (revision) docpipe_build_info{@}) * 1000`)},
		{Name: "Firing pages", Enable: true, IconColor: "red", Datasource: metrics, TitleFormat: "{{alertname}}",
			Expr: written(`max by (alertname) (ALERTS{@, severity="critical", alertstate="firing"})`)},
	}
}

// values is a variable over the values of a label.
func values(name, label, family, of string) Variable {
	return Variable{Name: name, Type: "query", Label: label, Datasource: &metrics, Refresh: 2, Sort: 1,
		Query: fmt.Sprintf("label_values(%s, %s)", family, of)}
}

// several lets a variable be more than one value, and at first all.
func (v Variable) several() Variable {
	v.Multi, v.IncludeAll, v.AllValue = true, true, ".*"
	return v
}

// variable adds a variable of this board alone.
func (b *board) variable(v Variable) { b.Templating.List = append(b.Templating.List, v) }

var short = strings.NewReplacer("{@", `{env="$env"`, "[@]", "[$__rate_interval]", "[range]", "[$__range]")

// written expands the abbreviations of a query of metrics.
func written(expr string) string { return short.Replace(expr) }

// spoken expands those of a query of the log, whose windows fit the panel.
func spoken(expr string) string {
	return short.Replace(strings.ReplaceAll(expr, "[@]", "[$__auto]"))
}

// query is one curve, or one number, of a panel.
type query struct{ expr, legend string }

// q is a query: {@} stands for the deployment, [@] for the window that fits the
// scrapes, [range] for all of the time shown.
func q(expr, legend string) query { return query{written(expr), legend} }

// quantile is a histogram's quantile, by labels (with commas between, or none).
func quantile(of float64, family, matchers, by, legend string) query {
	if by != "" {
		by = ", " + by
	}
	if matchers != "" {
		matchers = ", " + matchers
	}
	return q(fmt.Sprintf(`histogram_quantile(%v, sum by (le%s) (rate(%s_bucket{@%s}[@])))`, of, by, family, matchers), legend)
}

// row begins a row under a heading.
func (b *board) row(title string) {
	b.feed()
	shut := false
	b.Panels = append(b.Panels, Panel{ID: b.next(), Type: "row", Title: title, GridPos: Box{H: 1, W: columns, Y: b.y}, Collapsed: &shut, Panels: []Panel{}})
	b.y++
}

// feed begins a new line.
func (b *board) feed() { b.x, b.y, b.high = 0, b.y+b.high, 0 }

func (b *board) next() int { return len(b.Panels) + 1 }

// place adds a panel where there is room for it.
func (b *board) place(w, h int, p Panel) handle {
	if b.x+w > columns {
		b.feed()
	}
	p.ID, p.GridPos = b.next(), Box{H: h, W: w, X: b.x, Y: b.y}
	b.x, b.high = b.x+w, max(b.high, h)
	b.Panels = append(b.Panels, p)
	return handle{b, len(b.Panels) - 1}
}

// handle is a panel that was placed.
type handle struct {
	b *board
	n int
}

func (h handle) panel() *Panel { return &h.b.Panels[h.n] }

// warns draws an alert's threshold from which on things are bad, and links its
// runbook; of several the least comes first. A test holds the number to the
// alert's rule.
func (h handle) warns(alert string, value float64) handle {
	return h.bound(alert, value, "green", "red")
}

// floor is warns for what must not fall below a value.
func (h handle) floor(alert string, value float64) handle {
	return h.bound(alert, value, "red", "green")
}

func (h handle) bound(alert string, value float64, below, above string) handle {
	p := h.panel()
	at := &p.FieldConfig.Defaults
	if at.Thresholds == nil || len(at.Thresholds.Steps) == 1 {
		at.Thresholds = &Thresholds{"absolute", []Step{{Color: below}}}
	}
	if last := len(at.Thresholds.Steps) - 1; last > 0 { // between two alerts
		at.Thresholds.Steps[last].Color = "orange"
	}
	at.Thresholds.Steps = append(at.Thresholds.Steps, Step{above, &value})
	if custom, graph := at.Custom.(map[string]any); graph {
		custom["thresholdsStyle"] = map[string]any{"mode": "line"}
	}
	return h.leads(alert)
}

// leads links alerts' runbooks without drawing a threshold.
func (h handle) leads(alerts ...string) handle {
	for _, alert := range alerts {
		h.panel().Links = append(h.panel().Links, leading("Runbook: "+alert, "What to do", "doc", "${runbooks}/"+alert+".md"))
	}
	return h
}

// large makes a number as large as a graph, to stand beside graphs.
func (h handle) large() handle {
	at := &h.panel().GridPos
	at.W, at.H, h.b.x, h.b.high = graphWide, graphHigh, at.X+graphWide, graphHigh
	return h
}
