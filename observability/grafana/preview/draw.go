package preview

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/observability/grafana"
	"github.com/insurance-navigator/navigator/observability/grafana/panels"
)

// The size of a picture, in its own units.
const (
	wide, high  = 480.0, 160.0
	left, floor = 44.0, 146.0 // where the axes are
)

var colors = []string{"#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a"}

func colored(n int) string { return colors[n%len(colors)] }

// shade is the color of a value by a panel's thresholds.
func shade(p grafana.Panel, value float64) string {
	color := "green"
	if at := p.FieldConfig.Defaults.Thresholds; at != nil {
		for _, step := range at.Steps {
			if step.Value == nil || value >= *step.Value {
				color = step.Color
			}
		}
	}
	return map[string]string{"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c"}[color]
}

func unit(p grafana.Panel) string { return p.FieldConfig.Defaults.Unit }

func esc(text string) string { return template.HTMLEscapeString(text) }

func numbers(p grafana.Panel, curves []curve) template.HTML {
	var html strings.Builder
	for _, c := range curves[:min(len(curves), 6)] {
		if value, ok := c.Last(); ok {
			fmt.Fprintf(&html, `<span>%s<b style="color:%s">%s</b></span>`, esc(c.name), shade(p, value), esc(panels.Shown(value, unit(p))))
		}
	}
	return template.HTML(`<div class="numbers">` + html.String() + `</div>`) //nolint:gosec // escaped above
}

func bars(p grafana.Panel, curves []curve) template.HTML {
	var html strings.Builder
	most := 0.0
	for _, c := range curves {
		if value, ok := c.Last(); ok {
			most = max(most, value)
		}
	}
	for _, c := range curves[:min(len(curves), 11)] {
		value, _ := c.Last()
		fmt.Fprintf(&html, `<div class="bar" style="color:%s"><span>%s</span><div><div style="width:%.1f%%;height:12px"></div></div><span>%s</span></div>`,
			shade(p, value), esc(c.name), 100*max(value, 0)/max(most, 1e-9), esc(panels.Shown(value, unit(p))))
	}
	return template.HTML(html.String()) //nolint:gosec // escaped above
}

func list(p grafana.Panel, curves []curve) template.HTML {
	var html strings.Builder
	for _, c := range curves[:min(len(curves), 11)] {
		if value, ok := c.Last(); ok {
			fmt.Fprintf(&html, `<tr><td>%s</td><td>%s</td></tr>`, esc(c.name), esc(panels.Shown(value, unit(p))))
		}
	}
	return template.HTML(`<table>` + html.String() + `</table>`) //nolint:gosec // escaped above
}

func lines(words []string) template.HTML {
	var html strings.Builder
	for _, line := range words[:min(len(words), 18)] {
		html.WriteString(`<div class="lines">` + esc(line) + `</div>`)
	}
	return template.HTML(html.String()) //nolint:gosec // escaped above
}

// frame is what a graph's axes span.
type frame struct{ from, to, least, most float64 }

func (f frame) x(at float64) float64 { return left + (wide-left)*(at-f.from)/max(f.to-f.from, 1e-9) }
func (f frame) y(v float64) float64  { return floor - (floor-8)*(v-f.least)/max(f.most-f.least, 1e-9) }

func framed(p grafana.Panel, curves []curve) frame {
	f := frame{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, c := range curves {
		for _, point := range c.Points {
			at := float64(point.At.UnixMilli())
			f.from, f.to = min(f.from, at), max(f.to, at)
			if !math.IsNaN(point.Value) && !math.IsInf(point.Value, 0) {
				f.least, f.most = min(f.least, point.Value), max(f.most, point.Value)
			}
		}
	}
	if start := p.FieldConfig.Defaults.Min; start != nil {
		f.least = min(f.least, *start)
	}
	if f.most <= f.least {
		f.most = f.least + 1
	}
	return f
}

// graph draws curves, with the thresholds that lie in sight.
func graph(p grafana.Panel, curves []curve) template.HTML {
	f := framed(p, curves)
	var svg, legend strings.Builder
	for _, part := range []float64{0, .5, 1} {
		value := f.least + part*(f.most-f.least)
		fmt.Fprintf(&svg, `<line x1="%v" x2="%v" y1="%.1f" y2="%.1f" stroke="#2c2f36"/><text x="0" y="%.1f">%s</text>`, left, wide, f.y(value), f.y(value), f.y(value)+3, esc(panels.Shown(value, unit(p))))
	}
	if at := p.FieldConfig.Defaults.Thresholds; at != nil {
		for _, step := range at.Steps[1:] {
			if *step.Value >= f.least && *step.Value <= f.most {
				fmt.Fprintf(&svg, `<line x1="%v" x2="%v" y1="%.1f" y2="%.1f" stroke="#f2495c" stroke-dasharray="4"/>`, left, wide, f.y(*step.Value), f.y(*step.Value))
			}
		}
	}
	for n, c := range curves {
		fmt.Fprintf(&svg, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"/>`, path(f, c), colored(n))
		last, _ := c.Last()
		fmt.Fprintf(&legend, `<span><i style="background:%s"></i>%s %s</span>`, colored(n), esc(c.name), esc(panels.Shown(last, unit(p))))
	}
	return template.HTML(`<svg viewBox="0 0 480 160">` + svg.String() + `</svg><div class="legend">` + legend.String() + `</div>`) //nolint:gosec // escaped above
}

// path is a curve's way, with gaps where it has no number.
func path(f frame, c curve) string {
	var way strings.Builder
	command := "M"
	for _, point := range c.Points {
		if math.IsNaN(point.Value) || math.IsInf(point.Value, 0) {
			command = "M"
			continue
		}
		fmt.Fprintf(&way, "%s%.1f %.1f", command, f.x(float64(point.At.UnixMilli())), f.y(point.Value))
		command = "L"
	}
	return way.String()
}

// heat draws a histogram over time: a column a moment, a line a bucket.
func heat(curves []curve) template.HTML {
	edge := func(c curve) float64 {
		value, err := strconv.ParseFloat(c.Labels["le"], 64)
		if err != nil {
			return math.Inf(1)
		}
		return value
	}
	slices.SortFunc(curves, func(a, b curve) int { return int(math.Copysign(1, edge(a)-edge(b))) })
	f := framed(grafana.Panel{FieldConfig: &grafana.FieldConfig{}}, curves)
	tall, broad := (floor-8)/float64(len(curves)), (wide-left)/float64(max(len(curves[0].Points), 1))
	below := map[int64]float64{}
	var svg strings.Builder
	for n, c := range curves {
		top := floor - tall*float64(n+1)
		if n%3 == 0 {
			fmt.Fprintf(&svg, `<text x="0" y="%.1f">%s</text>`, top+tall/2+3, esc(c.Labels["le"]))
		}
		for _, point := range c.Points {
			at := point.At.UnixMilli()
			if share := (point.Value - below[at]) / max(f.most, 1e-9); share > 1e-6 {
				fmt.Fprintf(&svg, `<rect x="%.1f" y="%.1f" width="%.2f" height="%.1f" fill="#ff780a" fill-opacity="%.2f"/>`, f.x(float64(at)), top, broad+.2, tall-.5, .2+.8*math.Sqrt(min(share, 1)))
			}
			below[at] = point.Value
		}
	}
	return template.HTML(`<svg viewBox="0 0 480 160">` + svg.String() + `</svg>`) //nolint:gosec // escaped above
}
