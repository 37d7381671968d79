// Package preview draws dashboards as pages of HTML without any script, from
// their JSON's own values and what a Prometheus showed: a look at the layout
// where no Grafana can run. It is no second Grafana: shapes are near, not equal.
package preview

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"

	"github.com/insurance-navigator/navigator/observability/grafana"
	"github.com/insurance-navigator/navigator/observability/grafana/panels"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// drawn is a panel and its picture.
type drawn struct {
	grafana.Panel
	Body template.HTML
}

// Left is the panel's first column, counted from 1.
func (d drawn) Left() int { return d.GridPos.X + 1 }

// Top is the panel's first line, counted from 1.
func (d drawn) Top() int { return d.GridPos.Y + 1 }

// Runbooks are the alerts that the panel links.
func (d drawn) Runbooks() (names []string) {
	for _, link := range d.Links {
		names = append(names, strings.TrimPrefix(link.Title, "Runbook: "))
	}
	return names
}

// Draw draws a dashboard with what its queries showed.
func Draw(board grafana.Dashboard, shots []panels.Shot) ([]byte, error) {
	showed := map[string][]panels.Shot{}
	for _, s := range shots {
		if s.Board.UID == board.UID {
			showed[s.Panel.Title] = append(showed[s.Panel.Title], s)
		}
	}
	view := struct {
		Board  grafana.Dashboard
		Panels []drawn
	}{Board: board}
	for _, p := range board.Panels {
		view.Panels = append(view.Panels, drawn{p, picture(p, showed[p.Title])})
	}
	var text bytes.Buffer
	err := page.Execute(&text, view)
	return text.Bytes(), err
}

// curve is one series under its name.
type curve struct {
	panels.Series
	name string
}

// picture draws a panel by its kind.
func picture(p grafana.Panel, shots []panels.Shot) template.HTML {
	var curves []curve
	var words []string
	for _, s := range shots {
		if s.Needs != "" {
			return said("needs " + s.Needs)
		}
		for _, one := range s.Series {
			curves = append(curves, curve{one, panels.Legend(s.Target, one)})
			words = append(words, one.Lines...)
		}
	}
	switch {
	case p.Type == "row":
		return ""
	case len(curves) == 0:
		return said("no data")
	case p.Type == "logs":
		return lines(words)
	case p.Type == "stat":
		return numbers(p, curves)
	case p.Type == "bargauge":
		return bars(p, curves)
	case p.Type == "heatmap":
		return heat(curves)
	case p.Type == "table":
		return list(p, curves)
	}
	return graph(p, curves)
}

func said(words string) template.HTML {
	return template.HTML(`<div class="none">` + template.HTMLEscapeString(words) + `</div>`) //nolint:gosec // escaped
}
