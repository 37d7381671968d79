package panels

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/observability/grafana"
)

// Shot is what one query showed.
type Shot struct {
	Board  grafana.Dashboard
	Panel  grafana.Panel // of an annotation: with a title alone
	Target grafana.Target
	Series []Series
	Needs  string // what the query needs that the scene lacks; then it was not asked
}

// Empty says that the query was asked and showed nothing: no series, or none
// with a number or a line.
func (s Shot) Empty() bool {
	return s.Needs == "" && !slices.ContainsFunc(s.Series, func(one Series) bool {
		return len(one.Lines) > 0 || slices.ContainsFunc(one.Points, func(p Point) bool { return !math.IsNaN(p.Value) })
	})
}

// Name is how people find the query.
func (s Shot) Name() string {
	return s.Board.UID + ", " + s.Panel.Title + ", " + s.Target.RefID
}

// Shoot asks every query of the dashboards, annotations included. lacks names
// what a query needs and the scene lacks, such as an exporter; nil lacks
// nothing.
func (s Scene) Shoot(ctx context.Context, boards []grafana.Dashboard, lacks func(expr string) string) (shots []Shot, err error) {
	scenes := map[string]Scene{}
	for _, d := range boards {
		if scenes[d.UID], err = s.Chosen(ctx, d); err != nil {
			return nil, err
		}
		for _, a := range d.Annotations.List {
			shots = append(shots, Shot{Board: d, Panel: grafana.Panel{Title: a.Name, Type: "annotation"}, Target: grafana.Target{RefID: "A", Datasource: a.Datasource, Expr: a.Expr}})
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				shots = append(shots, Shot{Board: d, Panel: p, Target: target})
			}
		}
	}
	for i := range shots {
		one := &shots[i]
		if lacks != nil {
			one.Needs = lacks(one.Target.Expr)
		}
		if one.Target.Datasource.Type == "loki" && s.Loki == "" {
			one.Needs = "Loki"
		}
		if one.Needs != "" {
			continue
		}
		if one.Series, err = scenes[one.Board.UID].Ask(ctx, one.Board, one.Target); err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name(), err)
		}
	}
	return shots, nil
}

// Legend names a series as the panel does.
func Legend(t grafana.Target, s Series) string {
	if t.LegendFormat == "" {
		return ""
	}
	var pairs []string
	for name, value := range s.Labels {
		pairs = append(pairs, "{{"+name+"}}", value)
	}
	text := strings.NewReplacer(pairs...).Replace(t.LegendFormat)
	for strings.Contains(text, "{{") { // a label that the series lacks
		before, rest, _ := strings.Cut(text, "{{")
		_, after, _ := strings.Cut(rest, "}}")
		text = before + after
	}
	return strings.Join(strings.Fields(text), " ")
}

// Last is a series' last number.
func (s Series) Last() (float64, bool) {
	for i := len(s.Points) - 1; i >= 0; i-- {
		if !math.IsNaN(s.Points[i].Value) {
			return s.Points[i].Value, true
		}
	}
	return 0, false
}

// Shown writes a number in a unit, with three digits.
func Shown(value float64, unit string) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	if math.IsInf(value, 0) {
		return "∞"
	}
	switch unit {
	case "percentunit":
		return number(value*100) + " %"
	case "bytes":
		for _, prefix := range []string{"", "Ki", "Mi", "Gi"} {
			if math.Abs(value) < 1024 {
				return number(value) + " " + prefix + "B"
			}
			value /= 1024
		}
		return number(value) + " TiB"
	case "s":
		if value != 0 && math.Abs(value) < 1 {
			return number(value*1000) + " ms"
		}
		return number(value) + " s"
	case "ms":
		return number(value) + " ms"
	case "ops", "reqps":
		return number(value) + "/s"
	case "currencyUSD":
		return "$" + number(value)
	}
	if value == math.Trunc(value) && math.Abs(value) < 1e9 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return number(value)
}

// mostShown is how many series a result tells.
const mostShown = 3

// Result is a shot in words: how many series, and the last values of the first.
func (s Shot) Result() string {
	if s.Needs != "" {
		return "not asked here: needs " + s.Needs
	}
	unit, total, words := "", 0, []string{}
	if s.Panel.FieldConfig != nil {
		unit = s.Panel.FieldConfig.Defaults.Unit
	}
	if s.Panel.Type == "heatmap" {
		unit = ""
	}
	for _, one := range s.Series {
		total += len(one.Lines)
		value, ok := one.Last()
		if !ok || len(words) == mostShown {
			continue
		}
		words = append(words, strings.TrimSpace(Legend(s.Target, one)+" "+Shown(value, unit)))
	}
	switch {
	case total > 0:
		return fmt.Sprintf("%d lines", total)
	case s.Panel.Type == "annotation":
		return fmt.Sprintf("%d marks", len(s.Series))
	case len(s.Series) > len(words):
		return fmt.Sprintf("%d series: %s, …", len(s.Series), strings.Join(words, ", "))
	}
	return strings.Join(words, ", ")
}
