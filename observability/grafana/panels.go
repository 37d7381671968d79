package grafana

// The units of values, by Grafana's names.
const (
	seconds  = "s"
	share    = "percentunit"
	size     = "bytes"
	count    = "short"
	each     = "ops" // per second
	requests = "reqps"
	dollars  = "currencyUSD"
	yesno    = "bool_yes_no"
	truth    = "bool_on_off"
	none     = "none"
)

// The sizes of panels, in columns and rows.
const (
	numberWide, numberHigh = 4, 4
	graphWide, graphHigh   = 8, 8
)

// targets are queries of Prometheus.
func targets(queries []query, instant bool) []Target {
	all := make([]Target, len(queries))
	for i, one := range queries {
		all[i] = Target{RefID: string(rune('A' + i)), Datasource: metrics, EditorMode: "code", Expr: one.expr, LegendFormat: one.legend, Range: !instant, Instant: instant}
	}
	return all
}

// shown is a panel of Prometheus' data.
func shown(kind, title, description string, unit string, queries []query, instant bool) Panel {
	return Panel{Type: kind, Title: title, Description: description, Datasource: &metrics, Targets: targets(queries, instant),
		FieldConfig: &FieldConfig{Defaults: Defaults{Unit: unit}, Overrides: []any{}}}
}

// plain is the color of what has no threshold.
func plain() *Thresholds { return &Thresholds{"absolute", []Step{{Color: "green"}}} }

// number shows how it stands now.
func (b *board) number(title, description, unit string, queries ...query) handle {
	p := shown("stat", title, description, unit, queries, true)
	p.FieldConfig.Defaults.Thresholds = plain()
	p.FieldConfig.Defaults.Color = &Color{"thresholds"}
	p.Options = map[string]any{"colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
		"wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "standard", "reduceOptions": lastValue()}
	return b.place(numberWide, numberHigh, p)
}

func lastValue() map[string]any {
	return map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
}

// graph shows a course over time.
func (b *board) graph(title, description, unit string, queries ...query) handle {
	p := shown("timeseries", title, description, unit, queries, false)
	p.FieldConfig.Defaults.Color = &Color{"palette-classic"}
	zero := 0.0
	p.FieldConfig.Defaults.Min = &zero
	p.FieldConfig.Defaults.Custom = map[string]any{"lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": false, "drawStyle": "line"}
	p.Options = map[string]any{"legend": map[string]any{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"lastNotNull", "max"}},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"}}
	return b.place(graphWide, graphHigh, p)
}

// stacked is a graph of parts of a whole.
func (b *board) stacked(title, description, unit string, queries ...query) handle {
	h := b.graph(title, description, unit, queries...)
	custom := h.panel().FieldConfig.Defaults.Custom.(map[string]any)
	custom["stacking"], custom["fillOpacity"] = map[string]any{"mode": "normal", "group": "A"}, 40
	return h
}

// signed lets a graph go below zero.
func (h handle) signed() handle {
	h.panel().FieldConfig.Defaults.Min = nil
	return h
}

// traced asks for exemplars, which lead from a slow request to its trace.
func (h handle) traced() handle {
	for i := range h.panel().Targets {
		h.panel().Targets[i].Exemplar = true
	}
	return h
}

// bars compares what stands now.
func (b *board) bars(title, description, unit string, queries ...query) handle {
	p := shown("bargauge", title, description, unit, queries, true)
	p.FieldConfig.Defaults.Thresholds = plain()
	zero := 0.0
	p.FieldConfig.Defaults.Min = &zero
	p.Options = map[string]any{"displayMode": "basic", "orientation": "horizontal", "valueMode": "color", "namePlacement": "auto", "showUnfilled": true,
		"sizing": "auto", "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300, "reduceOptions": lastValue(),
		"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": []string{}}}
	return b.place(graphWide, graphHigh, p)
}

// heat shows where a histogram's values lie, over time.
func (b *board) heat(title, description, unit string, of query) {
	p := shown("heatmap", title, description, unit, []query{of}, false)
	p.Targets[0].Format = "heatmap"
	p.Options = map[string]any{"calculate": false, "cellGap": 1,
		"color":        map[string]any{"mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64, "reverse": false, "fill": "dark-orange"},
		"cellValues":   map[string]any{"unit": count},
		"filterValues": map[string]any{"le": 1e-9}, "rowsFrame": map[string]any{"layout": "auto"}, "showValue": "never",
		"tooltip": map[string]any{"mode": "single", "showColorScale": false, "yHistogram": false}, "legend": map[string]any{"show": true},
		"exemplars": map[string]any{"color": "rgba(255,0,255,0.7)"}, "yAxis": map[string]any{"axisPlacement": "left", "unit": unit, "reverse": false}}
	b.place(graphWide, graphHigh, p)
}

// list is a table of what stands now.
func (b *board) list(title, description, unit string, queries ...query) handle {
	p := shown("table", title, description, unit, queries, true)
	for i := range p.Targets {
		p.Targets[i].Format = "table"
	}
	p.Options = map[string]any{"showHeader": true, "frameIndex": 0, "cellHeight": "sm", "showTypeIcons": false}
	return b.place(graphWide, graphHigh, p)
}

// logLines shows lines of the log as they are.
func (b *board) logLines(title, description, expr string) {
	p := Panel{Type: "logs", Title: title, Description: description, Datasource: &lines, FieldConfig: &FieldConfig{Defaults: Defaults{Unit: none}, Overrides: []any{}},
		Targets: []Target{{RefID: "A", Datasource: lines, EditorMode: "code", Expr: spoken(expr), QueryType: "range", MaxLines: 200}},
		Options: map[string]any{"showTime": true, "showLabels": false, "showCommonLabels": false, "showLogContextToggle": false, "wrapLogMessage": true, "prettifyLogMessage": false,
			"enableLogDetails": true, "dedupStrategy": "none", "sortOrder": "Descending"}}
	b.place(columns, graphHigh, p)
}

// logGraph counts lines of the log over time.
func (b *board) logGraph(title, description, unit, expr, legend string) {
	h := b.graph(title, description, unit, query{spoken(expr), legend})
	h.panel().Datasource, h.panel().Targets[0].Datasource = &lines, lines
	h.panel().Targets[0].QueryType, h.panel().Targets[0].Range = "range", false
}
