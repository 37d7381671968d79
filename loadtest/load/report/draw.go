package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-analyze/charts"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// The size of a picture, in its own units.
const (
	wide = 720
	high = 320
)

// picture is one plot of a result.
type picture struct {
	name, title string
	labels      []string
	curves      []string
	values      [][]float64
}

// Draw draws every picture of the results, by the name of its file.
func Draw(all []result.Result) (map[string][]byte, error) {
	drawn := map[string][]byte{}
	for _, r := range all {
		for _, p := range pictures(r) {
			image, err := p.draw()
			if err != nil {
				return nil, fmt.Errorf("draw %s: %w", p.name, err)
			}
			drawn[p.name] = image
		}
	}
	return drawn, nil
}

// pictures are those of a result that have something to show.
func pictures(r result.Result) (all []picture) {
	name := strings.ToLower(r.Scenario)
	for _, p := range []picture{times(r, false), times(r, true), overTime(r, "Memory in MiB over seconds", ".rss_mib"), overTime(r, "Documents over seconds", "documents.open", "documents.complete")} {
		if len(p.values) > 0 {
			p.name, p.title = fmt.Sprintf("%s-%d.svg", name, len(all)+1), r.Scenario+": "+p.title
			all = append(all, p)
		}
	}
	return all
}

// times is how long the pieces of each load took, by quantile; or how long
// documents took to be complete, which is of another order.
func times(r result.Result, complete bool) picture {
	p := picture{title: "Milliseconds by percentile"}
	if complete {
		p.title = "Milliseconds from upload to complete by percentile"
	}
	for _, q := range result.Quantiles {
		p.labels = append(p.labels, result.Number(q))
	}
	for _, l := range r.Loads {
		if len(l.Times.All) == len(result.Quantiles) && strings.HasSuffix(l.Name, ".complete") == complete {
			p.curves, p.values = append(p.curves, l.Name), append(p.values, l.Times.All)
		}
	}
	return p
}

// overTime is the series whose names end so, each at the times of all of them.
func overTime(r result.Result, title string, ends ...string) picture {
	p, moments := picture{title: title}, map[float64]bool{}
	var chosen []result.Series
	for _, s := range r.Series {
		if slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(s.Name, end) }) {
			chosen = append(chosen, s)
			for _, point := range s.Points {
				moments[point[0]] = true
			}
		}
	}
	at := slices.Sorted(maps.Keys(moments))
	if len(at) < 2 {
		return picture{}
	}
	for _, moment := range at {
		p.labels = append(p.labels, fmt.Sprintf("%.0f", moment))
	}
	for _, s := range chosen {
		p.curves, p.values = append(p.curves, s.Name), append(p.values, spread(s, at))
	}
	return p
}

// spread is a series at given moments; where it has no point there is a gap.
func spread(s result.Series, at []float64) []float64 {
	known := map[float64]float64{}
	for _, point := range s.Points {
		known[point[0]] = point[1]
	}
	values := make([]float64, len(at))
	for i, moment := range at {
		value, ok := known[moment]
		if !ok {
			value = charts.GetNullValue()
		}
		values[i] = value
	}
	return values
}

func (p picture) draw() ([]byte, error) {
	o := charts.NewLineChartOptionWithData(p.values)
	o.Title.Text, o.Title.FontStyle.FontSize = p.title, 13
	o.XAxis.Labels, o.Legend.SeriesNames = p.labels, p.curves
	o.Legend.Offset, o.Legend.FontStyle.FontSize = charts.OffsetStr{Top: "24"}, 10
	o.Symbol.Shape, o.LineStrokeWidth = charts.SymbolNone, 1.4
	canvas := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: wide, Height: high})
	if err := canvas.LineChart(o); err != nil {
		return nil, err
	}
	return canvas.Bytes()
}
