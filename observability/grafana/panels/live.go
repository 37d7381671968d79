// Package panels asks Prometheus and Loki what a dashboard's panels ask, with the
// variables filled in, as Grafana does.
package panels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/observability/grafana"
)

// Scene is what a dashboard is shown with.
type Scene struct {
	Prometheus string // base address
	Loki       string // base address; empty: there is none
	From, To   time.Time
	Step       time.Duration     // between two points of a curve
	Window     time.Duration     // what Grafana would choose for $__rate_interval
	Values     map[string]string // of variables; one that is not here matches all
}

// Series is one curve, table row or stream of lines.
type Series struct {
	Labels map[string]string
	Points []Point
	Lines  []string // of a stream
}

// Point is a value at a moment.
type Point struct {
	At    time.Time
	Value float64 // may be NaN
}

// Expand fills a query's variables in.
func (s Scene) Expand(board grafana.Dashboard, expr string) string {
	span := func(d time.Duration) string { return strconv.Itoa(max(int(d.Seconds()), 1)) + "s" }
	pairs := []string{"$__rate_interval", span(s.Window), "$__auto", span(s.Window), "$__range", span(s.To.Sub(s.From)), "$__interval", span(s.Step)}
	for _, v := range board.Templating.List {
		value, set := s.Values[v.Name]
		if !set && v.IncludeAll {
			value = v.AllValue
		}
		pairs = append(pairs, "${"+v.Name+"}", value, "$"+v.Name, value)
	}
	return strings.NewReplacer(pairs...).Replace(expr)
}

// Ask runs one query of a panel.
func (s Scene) Ask(ctx context.Context, board grafana.Dashboard, t grafana.Target) ([]Series, error) {
	expr := s.Expand(board, t.Expr)
	if t.Datasource.Type == "loki" {
		return s.get(ctx, s.Loki+"/loki/api/v1/query_range", url.Values{"query": {expr}, "start": {nanos(s.From)}, "end": {nanos(s.To)}, "step": {seconds(s.Step)}, "limit": {"200"}})
	}
	if t.Instant {
		return s.get(ctx, s.Prometheus+"/api/v1/query", url.Values{"query": {expr}, "time": {moment(s.To)}})
	}
	return s.Range(ctx, expr)
}

// Range runs a query of Prometheus over the time shown.
func (s Scene) Range(ctx context.Context, expr string) ([]Series, error) {
	return s.get(ctx, s.Prometheus+"/api/v1/query_range", url.Values{"query": {expr}, "start": {moment(s.From)}, "end": {moment(s.To)}, "step": {seconds(s.Step)}})
}

// Chosen is the scene with the first value of each variable of the dashboard
// that has none and cannot be all.
func (s Scene) Chosen(ctx context.Context, board grafana.Dashboard) (Scene, error) {
	values := maps.Clone(s.Values)
	for _, v := range board.Templating.List {
		if _, set := values[v.Name]; set || v.Type != "query" || v.IncludeAll {
			continue
		}
		offered, err := s.LabelValues(ctx, board, v)
		if err != nil || len(offered) == 0 {
			return s, errors.Join(fmt.Errorf("%s: variable %s has no value", board.UID, v.Name), err)
		}
		values[v.Name] = offered[0]
	}
	s.Values = values
	return s, nil
}

// LabelValues are the values that a variable offers.
func (s Scene) LabelValues(ctx context.Context, board grafana.Dashboard, v grafana.Variable) ([]string, error) {
	text, _ := v.Query.(string)
	family, label, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(text, "label_values("), ")"), ", ")
	found, err := s.get(ctx, s.Prometheus+"/api/v1/query", url.Values{"query": {fmt.Sprintf("count by (%s) (%s)", label, s.Expand(board, family))}, "time": {moment(s.To)}})
	if err != nil {
		return nil, err
	}
	offers, err := regexp.Compile(strings.Trim(v.Regex, "/"))
	var all []string
	for _, one := range found {
		if err == nil && offers.MatchString(one.Labels[label]) {
			all = append(all, one.Labels[label])
		}
	}
	slices.Sort(all)
	return all, err
}

func moment(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}
func nanos(at time.Time) string         { return strconv.FormatInt(at.UnixNano(), 10) }
func seconds(step time.Duration) string { return strconv.FormatFloat(step.Seconds(), 'f', -1, 64) }

// reply is what both servers answer.
type reply struct {
	Error string `json:"error"`
	Data  struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	} `json:"data"`
}

// mostBytes bounds an answer.
const mostBytes = 64 << 20

func (s Scene) get(ctx context.Context, address string, query url.Values) ([]Series, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(io.LimitReader(response.Body, mostBytes))
	if err != nil {
		return nil, err
	}
	var r reply
	if err := json.Unmarshal(text, &r); err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %d %s", query.Get("query"), response.StatusCode, strings.TrimSpace(r.Error+" "+string(text[:min(len(text), 200)])))
	}
	return r.series()
}

// row is one element of an answer: a vector has a value, the others values.
type row struct {
	Metric map[string]string   `json:"metric"`
	Stream map[string]string   `json:"stream"`
	Value  []json.RawMessage   `json:"value"`
	Values [][]json.RawMessage `json:"values"`
}

func (r reply) series() (all []Series, err error) {
	if r.Data.Type == "scalar" {
		var value []json.RawMessage
		if err := json.Unmarshal(r.Data.Result, &value); err != nil {
			return nil, err
		}
		point, err := pointOf(value)
		return []Series{{Points: []Point{point}}}, err
	}
	var rows []row
	if err := json.Unmarshal(r.Data.Result, &rows); err != nil {
		return nil, err
	}
	for _, one := range rows {
		made, err := one.series(r.Data.Type == "streams")
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

func (r row) series(stream bool) (s Series, err error) {
	s.Labels = r.Metric
	if stream {
		s.Labels = r.Stream
	}
	if r.Value != nil {
		r.Values = append(r.Values, r.Value)
	}
	for _, pair := range r.Values {
		if stream {
			var line string
			err = json.Unmarshal(pair[1], &line)
			s.Lines = append(s.Lines, line)
		} else {
			var point Point
			point, err = pointOf(pair)
			s.Points = append(s.Points, point)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

func pointOf(pair []json.RawMessage) (p Point, err error) {
	var at float64
	var text string
	if len(pair) != 2 {
		return p, fmt.Errorf("a point of %d parts", len(pair))
	}
	if err := json.Unmarshal(pair[0], &at); err != nil {
		return p, err
	}
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return p, err
	}
	p.At = time.UnixMilli(int64(at * 1000))
	p.Value, err = strconv.ParseFloat(text, 64)
	return p, err
}
